//! A child process that ends with its handle, and with the test run even if that is killed.

#[path = "signals.rs"]
pub(crate) mod signals;

use std::process::{Child, Command, Stdio};

/// A child process; killed when this is dropped.
///
/// A small shell beside it reads a pipe of this process: if the test run is killed, the pipe closes and the shell kills
/// the child.
pub(crate) struct Guarded {
    child: Child,
    shell: Child,
}

impl Guarded {
    /// Starts a command.
    pub(crate) fn start(command: &mut Command) -> Guarded {
        signals::let_programs_react();
        let child = command.stdin(Stdio::null()).spawn().unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
        let shell = Command::new("sh")
            .args(["-c", "read -r _; kill -KILL \"$0\"", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh watches over the child");
        Guarded { child, shell }
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the child is ours").is_some()
    }

    /// Sends a signal by name, for example `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success(), "kill -s {name} failed");
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // End the shell first: later the id of the child might belong to another process.
        for process in [&mut self.shell, &mut self.child] {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
