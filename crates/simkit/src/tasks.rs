//! Spawns tasks that end with their handle, and reports panics.
//!
//! A task ends when its [`Task`] is dropped. [`panicked`] returns when any task has panicked, so that a program can
//! exit instead of continuing without the task.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

static PANICKED: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// A running task. Dropping the handle ends it.
#[derive(Debug)]
#[must_use = "a task ends when its handle is dropped"]
pub struct Task<T = ()>(JoinHandle<T>);

impl<T> Task<T> {
    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_unpin(cx)
    }
}

/// Runs a future on the current runtime until it completes or the handle is dropped.
#[expect(clippy::disallowed_methods, reason = "this is the only place that spawns")]
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Task(tokio::spawn(async move {
        match AssertUnwindSafe(future).catch_unwind().await {
            Ok(output) => output,
            Err(panic) => {
                PANICKED.send_replace(true);
                std::panic::resume_unwind(panic)
            }
        }
    }))
}

/// Waits until any task has panicked.
pub async fn panicked() {
    let mut seen = PANICKED.subscribe();
    // The sender is static, so this cannot fail.
    let _ = seen.wait_for(|panicked| *panicked).await;
}
