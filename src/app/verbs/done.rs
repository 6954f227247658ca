//! The result of a command.

use crate::app::Effect;

/// The result of a command: effects and a message for the status line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::app) struct Done {
    pub(in crate::app) effects: Vec<Effect>,
    pub(in crate::app) status: Option<StatusText>,
}

/// A message for the status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct StatusText {
    pub(in crate::app) text: String,
    pub(in crate::app) is_error: bool,
}

impl Done {
    /// Effects without a message.
    pub(in crate::app) fn effects(effects: Vec<Effect>) -> Self {
        Done { effects, status: None }
    }

    /// A message without effects.
    pub(in crate::app) fn status(text: impl Into<String>) -> Self {
        Done { effects: Vec::new(), status: Some(StatusText { text: text.into(), is_error: false }) }
    }

    /// An error message without effects.
    pub(in crate::app) fn error(text: impl Into<String>) -> Self {
        Done { effects: Vec::new(), status: Some(StatusText { text: text.into(), is_error: true }) }
    }

    /// Adds an effect.
    pub(in crate::app) fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Adds a message.
    pub(in crate::app) fn with_status(self, text: impl Into<String>) -> Self {
        self.then(Done::status(text))
    }

    /// Combines two results. The later message wins.
    pub(in crate::app) fn then(mut self, next: Done) -> Self {
        self.effects.extend(next.effects);
        Done { effects: self.effects, status: next.status.or(self.status) }
    }
}
