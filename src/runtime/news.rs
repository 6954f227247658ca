//! What the observer tells, as messages for the model.

use super::driver::trouble;
use crate::app::{Listing, Msg};
use crate::observe::{Listed, News, Part};

/// The message that a piece of news is.
pub(super) fn told(news: News) -> Msg {
    match news {
        News::Listed(Listed { sent, received, revision, count: total, born, gone, head }) => {
            Msg::Listed(Listing { sent, received, revision, born, gone, total, head })
        }
        News::ListedAgain { sent, received, revision } => Msg::ListedAgain { sent, received, revision },
        News::KeysAnew => Msg::KeysAnew,
        News::Keys(page) => Msg::KeysPage(page),
        News::KeysRead { revision } => Msg::KeysRead { revision },
        News::Changed { changes, received } => Msg::KeysChanged { changes, received },
        News::Trouble { part: Part::Leases, error } => Msg::ListFailed(trouble(&error)),
        News::Trouble { part: Part::Keys, error } => Msg::KeysFailed(trouble(&error)),
        News::Recovered(Part::Leases) => Msg::ListGoesOn,
        News::Recovered(Part::Keys) => Msg::KeysGoOn,
    }
}
