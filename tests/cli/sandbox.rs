//! `leasetop sandbox` as a process, and the other commands on it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use crate::guard::{Guarded, signals};

/// The program under test.
pub(crate) fn leasetop() -> Command {
    signals::let_programs_react();
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    // Whoever runs the tests may have a config file.
    command.env("XDG_CONFIG_HOME", "/nowhere");
    command
}

/// A sandbox that listens; it ends with this.
pub(crate) struct Sandbox {
    endpoint: String,
    process: Guarded,
}

impl Sandbox {
    /// Starts one on a free port, which it tells on stdout.
    pub(crate) fn start() -> Sandbox {
        Sandbox::listening("127.0.0.1:0")
    }

    /// Starts one on an address.
    pub(crate) fn listening(address: &str) -> Sandbox {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = leasetop();
        command.args(["sandbox", "--listen", address]).stdout(writer).stderr(Stdio::null());
        let process = Guarded::start(&mut command);
        // With it goes our copy of the pipe: should the sandbox end early, the line below ends too.
        drop(command);
        let mut line = String::new();
        BufReader::new(reader).read_line(&mut line).expect("it tells where it listens");
        let endpoint = line.trim().strip_prefix("serving on ").expect("it tells where it listens").to_owned();
        Sandbox { endpoint, process }
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Sends a signal to its process, by name.
    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// The program on this sandbox.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = leasetop();
        command.args(["--endpoints", &self.endpoint]).args(args).stdin(Stdio::null());
        command
    }

    /// Runs the program on this sandbox.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program runs")
    }

    /// What it prints, where it ends with this exit code.
    pub(crate) fn stdout(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "leasetop {args:?}: {told}");
        String::from_utf8(output.stdout).expect("text")
    }
}
