//! What came of a command.

use crate::app::Effect;

/// What came of a command: the effects, and a sentence for the status line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::app) struct Done {
    pub(in crate::app) effects: Vec<Effect>,
    pub(in crate::app) status: Option<StatusText>,
}

/// A sentence for the status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct StatusText {
    pub(in crate::app) text: String,
    pub(in crate::app) is_error: bool,
}

impl Done {
    /// These effects, and nothing to say.
    pub(in crate::app) fn effects(effects: Vec<Effect>) -> Self {
        Done { effects, status: None }
    }

    /// Something to say, and no effect.
    pub(in crate::app) fn status(text: impl Into<String>) -> Self {
        Done { effects: Vec::new(), status: Some(StatusText { text: text.into(), is_error: false }) }
    }

    /// A failure, and no effect.
    pub(in crate::app) fn error(text: impl Into<String>) -> Self {
        Done { effects: Vec::new(), status: Some(StatusText { text: text.into(), is_error: true }) }
    }

    /// The same with an effect more.
    pub(in crate::app) fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// What came of this and then of another: the later sentence stands.
    pub(in crate::app) fn then(mut self, next: Done) -> Self {
        self.effects.extend(next.effects);
        Done { effects: self.effects, status: next.status.or(self.status) }
    }
}
