//! Commands that run on events, one process at a time.

use std::ops::RangeInclusive;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::app::TypedFilter;
use crate::escape::printable;
use simkit::tasks::{Task, spawn};

/// Default maximum number of runs per minute.
const DEFAULT_RATE: u32 = 60;
/// Maximum numbers of runs per minute that can be set.
pub const RATES: RangeInclusive<u32> = 1..=6_000;
/// Events that can wait for the command.
const MAX_WAITING: usize = 100;
/// How long a run may take.
const TIMEOUT: Duration = Duration::from_secs(60);
const MINUTE: Duration = Duration::from_secs(60);

/// A command that runs on events.
#[derive(Clone, Debug, PartialEq)]
pub struct EventHook {
    /// The events that trigger it.
    pub filter: TypedFilter,
    /// The command line, for `sh -c`. It gets the event as JSON on stdin.
    pub command: String,
    /// Maximum number of runs per minute, evenly spaced; 1 or more. `None` for 60.
    pub rate: Option<u32>,
}

/// Runs a command once with its input. Returns why it failed.
pub(super) type Runner = Box<dyn Fn(String) -> BoxFuture<'static, Result<(), String>> + Send>;

/// Where the output of the commands goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookOutput {
    /// Nowhere, because the screen is drawn there.
    #[default]
    Discarded,
    /// To the standard error of this program.
    Stderr,
}

/// A hook with the task that runs its command. The task ends when this is dropped.
#[derive(Debug)]
pub(super) struct RunningHook {
    pub(super) filter: TypedFilter,
    command: String,
    events: mpsc::Sender<String>,
    failures: mpsc::UnboundedSender<String>,
    /// Whether it was reported that events were skipped.
    has_skipped: bool,
    task: Task,
}

impl RunningHook {
    /// Starts the task. Sends at most one failure of the command to `failures`, and at most one notice of skipped
    /// events.
    pub(super) fn start(hook: EventHook, runner: Runner, failures: mpsc::UnboundedSender<String>) -> Self {
        let (events, waiting) = mpsc::channel(MAX_WAITING);
        let task = spawn(run(hook.clone(), runner, waiting, failures.clone()));
        let EventHook { filter, command, .. } = hook;
        RunningHook { filter, command, events, failures, has_skipped: false, task }
    }

    /// Runs the command for the events that wait, until `deadline`. A run that takes longer is killed. Returns the failure
    /// if events were skipped.
    pub(super) async fn finish(self, deadline: Instant) -> Option<String> {
        let RunningHook { command, events, task, .. } = self;
        drop(events);
        let finished = tokio::time::timeout_at(deadline, task).await;
        finished.err().map(|_| failure(&command, "not finished at the end: a run was killed, or events were skipped"))
    }

    /// Queues an event. If too many wait, it is skipped, which is reported once.
    pub(super) fn trigger(&mut self, json: String) {
        if let Err(TrySendError::Full(_)) = self.events.try_send(json)
            && !std::mem::replace(&mut self.has_skipped, true)
        {
            let why = format!("more than {MAX_WAITING} events wait for it; some are skipped");
            let _ = self.failures.send(failure(&self.command, &why));
        }
    }
}

/// Runs the command for each event, at the rate of the hook. Reports only the first failure.
async fn run(
    hook: EventHook,
    runner: Runner,
    mut events: mpsc::Receiver<String>,
    failures: mpsc::UnboundedSender<String>,
) {
    let mut pace = interval(MINUTE / hook.rate.unwrap_or(DEFAULT_RATE).max(1));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut has_failed = false;
    while let Some(json) = events.recv().await {
        pace.tick().await;
        if let Err(why) = runner(json).await
            && !std::mem::replace(&mut has_failed, true)
        {
            let _ = failures.send(failure(&hook.command, &why));
        }
    }
}

/// Returns a runner that executes a command line in a shell.
pub(super) fn shell(command: String, output: HookOutput) -> Runner {
    let command: Arc<str> = command.into();
    Box::new(move |json| {
        let command = Arc::clone(&command);
        async move { run_once(&command, &json, output).await }.boxed()
    })
}

/// Runs the command once, and kills it if it takes too long.
async fn run_once(command: &str, json: &str, output: HookOutput) -> Result<(), String> {
    let mut child = start(command, output).map_err(|error| error.to_string())?;
    let running = RunningGroup::of(&child);
    let stdin = child.stdin.take();
    let finished = async {
        if let Some(mut stdin) = stdin {
            // A command need not read its input.
            let _ = stdin.write_all(json.as_bytes()).await;
        }
        child.wait().await
    };
    match tokio::time::timeout(TIMEOUT, finished).await {
        Ok(ended) => {
            running.has_ended();
            let status = ended.map_err(|error| error.to_string())?;
            if status.success() { Ok(()) } else { Err(in_words(status)) }
        }
        Err(_) => Err(format!("killed because it took more than {} s", TIMEOUT.as_secs())),
    }
}

fn start(command: &str, output: HookOutput) -> std::io::Result<Child> {
    let stdio = || match output {
        HookOutput::Discarded => Stdio::null(),
        HookOutput::Stderr => Stdio::from(std::io::stderr()),
    };
    // A process group of its own, so that Ctrl-C does not interrupt it, and a timeout ends all of its processes.
    Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(stdio())
        .stderr(stdio())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// The processes of a run. They are killed when this is dropped, unless the run has ended.
struct RunningGroup(Option<Pid>);

impl RunningGroup {
    fn of(child: &Child) -> Self {
        RunningGroup(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)))
    }

    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for RunningGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

fn failure(command: &str, why: &str) -> String {
    format!("--on-event {}: {why}. Further failures are not reported.", printable(command.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::time::sleep;

    type Runs = Arc<Mutex<Vec<String>>>;

    /// A hook whose runs take this long and fail. Returns what it ran, and the failures.
    fn failing(rate: u32, takes: Duration) -> (RunningHook, Runs, mpsc::UnboundedReceiver<String>) {
        let runs = Runs::default();
        let (sender, failures) = mpsc::unbounded_channel();
        let runner: Runner = Box::new({
            let runs = Arc::clone(&runs);
            move |json| {
                runs.lock().unwrap().push(json);
                async move {
                    sleep(takes).await;
                    Err("exit code 3".to_owned())
                }
                .boxed()
            }
        });
        let hook = EventHook { filter: TypedFilter::default(), command: "page".to_owned(), rate: Some(rate) };
        (RunningHook::start(hook, runner, sender), runs, failures)
    }

    #[tokio::test(start_paused = true)]
    async fn runs_are_spaced_and_a_failure_is_reported_once() {
        let (mut hook, runs, mut failures) = failing(60, Duration::ZERO);
        (0..5).for_each(|number| hook.trigger(number.to_string()));
        sleep(Duration::from_millis(2_500)).await;
        assert_eq!(*runs.lock().unwrap(), ["0", "1", "2"], "one a second");
        sleep(Duration::from_secs(60)).await;
        assert_eq!(runs.lock().unwrap().len(), 5);
        let told = failures.try_recv().unwrap();
        assert_eq!(told, "--on-event page: exit code 3. Further failures are not reported.");
        assert!(failures.try_recv().is_err());
        (0..2).for_each(|number| hook.trigger(number.to_string()));
        sleep(Duration::from_millis(500)).await;
        assert_eq!(runs.lock().unwrap().len(), 6, "the pause allows no burst");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_events_are_passed_on_at_the_end_as_far_as_time_permits() {
        let end = |seconds| simkit::Clock::real().instant(simkit::Timestamp::at(Duration::from_secs(seconds)));
        let (mut hook, runs, _failures) = failing(60, Duration::from_millis(500));
        (0..3).for_each(|number| hook.trigger(number.to_string()));
        sleep(Duration::from_millis(10)).await;
        assert_eq!(hook.finish(end(3)).await, None);
        assert_eq!(*runs.lock().unwrap(), ["0", "1", "2"]);
        let (mut hook, runs, _failures) = failing(60, Duration::from_millis(500));
        (0..30).for_each(|number| hook.trigger(number.to_string()));
        sleep(Duration::from_millis(10)).await;
        let told = hook.finish(end(3)).await.unwrap();
        assert!(told.starts_with("--on-event page: not finished at the end: a run was killed, or events"), "{told}");
        assert_eq!(runs.lock().unwrap().len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn one_process_runs_at_a_time_and_events_beyond_the_queue_are_skipped() {
        let (mut hook, runs, mut failures) = failing(6_000, Duration::from_secs(1_000));
        (0..1_000).for_each(|number| hook.trigger(number.to_string()));
        sleep(Duration::from_secs(10)).await;
        assert_eq!(*runs.lock().unwrap(), ["0"]);
        let told = failures.try_recv().unwrap();
        assert!(told.starts_with("--on-event page: more than 100 events wait for it; some are skipped."), "{told}");
        assert!(failures.try_recv().is_err());
    }
}
