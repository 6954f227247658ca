//! A sandbox in the test process that the program connects to as to an etcd.

use etcd_sandbox::Sandbox;
use portable_pty::CommandBuilder;
use simkit::Clock;
use tokio::runtime::Runtime;

use crate::pty::{Terminal, leasetop};

/// A sandbox that listens until this is dropped.
pub(crate) struct ServedSandbox {
    pub(crate) sandbox: Sandbox,
    endpoint: String,
    runtime: Runtime,
}

impl ServedSandbox {
    pub(crate) fn start() -> ServedSandbox {
        let runtime = Runtime::new().expect("a runtime");
        let (sandbox, at) = runtime.block_on(async {
            let sandbox = Sandbox::builder().start(Clock::real());
            let at = sandbox.listen(0, "127.0.0.1:0".parse().expect("an address")).await.expect("a free port");
            (sandbox, at)
        });
        ServedSandbox { sandbox, endpoint: at.to_string(), runtime }
    }

    /// The runtime that serves it.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// leasetop on it.
    pub(crate) fn leasetop(&self, arguments: &[&str]) -> CommandBuilder {
        let mut command = leasetop();
        command.args(["--endpoints", &self.endpoint]);
        command.args(arguments);
        command
    }

    /// The monitor on it, in a terminal of a size.
    pub(crate) fn monitor(&self, arguments: &[&str], columns: u16, rows: u16) -> Terminal {
        Terminal::start(self.leasetop(arguments), columns, rows)
    }
}
