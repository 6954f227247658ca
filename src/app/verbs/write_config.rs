//! Writing theme, columns, sort and group to the config file, after a dialog that shows the changed lines.

use crate::app::command::{Command, ConfigFileChange};
use crate::app::dialog::{DialogContext, DialogOutcome, Focus, is_over};
use crate::app::{AppConfig, Column, DialogAction, GroupBy, Key, KeyContext, Sort};
use crate::config_edit::{ChangedLine, Setting, SettingValue, changed_lines, edited};

/// The answers: Cancel and Write.
const ANSWERS: usize = 2;

/// The dialog: the changed lines, and whether to write them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteConfigDialog {
    /// The file. Escape it before displaying it.
    pub path: String,
    /// The lines that are removed and added.
    pub lines: Vec<ChangedLine>,
    /// The focused answer: Cancel or Write.
    pub focus: Focus,
    change: ConfigFileChange,
}

impl WriteConfigDialog {
    /// Handles a key. Enter selects Cancel, unless Write has the focus.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let action = context.dialog_action(KeyContext::WriteConfig, key);
        let write = || DialogOutcome::Do(Command::SaveConfig(self.change.clone()));
        match (action, self.focus.among(ANSWERS)) {
            (Some(DialogAction::Confirm), _) | (Some(DialogAction::Accept), 1) => write(),
            (action, _) if is_over(action) => DialogOutcome::Close,
            _ => match self.focus.moved(action, ANSWERS) {
                Some(focus) => {
                    self.focus = focus;
                    DialogOutcome::Stay
                }
                None => context.no_answer_by_key("writes"),
            },
        }
    }

    /// Whether there was no file.
    pub fn is_new_file(&self) -> bool {
        self.change.old.is_none()
    }
}

/// What is written: the settings of the screen.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct ScreenSettings<'a> {
    pub(in crate::app) theme: Option<&'a str>,
    pub(in crate::app) columns: &'a [Column],
    pub(in crate::app) sort: Sort,
    /// `None` if a config file cannot have it.
    pub(in crate::app) group_by: Option<GroupBy>,
}

/// The dialog for a config file with this content. `None` if nothing would change.
///
/// # Errors
/// Why the file cannot be edited.
pub(in crate::app) fn dialog(
    path: String,
    old: Option<String>,
    screen: ScreenSettings<'_>,
) -> Result<Option<WriteConfigDialog>, String> {
    let text = old.as_deref().unwrap_or_default();
    let new = edited(text, &settings(screen)).map_err(|why| format!("{path}: {why}"))?;
    let lines = changed_lines(text, &new);
    if lines.is_empty() {
        return Ok(None);
    }
    let change = ConfigFileChange { old, new };
    Ok(Some(WriteConfigDialog { path, lines, focus: Focus::default(), change }))
}

/// The settings as the file has them.
fn settings(screen: ScreenSettings<'_>) -> Vec<Setting> {
    let ScreenSettings { theme, columns, sort, group_by } = screen;
    let text = |name, text: &str, is_default| Setting { name, value: SettingValue::Text(text.to_owned()), is_default };
    let names = columns.iter().map(|column| column.name().to_owned()).collect();
    let is_default = columns == AppConfig::default().columns;
    let theme = theme.map(|theme| text("theme", theme, false));
    let columns = Setting { name: "columns", value: SettingValue::List(names), is_default };
    let sort = text("sort", &sort.to_string(), sort == Sort::default());
    let group = group_by.map(|by| text("group", by.name(), by == GroupBy::default()));
    theme.into_iter().chain([columns, sort]).chain(group).collect()
}
