//! What ends a command early, in a sentence that says what to do next.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{BadConfig, ReadOnlyBy};
use crate::app::{InvalidGrantRequest, InvalidKeyTemplate};
use crate::runtime;
use etcd_lease::LeaseId;
use etcd_lease::wire::{self, ErrorKind};

/// How a command ended, as its exit code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: the answer is no: not found, lost, expired.
    No,
}

impl Exit {
    /// [`Exit::No`] where `no` holds.
    pub(super) fn no_if(no: bool) -> Self {
        if no { Exit::No } else { Exit::Done }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(u8::from(exit == Exit::No))
    }
}

/// Why a command could not be carried out: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A call failed.
    #[error(transparent)]
    Wire(#[from] wire::CallError),
    /// No member has answered for as long as was to be waited.
    #[error("no member answered at {target}: {why}")]
    Unanswered {
        /// The endpoints as they were given.
        target: String,
        /// Why, and what to do about it; escaped.
        why: String,
    },
    /// An endpoint cannot be read.
    #[error(transparent)]
    Endpoint(#[from] wire::BadEndpoint),
    /// Options that do not go together, or not without another.
    #[error("{0}")]
    Usage(String),
    /// Leases that cannot be had as asked for.
    #[error(transparent)]
    Order(#[from] InvalidGrantRequest),
    /// A key that cannot be attached.
    #[error(transparent)]
    BadPut(#[from] InvalidKeyTemplate),
    /// The monitor cannot go on.
    #[error(transparent)]
    Monitor(#[from] runtime::MonitorError),
    /// `--read-only` stands in the way.
    #[error("`{command}` writes or renews leases, {by}")]
    ReadOnly {
        /// What was asked for.
        command: &'static str,
        /// Who refuses it.
        by: ReadOnlyBy,
    },
    /// The list of leases is denied.
    #[error(
        "{0}. etcd lists leases only to root, or to who may read every key of every lease; \
         `leasetop timetolive ID` still asks for a single one, and `leasetop list --for 5s --prefix KEYS` finds \
         those of keys that you may read"
    )]
    ListDenied(wire::CallError),
    /// What was listed may not be all.
    #[error("the list above may not be all: {0}")]
    Incomplete(String),
    /// The lease was granted, but not all of its keys could be put.
    #[error("lease {id} is granted and stays, but the key \"{key}\" was not put: {error}")]
    Put {
        /// The lease.
        id: LeaseId,
        /// The key, escaped.
        key: String,
        /// What went wrong.
        error: wire::CallError,
    },
    /// The sandbox cannot listen.
    #[error(transparent)]
    Listen(#[from] etcd_sandbox::ListenError),
    /// The log file cannot be written.
    #[error("cannot write the log to {}: {error}; name another file with --log-file", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The config file says what cannot be.
    #[error(transparent)]
    BadConfig(#[from] BadConfig),
    /// The config file cannot be read.
    #[error("cannot read the config file {}: {error}; name another with --config, or `leasetop config` prints one", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The system refused something.
    #[error("could not {tried}: {error}")]
    System {
        /// What was tried.
        tried: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// Whoever read our output has gone: no error, and nothing more to say.
    #[error("the reader of the output has gone")]
    ReaderGone,
}

impl CliError {
    /// Whether it says no more than that nobody answers: asking again may help.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            CliError::Wire(error) => {
                matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::NoLeader | ErrorKind::Timeout)
            }
            CliError::Unanswered { .. } => true,
            _ => false,
        }
    }
}
