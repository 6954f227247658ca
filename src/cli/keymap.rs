//! `keys`: prints the current key bindings.

use super::{CliError, Exit, Out};
use crate::app::Keymap;
use crate::report;

pub(super) async fn run(keymap: &Keymap, out: &mut Out) -> Result<Exit, CliError> {
    out.report(|| report::keys_table(keymap), || report::keys_json(keymap), &report::KEYS_CSV).await?;
    Ok(Exit::Done)
}
