//! A program in a pseudo-terminal, and the screen it draws.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use vt100::{MouseProtocolMode, Parser, Screen};

/// How long a test waits for what it expects.
const LIMIT: Duration = Duration::from_secs(20);

/// The program under test: the one that the tests build, or the one that a measurement names.
pub(crate) fn leasetop() -> CommandBuilder {
    let built = || env!("CARGO_BIN_EXE_leasetop").into();
    let mut command = CommandBuilder::new(std::env::var_os("LEASETOP_BINARY").unwrap_or_else(built));
    command.env("TERM", "xterm-256color");
    // The user who runs the tests may have a config file.
    command.env("XDG_CONFIG_HOME", "/nowhere");
    // No histories are read or written.
    command.env_remove("HOME");
    command.env_remove("XDG_STATE_HOME");
    command
}

/// Our ends of a terminal.
struct Ends {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
}

/// A running program and the screen it has drawn; the program is killed when this is dropped.
pub(crate) struct Terminal {
    /// Both until it hangs up.
    ends: Option<Ends>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    parser: Parser,
    bytes: Vec<u8>,
    found: String,
    /// Locked while the output must not be read.
    gate: Arc<Mutex<()>>,
}

impl Terminal {
    /// Starts a command in a terminal of a size.
    pub(crate) fn start(command: CommandBuilder, columns: u16, rows: u16) -> Terminal {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pty");
        let found = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).expect("the command starts");
        let gate = Arc::<Mutex<()>>::default();
        let output = read_all(pair.master.try_clone_reader().expect("a reader"), Arc::clone(&gate));
        let writer = pair.master.take_writer().expect("a writer");
        Terminal {
            ends: Some(Ends { master: pair.master, writer }),
            child,
            output,
            parser: Parser::new(rows, columns, 0),
            bytes: Vec::new(),
            found,
            gate,
        }
    }

    /// Runs `meanwhile` while the terminal output is not read.
    pub(crate) fn unread<T>(&mut self, meanwhile: impl FnOnce(&mut Terminal) -> T) -> T {
        let gate = Arc::clone(&self.gate);
        let _closed = gate.lock().expect("the reader does not panic");
        meanwhile(self)
    }

    /// Whether the terminal accepts no more bytes, so that a write to it blocks.
    pub(crate) fn is_full(&self) -> bool {
        let name = self.master().tty_name().expect("a pty has a name");
        let line = std::fs::OpenOptions::new()
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits() as i32)
            .open(name)
            .expect("it can be opened");
        let mut wanted = [PollFd::new(&line, PollFlags::OUT)];
        poll(&mut wanted, Some(&Timespec::default())).expect("it can be asked") == 0
    }

    /// The process of the program; if a shell started it, the child of the shell.
    pub(crate) fn process(&self) -> Process {
        let id = self.child.process_id().expect("the program runs");
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        Process(children.split_whitespace().next().and_then(|child| child.parse().ok()).unwrap_or(id))
    }

    /// Closes the terminal, as closing its window does.
    pub(crate) fn hang_up(&mut self) {
        self.ends = None;
        // The reading thread also has the terminal open. It closes it when the receiver is dropped.
        self.output = channel().1;
    }

    fn master(&self) -> &dyn MasterPty {
        &*self.ends.as_ref().expect("it is there").master
    }

    /// The screen so far.
    pub(crate) fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// Every byte so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the modes of the terminal (echo, line mode, ...) are as the program found them.
    pub(crate) fn is_line_as_found(&self) -> bool {
        modes(self.master()) == self.found
    }

    /// Checks that the program has restored its terminal.
    pub(crate) fn assert_sane(&self) {
        let screen = self.screen();
        assert!(!screen.alternate_screen(), "left in the alternate screen");
        assert!(!screen.hide_cursor(), "left without a cursor");
        assert!(!screen.bracketed_paste(), "left in bracketed paste");
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
        assert!(self.is_line_as_found(), "left in raw mode");
    }

    /// Types keys, as the bytes a terminal sends for them. An open dialog is read first: it carries out nothing in the
    /// first 100 ms on the screen. On a busy machine, leasetop can notice late that it is there.
    pub(crate) fn keys(&mut self, keys: &str) {
        if self.screen().contents().contains('╭') {
            self.pass(0.3);
        }
        self.keys_at_once(keys);
    }

    /// Types keys as fast as a macro.
    pub(crate) fn keys_at_once(&mut self, keys: &str) {
        let writer = &mut self.ends.as_mut().expect("it is there").writer;
        writer.write_all(keys.as_bytes()).expect("the program reads its terminal");
        writer.flush().expect("the program reads its terminal");
    }

    /// Changes the size; the program receives SIGWINCH.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.master().resize(size(columns, rows)).expect("the pty takes a size");
        // vt100 needs at least one cell.
        self.parser.screen_mut().set_size(rows.max(1), columns.max(1));
    }

    /// Sends a signal by name, for example `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.process_id().expect("the program runs").to_string();
        let status = std::process::Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.expect("kill runs").success(), "kill -s {name} failed");
    }

    /// Draws over the screen, as a stray message does.
    pub(crate) fn scribble(&mut self, text: &str) {
        self.parser.process(text.as_bytes());
    }

    /// Reads for some seconds of real time.
    pub(crate) fn pass(&mut self, seconds: f64) {
        let deadline = now() + Duration::from_secs_f64(seconds);
        while self.read(deadline).is_ok() {}
    }

    /// Lets the rows stay still for longer than the 300 ms in which an action on the lease under the cursor asks again.
    pub(crate) fn settle(&mut self) {
        self.pass(0.4);
    }

    /// How often these bytes occurred so far.
    pub(crate) fn count(&self, piece: &str) -> usize {
        self.bytes.windows(piece.len()).filter(|window| *window == piece.as_bytes()).count()
    }

    /// Reads until a condition holds.
    pub(crate) fn read_until(&mut self, what: &str, holds: impl Fn(&Terminal) -> bool) {
        let deadline = now() + LIMIT;
        while !holds(self) {
            let read = self.read(deadline);
            assert!(read.is_ok(), "{read:?} before: {what}");
        }
    }

    /// Reads until the screen shows a text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Reads until the screen meets a condition.
    pub(crate) fn wait_until(&mut self, what: &str, holds: impl Fn(&Screen) -> bool) {
        let deadline = now() + LIMIT;
        while self.is_within_a_frame() || !holds(self.screen()) {
            let read = self.read(deadline);
            assert!(read.is_ok(), "{read:?} before the screen showed: {what}\n{}", self.screen().contents());
        }
    }

    /// Whether a frame (a synchronized update) has started and not ended: the screen then shows a part of it.
    fn is_within_a_frame(&self) -> bool {
        let last = |mark: &[u8]| self.bytes.windows(mark.len()).rposition(|window| window == mark);
        last(b"\x1b[?2026h") > last(b"\x1b[?2026l")
    }

    /// Reads until the program has closed its terminal; its exit code.
    pub(crate) fn exit_code(&mut self) -> u32 {
        let deadline = now() + LIMIT;
        let end = loop {
            if let Err(end) = self.read(deadline) {
                break end;
            }
        };
        assert_eq!(end, RecvTimeoutError::Disconnected, "the program still runs:\n{}", self.screen().contents());
        self.child.wait().expect("the child is ours").exit_code()
    }

    fn read(&mut self, deadline: Instant) -> Result<(), RecvTimeoutError> {
        let bytes = self.output.recv_timeout(deadline.saturating_duration_since(now()))?;
        self.parser.process(&bytes);
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that is not necessarily our child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(u32);

impl Process {
    /// Its id.
    pub(crate) fn id(self) -> u32 {
        self.0
    }

    /// Whether it ends in time. A zombie has ended too.
    pub(crate) fn ends_within(self, limit: Duration) -> bool {
        self.comes_to(limit, |state| matches!(state, None | Some('Z')))
    }

    /// Whether it is stopped in time. Continuing a process that is not stopped yet would do nothing.
    pub(crate) fn stops_within(self, limit: Duration) -> bool {
        self.comes_to(limit, |state| state == Some('T'))
    }

    /// Whether its state, a letter in /proc, becomes a wanted one in time.
    fn comes_to(self, limit: Duration, is_wanted: impl Fn(Option<char>) -> bool) -> bool {
        let deadline = now() + limit;
        while now() < deadline {
            let status = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
            let state = status.rsplit(") ").next().and_then(|rest| rest.chars().next());
            if is_wanted(state) {
                return true;
            }
            nap();
        }
        false
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no event for the end of a process that is not a child")]
fn nap() {
    std::thread::sleep(Duration::from_millis(20));
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has modes"))
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

#[expect(clippy::disallowed_methods, reason = "a pty knows no time-out: a thread reads, the test waits for it")]
fn read_all(mut reader: Box<dyn Read + Send>, gate: Arc<Mutex<()>>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        // If the program of a pty is gone, Linux returns an error instead of an empty read.
        while let Ok(count @ 1..) = read_one(&mut reader, &mut buffer, &gate) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

fn read_one(reader: &mut dyn Read, buffer: &mut [u8], gate: &Mutex<()>) -> std::io::Result<usize> {
    drop(gate.lock());
    reader.read(buffer)
}

#[expect(clippy::disallowed_methods, reason = "a program in a terminal runs in real time")]
fn now() -> Instant {
    Instant::now()
}
