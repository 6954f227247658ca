//! Form that changes the TTL of a lease.

use crate::app::dialog::ChangeTtlDialog;
use crate::app::keymap::Action;
use crate::app::{Lease, Ownership};
use crate::plural::plural;
use crate::ui::Role;

use super::{DialogPage, Popup, Title};

impl<'a> DialogPage<'a> {
    pub(super) fn change_ttl(&self, dialog: &ChangeTtlDialog) -> Popup<'a> {
        let title = Title::on(self.name(dialog.id), ["Change the TTL of ", ""], ["TTL of ", ""]);
        let Some(lease) = self.ctx.app.leases.get(dialog.id).filter(|lease| lease.end.is_none()) else {
            return self.too_late(title, dialog.id, "change");
        };
        let needs_confirm_count = dialog.needs_confirm_count(lease);
        let mut body = vec![self.field_line("new TTL", &dialog.ttl, !dialog.is_at_number)];
        if needs_confirm_count {
            body.push(self.field_line("leases (1)", dialog.number.input(), dialog.is_at_number));
            let refusal = dialog.number.refusal(1).map(|text| self.text(Role::Warning, &text));
            body.extend(refusal.into_iter().flatten());
        }
        let new_ttl = dialog.read(lease);
        if let Err(rule) = &new_ttl {
            let role = if dialog.ttl.value().is_empty() { Role::Dim } else { Role::Warning };
            body.extend(self.text(role, rule));
        }
        body.extend(self.text(Role::Text, &self.whose_and_where(lease)));
        let obstacle = ChangeTtlDialog::obstacle(lease);
        match &obstacle {
            Some(obstacle) => body.extend(self.text(Role::Danger, &format!("Not possible: {obstacle}."))),
            None => {
                body.extend(self.text(Role::Text, &steps(lease, new_ttl.ok())));
                body.extend(self.text(Role::Warning, &self.who_renews(lease)));
            }
        }
        let does = if obstacle.is_none() { Some("change") } else { None };
        let foot = self.form(does, needs_confirm_count);
        Popup { foot, look_at: usize::from(dialog.is_at_number), ..Popup::new(title, body) }
    }

    /// Who renews the new lease.
    fn who_renews(&self, lease: &Lease) -> String {
        let keep = self.ctx.app.config.keymap.key_label(Action::KeepAlive);
        match (lease.ownership, lease.is_kept_alive) {
            (Ownership::Own, true) => "The id changes. The new lease is kept alive here.".to_owned(),
            (Ownership::Own, false) => {
                format!("The id changes. Nobody keeps the new lease alive; {keep} does.")
            }
            (_, true) => {
                "The id changes. Its client still renews the old id and will find it gone. The new lease is kept \
                          alive here."
                    .to_owned()
            }
            (_, false) => format!(
                "The id changes. Its client still renews the old id and will find it gone. Nobody keeps the new lease \
                 alive: it and its keys expire unless you press {keep}."
            ),
        }
    }
}

/// What happens, in one sentence.
fn steps(lease: &Lease, ttl: Option<i64>) -> String {
    let new = ttl.map_or("a new lease".to_owned(), |ttl| format!("a new lease of {ttl} s"));
    let keys = match lease.keys.as_ref() {
        Some(keys) if keys.is_all => match keys.count {
            0 => String::new(),
            count => format!(", moves {} in one transaction", plural(count as u64, "key")),
        },
        _ => ", moves its keys in one transaction".to_owned(),
    };
    format!("Grants {new}{keys} and revokes this one. If a step fails, all is undone.")
}
