//! The only place that spawns.
//!
//! A task ends when its [`Task`] is dropped, and a panic in any task is told to
//! whoever waits on [`panicked`]: the program treats it as fatal, since the panic
//! hook has already given the terminal back.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

static PANICKED: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// A running task, ended when this is dropped.
#[derive(Debug)]
#[must_use = "a task ends when its handle is dropped"]
pub struct Task<T = ()>(JoinHandle<T>);

impl<T> Task<T> {
    /// Whether it has ended.
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

/// Runs a future on the present runtime until it is done or the handle is dropped.
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
    // The sender is static: it cannot go away.
    let _ = seen.wait_for(|yes| *yes).await;
}
