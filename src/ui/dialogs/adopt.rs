//! What it means to keep another client's lease alive.

use crate::app::Lease;
use crate::app::dialog::AdoptDialog;
use crate::ui::Role;

use super::{Answer, Page, Sheet, Title};

const ADOPT: Answer = Answer { key: "y", does: "keep it alive", brief: "y yes", tiny: "y" };

impl<'a> Page<'a> {
    pub(super) fn adopt(&self, dialog: AdoptDialog) -> Sheet<'a> {
        let title = Title::on(dialog.id, ["Keep ", " alive?"], ["Keep ", "?"]);
        let Some(lease) = self.scene.model.lease(dialog.id).filter(|lease| lease.death.is_none()) else {
            return self.too_late(title, dialog.id, "keep alive");
        };
        let mut body = self.text(Role::Text, &self.whose_and_where(lease));
        body.extend(self.text(Role::Text, &self.at_stake(lease)));
        let foot = self.answers(&[Answer::CANCEL, ADOPT], Some(dialog.focus.among(2)));
        Sheet { foot, ..Sheet::new(title, body) }
    }

    fn at_stake(&self, lease: &Lease) -> String {
        let all = lease.keys.as_ref().filter(|keys| keys.is_all);
        let keys = match all.map(|keys| keys.count) {
            None => "its keys stay",
            Some(0) => "it stays, though no key hangs on it",
            Some(1) => "its key stays",
            Some(count) => &format!("its {count} keys stay"),
        };
        format!(
            "Kept alive from here it outlives its owner: if that dies, {keys}, and whoever waits for that to go waits in vain."
        )
    }
}
