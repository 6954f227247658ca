//! A program in a terminal of its own, watched by its bytes.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::{MouseProtocolMode, Parser, Screen};

/// How long a test waits for what it expects.
const LIMIT: Duration = Duration::from_secs(20);

/// The program that people run: the release build where tests/run made one.
pub(crate) fn leasetop() -> CommandBuilder {
    let built = || env!("CARGO_BIN_EXE_leasetop").into();
    let mut command = CommandBuilder::new(std::env::var_os("LEASETOP_BINARY").unwrap_or_else(built));
    command.env("TERM", "xterm-256color");
    command
}

/// A running program and the screen it has drawn; the program is killed when this is dropped.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    parser: Parser,
    bytes: Vec<u8>,
    found: String,
}

impl Terminal {
    /// Starts a command in a terminal of a size.
    pub(crate) fn start(command: CommandBuilder, columns: u16, rows: u16) -> Terminal {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pty");
        let found = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).expect("the command starts");
        let output = read_all(pair.master.try_clone_reader().expect("a reader"));
        let writer = pair.master.take_writer().expect("a writer");
        Terminal {
            master: pair.master,
            writer,
            child,
            output,
            parser: Parser::new(rows, columns, 0),
            bytes: Vec::new(),
            found,
        }
    }

    /// What the screen shows by now.
    pub(crate) fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// Every byte seen by now.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the terminal's line (echo, line by line, ...) is as the program found it.
    pub(crate) fn is_line_as_found(&self) -> bool {
        modes(&*self.master) == self.found
    }

    /// Checks that a program has given its terminal back.
    pub(crate) fn assert_sane(&self) {
        let screen = self.screen();
        assert!(!screen.alternate_screen(), "left in the alternate screen");
        assert!(!screen.hide_cursor(), "left without a cursor");
        assert!(!screen.bracketed_paste(), "left in bracketed paste");
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
        assert!(self.is_line_as_found(), "left in raw mode");
    }

    /// Types keys, as the bytes a terminal sends for them.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the program reads its terminal");
        self.writer.flush().expect("the program reads its terminal");
    }

    /// Changes the size; the program is told with SIGWINCH.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.master.resize(size(columns, rows)).expect("the pty takes a size");
        self.parser.screen_mut().set_size(rows, columns);
    }

    /// Sends a signal by name, for example `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.process_id().expect("the program runs").to_string();
        let status = std::process::Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.expect("kill runs").success(), "kill -s {name} failed");
    }

    /// Draws over what the program has drawn, as a stray message does.
    pub(crate) fn scribble(&mut self, text: &str) {
        self.parser.process(text.as_bytes());
    }

    /// Reads for some seconds of real time: for what is about time itself.
    pub(crate) fn pass(&mut self, seconds: f64) {
        let deadline = now() + Duration::from_secs_f64(seconds);
        while self.read(deadline).is_ok() {}
    }

    /// Reads until the screen shows a text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Reads until something holds of the screen.
    pub(crate) fn wait_until(&mut self, what: &str, holds: impl Fn(&Screen) -> bool) {
        let deadline = now() + LIMIT;
        while !holds(self.screen()) {
            let read = self.read(deadline);
            assert!(read.is_ok(), "{read:?} before the screen showed: {what}\n{}", self.screen().contents());
        }
    }

    /// Reads until the program has closed its terminal; its exit code.
    pub(crate) fn exit_code(&mut self) -> u32 {
        let deadline = now() + LIMIT;
        let end = loop {
            if let Err(end) = self.read(deadline) {
                break end;
            }
        };
        assert_eq!(end, RecvTimeoutError::Disconnected, "it goes on:\n{}", self.screen().contents());
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

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has modes"))
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

#[expect(clippy::disallowed_methods, reason = "a pty knows no time-out: a thread reads, the test waits for it")]
fn read_all(mut reader: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        // Linux ends a pty whose program is gone with an error in place of an empty read.
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

#[expect(clippy::disallowed_methods, reason = "a program in a terminal runs in real time")]
fn now() -> Instant {
    Instant::now()
}
