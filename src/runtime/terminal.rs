//! This process's terminal: entering and restoring it, and writing frames from a separate thread.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Once};
use std::time::Duration;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, queue};
use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};
use tokio::signal::unix::signal;
use tokio::sync::Notify;

use super::options::MonitorError;
use super::{Screen, mouse, signals};

/// Whether the terminal is in raw mode with the alternate screen.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);

/// Whether mouse capture is on.
static HAS_MOUSE: AtomicBool = AtomicBool::new(false);

/// How long a terminal that does not read may delay the exit.
const WRITE_TIMEOUT: Duration = Duration::from_millis(300);

/// The entered terminal. Dropping it restores the terminal.
#[derive(Debug)]
pub(super) struct Terminal {
    output: Arc<File>,
}

impl Terminal {
    /// Sets raw mode. The first frame enters the alternate screen. From now on a panic restores the terminal before its
    /// message is printed.
    pub(super) fn enter() -> Result<Terminal, MonitorError> {
        let failed = |tried| move |error| MonitorError::Terminal { tried, error };
        let output = open_output().map_err(failed("open"))?;
        enable_raw_mode().map_err(failed("set up"))?;
        IS_ENTERED.store(true, Ordering::SeqCst);
        restore_on_panic();
        Ok(Terminal { output: Arc::new(output) })
    }

    /// A screen that writes to this terminal. Mouse capture starts with the first frame.
    pub(super) fn screen(&self, has_mouse: bool) -> TerminalScreen {
        HAS_MOUSE.store(has_mouse, Ordering::SeqCst);
        TerminalScreen::start(Arc::clone(&self.output))
    }

    /// Restores the terminal.
    pub(super) fn close(self) {
        restore();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Opens a separate descriptor, because the lock of `std::io::stdout` may be held by a blocked write.
fn open_output() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            hook(panic);
        }));
    });
}

/// Restores the terminal if it is entered.
fn restore() {
    if !IS_ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // Always turns mouse capture off: if it was just turned off, the frame that does so may not have been written.
    let mut bytes = mouse::DISABLE.to_vec();
    // Writing into memory does not fail, and other errors cannot be reported here.
    let _ = queue!(bytes, EndSynchronizedUpdate, DisableBracketedPaste, ResetColor, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
    write_with_timeout(bytes);
}

/// Prints a text after the screen is closed, unless the terminal does not read.
pub(super) fn print(text: &str) {
    write_with_timeout(text.as_bytes().to_vec());
}

#[expect(clippy::disallowed_methods, reason = "the runtime owns the threads: this write may never end")]
fn write_with_timeout(bytes: Vec<u8>) {
    let (written, done) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let result = open_output().and_then(|mut output| output.write_all(&bytes));
        // The receiver is gone after the timeout.
        let _ = written.send(result);
    });
    let _ = done.recv_timeout(WRITE_TIMEOUT);
}

/// Passes frames to a writer thread, one at a time.
#[derive(Debug)]
pub(super) struct TerminalScreen {
    frames: SyncSender<Vec<u8>>,
    shared: Arc<WriterState>,
    /// Bytes to write before the next frame. They go through the writer thread too, so that only that thread waits for
    /// the terminal.
    enter_sequence: Vec<u8>,
}

#[derive(Debug, Default)]
struct WriterState {
    is_busy: AtomicBool,
    freed: Notify,
}

impl TerminalScreen {
    #[expect(clippy::disallowed_methods, reason = "the runtime owns the threads: a write to a terminal may block")]
    fn start(output: Arc<File>) -> Self {
        let (frames, waiting) = mpsc::sync_channel(1);
        let shared = Arc::new(WriterState::default());
        let screen = TerminalScreen { frames, shared: Arc::clone(&shared), enter_sequence: enter_sequence() };
        std::thread::spawn(move || write_frames(&output, &waiting, &shared));
        screen
    }
}

/// The escape sequences that enter the screen, written before the first frame and again after a suspend.
fn enter_sequence() -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide);
    if HAS_MOUSE.load(Ordering::SeqCst) {
        bytes.extend(mouse::ENABLE);
    }
    bytes
}

/// Stops the process or its whole job. Sends SIGSTOP, because we catch SIGTSTP.
fn stop_process(whole_job: bool) -> io::Result<()> {
    let stopped =
        if whole_job { kill_current_process_group(Signal::STOP) } else { kill_process(getpid(), Signal::STOP) };
    Ok(stopped?)
}

/// Writes frames until the screen is dropped. Errors are ignored: a terminal that is gone sends a signal or ends its
/// input.
fn write_frames(mut output: &File, waiting: &Receiver<Vec<u8>>, shared: &WriterState) {
    while let Ok(frame) = waiting.recv() {
        if IS_ENTERED.load(Ordering::SeqCst) {
            let _ = output.write_all(&frame);
        }
        shared.is_busy.store(false, Ordering::SeqCst);
        shared.freed.notify_one();
    }
}

impl Screen for TerminalScreen {
    fn size(&self) -> (u16, u16) {
        crossterm::terminal::size().unwrap_or((0, 0))
    }

    fn is_free(&self) -> bool {
        !self.shared.is_busy.load(Ordering::SeqCst)
    }

    fn write_frame(&mut self, mut frame: Vec<u8>) {
        self.shared.is_busy.store(true, Ordering::SeqCst);
        if !self.enter_sequence.is_empty() {
            frame.splice(..0, self.enter_sequence.drain(..));
        }
        // The screen is free, so the channel has room. The thread lives as long as `self`.
        let _ = self.frames.try_send(frame);
    }

    /// The stop signal arrives a moment after it was sent, so wait for SIGCONT before continuing.
    async fn suspend(&mut self, whole_job: bool) {
        let Ok(mut continued) = signal(signals::continued()) else { return };
        restore();
        if stop_process(whole_job).is_ok() {
            continued.recv().await;
        }
        self.reenter();
    }

    /// Sets raw mode again, based on the current terminal settings. In the background this stops the program again
    /// until the shell brings it to the foreground.
    fn reenter(&mut self) {
        let _ = disable_raw_mode();
        let _ = enable_raw_mode();
        IS_ENTERED.store(true, Ordering::SeqCst);
        self.enter_sequence = enter_sequence();
    }

    fn is_in_tmux(&self) -> bool {
        std::env::var_os("TMUX").is_some_and(|value| !value.is_empty())
    }

    fn keep_mouse(&mut self, is_ours: bool) {
        HAS_MOUSE.store(is_ours, Ordering::SeqCst);
    }

    async fn until_free(&self) {
        while !self.is_free() {
            self.shared.freed.notified().await;
        }
    }
}
