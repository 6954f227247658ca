//! The menu of clusters, and the question what happens to leases that are kept alive.

use ratatui::text::{Line, Span};

use crate::app::dialog::{ClusterMenu, LeaveDialog};
use crate::app::{ClusterChoice, DialogAction, Lease, LeaseKeys};
use crate::escape::printable;
use crate::plural::plural;
use crate::ui::Role;
use crate::ui::line::cut;

use super::{DialogButton, DialogPage, Popup, Title};

/// Maximum number of leases named.
const MOST_NAMED: usize = 6;

impl<'a> DialogPage<'a> {
    pub(super) fn clusters(&self, menu: ClusterMenu) -> Popup<'a> {
        let clusters = self.ctx.app.config.clusters.iter().enumerate();
        let lines = clusters.map(|(place, cluster)| self.cluster(menu, place, cluster)).collect();
        let answers = [
            DialogButton::new(self.key(DialogAction::Accept), "switch", "switch"),
            DialogButton::new(self.key(DialogAction::Close), "cancel", "cancel"),
        ];
        let foot = self.answers(&answers, None);
        Popup { foot, look_at: menu.place, ..Popup::new(Title::of("Switch to cluster"), lines) }
    }

    /// ` 1  prod         (current)  10.0.0.1:2379 `
    fn cluster(&self, menu: ClusterMenu, place: usize, cluster: &ClusterChoice) -> Line<'a> {
        let app = self.ctx.app;
        let digit = if place < 9 { (place + 1).to_string() } else { String::new() };
        let name = printable(cluster.name.as_bytes());
        let target = if cluster.target == cluster.name { String::new() } else { printable(cluster.target.as_bytes()) };
        let is_current = cluster.name == app.config.cluster_name();
        let kept = app.view.background.iter().find(|kept| kept.cluster == cluster.name);
        let note = match (is_current, kept) {
            (true, _) => " (current)".to_owned(),
            (false, Some(kept)) => format!(" ({} kept alive)", plural(kept.leases.len() as u64, "lease")),
            (false, None) => String::new(),
        };
        let text = cut(&format!(" {digit:1}  {name:<12}{note}  {target} "), self.width);
        let style = if menu.place == place {
            self.ctx.theme.cursor()
        } else {
            self.ctx.theme.style(cluster.color.map_or(Role::Text, Role::Tinted))
        };
        Line::from(Span::styled(text, style))
    }

    pub(super) fn leave(&self, dialog: &LeaveDialog) -> Popup<'a> {
        let app = self.ctx.app;
        let kept: Vec<&Lease> = app.leases.kept_alive().collect();
        let here = printable(app.config.cluster_name().as_bytes());
        let to = printable(dialog.to.as_bytes());
        let count = plural(kept.len() as u64, "lease");
        let mut body = self.text(Role::Text, &format!("You are keeping {count} alive on {here}:"));
        body.extend(kept.iter().take(MOST_NAMED).flat_map(|lease| self.text(Role::Dim, &self.lease_in_words(lease))));
        let rest = kept.len().saturating_sub(MOST_NAMED);
        if rest > 0 {
            body.extend(self.text(Role::Dim, &format!("  and {rest} more")));
        }
        body.extend(self.text(Role::Text, "If renewals stop, they expire."));
        let answers = [
            DialogButton::new(self.key(DialogAction::LeaveKeep), "Keep renewing", "keep"),
            DialogButton::new(self.key(DialogAction::LeaveStop), "Stop", "stop"),
            DialogButton::new(self.key(DialogAction::LeaveRevoke), "Revoke mine", "revoke"),
            DialogButton::new(self.key(DialogAction::Close), "Cancel", "cancel"),
        ];
        let foot = self.answers(&answers, Some(dialog.focus.among(answers.len())));
        Popup { foot, ..Popup::new(Title::of(&format!("Switch to {to}?")), body) }
    }

    /// `  d4d4f304  10 s  /service/10`
    fn lease_in_words(&self, lease: &Lease) -> String {
        let first = lease.keys.as_ref().and_then(|keys: &LeaseKeys| keys.first.first());
        let key = first.map_or(String::new(), |key| printable(key));
        let ttl = lease.granted_ttl.map_or(String::new(), |ttl| format!("{ttl} s"));
        cut(&format!("  {}  {ttl}  {key}", self.ctx.app.view.id_format.short(lease.id)), self.width)
    }
}
