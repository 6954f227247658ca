//! The open command line: its text, completion and place in the history.

use tui_input::Input;

use super::bad_command::BadCommand;
use super::commands;
use super::complete::{Candidate, Completion};
use super::parse::parse;
use crate::app::command::{Command, TypedCommand};
use crate::app::dialog::{DialogContext, DialogOutcome};
use crate::app::typed_history::{HistoryCursor, TypedHistory};
use crate::app::{AppConfig, DialogAction, Key, KeyContext};
use etcd_lease::LeaseId;

/// Maximum number of pasted characters.
const MOST_PASTED: usize = 10_000;

/// The open command line.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// The text field.
    pub input: Input,
    /// Why the text was not a valid command when Enter was pressed.
    pub bad: Option<BadCommand>,
    /// The lease under the cursor when the command line was opened. Commands apply to it even if the rows move.
    lease: Option<LeaseId>,
    completion: Completion,
    history: HistoryCursor,
}

impl CommandLine {
    /// An empty command line. `lease` is the lease under the cursor.
    pub(in crate::app) fn new(lease: Option<LeaseId>) -> Self {
        CommandLine { lease, ..CommandLine::default() }
    }

    /// The lease that the command applies to.
    pub(in crate::app) fn lease(&self) -> Option<LeaseId> {
        self.lease
    }

    /// Forgets the lease, because a new one was granted under its id.
    pub(in crate::app) fn forget_lease(&mut self) {
        self.lease = None;
    }

    /// The words that fit at the cursor, and the index of the selected one.
    pub fn candidates(&self) -> (&[Candidate], Option<usize>) {
        self.completion.shown()
    }

    /// The arguments of the command being typed: `TTL [--put KEY=VALUE]...`. `None` without a complete command name.
    pub fn usage(&self) -> Option<&'static str> {
        commands::usage(self.input.value())
    }

    /// Handles a key.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        match context.dialog_action(KeyContext::Command, key) {
            Some(DialogAction::FormClose) => DialogOutcome::Close,
            Some(DialogAction::Accept) => self.accept(context.config),
            action => {
                self.change(action, key, context);
                DialogOutcome::Stay
            }
        }
    }

    /// Changes the text: completes a word, shows a line of the history, or edits.
    fn change(&mut self, action: Option<DialogAction>, key: Key, context: DialogContext<'_>) {
        let config = context.config;
        match action {
            Some(DialogAction::CompleteNext) => self.complete(config, true),
            Some(DialogAction::CompletePrevious) => self.complete(config, false),
            Some(DialogAction::HistoryOlder) => self.browse(context.commands, config, true),
            Some(DialogAction::HistoryNewer) => self.browse(context.commands, config, false),
            _ => self.edit(key, config),
        }
    }

    /// Inserts pasted text, with control characters replaced by spaces.
    pub(in crate::app) fn paste(&mut self, text: &str, config: &AppConfig) {
        for c in text.trim_end().chars().take(MOST_PASTED) {
            self.edit(Key::Char(if c.is_control() { ' ' } else { c }), config);
        }
    }

    /// Parses the line and executes the command. An empty line closes the command line. A line that is not a valid command
    /// stays, with the error.
    fn accept(&mut self, config: &AppConfig) -> DialogOutcome {
        let text = self.input.value().trim_end();
        if text.trim_start().is_empty() {
            return DialogOutcome::Close;
        }
        match parse(text, config) {
            Ok(command) => {
                let typed = TypedCommand { text: text.trim_start().to_owned(), lease: self.lease, command };
                DialogOutcome::Do(Command::Typed(Box::new(typed)))
            }
            Err(bad) => {
                self.bad = Some(bad);
                self.completion = Completion::default();
                DialogOutcome::Stay
            }
        }
    }

    fn edit(&mut self, key: Key, config: &AppConfig) {
        let Some(edit) = key.edit() else { return };
        self.input.handle(edit);
        self.bad = None;
        self.history = HistoryCursor::default();
        self.completion = Completion::at(self.input.value(), self.input.cursor(), config);
    }

    fn complete(&mut self, config: &AppConfig, is_forward: bool) {
        self.bad = None;
        if self.completion.is_empty() {
            self.completion = Completion::at(self.input.value(), self.input.cursor(), config);
            self.completion.open();
        }
        if let Some((text, cursor)) = self.completion.step(is_forward) {
            self.input = Input::new(text).with_cursor(cursor);
        }
    }

    /// Shows an older or newer line of the history.
    fn browse(&mut self, history: &TypedHistory, config: &AppConfig, is_older: bool) {
        let present = self.input.value();
        let shown = if is_older { self.history.older(history, present) } else { self.history.newer(history) };
        let Some(text) = shown else { return };
        self.input = Input::new(text);
        self.bad = None;
        self.completion = Completion::at(self.input.value(), self.input.cursor(), config);
        self.completion.hide();
    }
}
