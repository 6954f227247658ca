//! Telling the news: trouble once, and once that it is over.

use tokio::sync::mpsc;

use super::{News, Part};
use etcd_lease::wire::{Error, ErrorKind};

/// Tells the news of one part.
pub(super) struct Reporter {
    part: Part,
    news: mpsc::Sender<News>,
    /// The trouble that was told and is not over.
    trouble: Option<(ErrorKind, String)>,
}

impl Reporter {
    pub(super) fn new(part: Part, news: mpsc::Sender<News>) -> Self {
        Reporter { part, news, trouble: None }
    }

    /// Waits until there is room for it.
    pub(super) async fn tell(&self, news: News) {
        // Nobody takes it any more: this task is about to end.
        let _ = self.news.send(news).await;
    }

    /// Tells of a trouble, unless it is the one that was told last.
    pub(super) async fn trouble(&mut self, error: Error) {
        let this = (error.kind(), error.message().to_owned());
        if self.trouble.as_ref() != Some(&this) {
            self.trouble = Some(this);
            self.tell(News::Trouble { part: self.part, error }).await;
        }
    }

    /// It works.
    pub(super) async fn works(&mut self) {
        if self.trouble.take().is_some() {
            self.tell(News::Recovered(self.part)).await;
        }
    }
}
