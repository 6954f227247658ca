//! `keys`: prints the current key bindings.

use super::{CliError, Exit, Out};
use crate::app::Keymap;
use crate::report;

pub(super) async fn run(keymap: &Keymap, out: &mut Out) -> Result<Exit, CliError> {
    let text = if out.is_json() { report::keys_json(keymap) } else { report::keys_table(keymap) };
    out.data(text).await?;
    Ok(Exit::Done)
}
