//! The form filled in from the arguments of the `grant` command.

use tui_input::Input;

use super::GrantForm;
use etcd_lease::RenewalSchedule;

impl GrantForm {
    /// A form with these texts. A number alone is a TTL in seconds, not a preset.
    pub(in crate::app) fn typed<'a>(
        ttl: &str,
        count: String,
        id: String,
        puts: impl Iterator<Item = &'a str>,
        keep_alive: bool,
        pace: RenewalSchedule,
    ) -> GrantForm {
        let is_number = !ttl.is_empty() && ttl.bytes().all(|byte| byte.is_ascii_digit());
        let ttl = if is_number { format!("{ttl}s") } else { ttl.to_owned() };
        let templates: Vec<Input> = puts.map(|put| Input::new(put.to_owned())).collect();
        let templates = if templates.is_empty() { vec![Input::default()] } else { templates };
        let [ttl, count, id] = [ttl, count, id].map(Input::new);
        GrantForm { ttl, count, id, templates, keep_alive, ..GrantForm::new(pace) }
    }
}
