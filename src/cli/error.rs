//! Errors that end a command, and its exit code.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{fmt, io};

use super::BadConfig;
use crate::app::{InvalidGrantRequest, InvalidKeyTemplate};
use crate::error_table::sentence;
use crate::escape::printable;
use crate::recording::{RecordError, RecordingError};
use crate::report::PageError;
use crate::runtime;
use etcd_lease::LeaseId;
use etcd_lease::wire::{self, ErrorCause, ErrorKind};

/// The result of a command that ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Exit code 0: success.
    Done,
    /// Exit code 1: a negative result, such as not found, lost or timed out.
    No,
    /// The exit code of the command of `run`.
    Code(u8),
}

impl Exit {
    pub(super) fn no_if(is_negative: bool) -> Self {
        if is_negative { Exit::No } else { Exit::Done }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::Code(code) => code,
        })
    }
}

/// Why a command failed: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A call to etcd failed.
    #[error("{}", sentence(.0))]
    Wire(#[from] wire::CallError),
    /// No member replied in time.
    #[error("no member replied at {target}: {why}")]
    Unanswered {
        /// The endpoints as given by the user.
        target: String,
        /// Cause and advice; escaped.
        why: String,
    },
    /// A member refused all requests, and no other member could be used.
    #[error("{what}: {why}")]
    Refused {
        /// What the member does; escaped.
        what: String,
        /// Cause and advice; escaped.
        why: String,
    },
    /// An endpoint is malformed.
    #[error(transparent)]
    Endpoint(#[from] wire::BadEndpoint),
    /// No endpoints were found in the SRV records of a domain.
    #[cfg(feature = "srv")]
    #[error("{0}; check --discovery-srv, or use --endpoints")]
    Discovery(#[from] etcd_discovery::DiscoveryError),
    /// Options that conflict, or that need another option.
    #[error("{0}")]
    Usage(String),
    /// Leases that cannot be granted as requested.
    #[error(transparent)]
    Order(#[from] InvalidGrantRequest),
    /// A malformed `--put`.
    #[error(transparent)]
    BadPut(#[from] InvalidKeyTemplate),
    /// The metrics cannot be served.
    #[error(transparent)]
    Metrics(#[from] runtime::MetricsListenError),
    /// A recording cannot be played.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A recording cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A page cannot be created from a file.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The output cannot be written.
    #[error("could not write {}: {error}", path.display())]
    Output {
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The monitor failed.
    #[error(transparent)]
    Monitor(#[from] runtime::MonitorError),
    /// The command writes or renews, but read-only mode is on.
    #[error("`{command}` is {by}")]
    ReadOnly {
        /// The command or option.
        command: &'static str,
        /// Where read-only mode is set.
        by: ReadOnlyBy,
    },
    /// The user may not list leases. etcd allows it only for root and for users that may read every key of every lease.
    #[error(
        "{}; without that permission, use `leasetop timetolive ID` or `leasetop list --for 5s --prefix READABLE_KEYS`",
        sentence(.0)
    )]
    ListDenied(wire::CallError),
    /// The endpoints belong to two clusters.
    #[error("the endpoints lead to two clusters, {known} and {other}; use the endpoints of one")]
    TwoClusters {
        /// An endpoint of the first cluster, and the id of that cluster.
        known: String,
        /// An endpoint of the second cluster, and the id of that cluster.
        other: String,
    },
    /// The list that was printed may be incomplete.
    #[error("the list may be incomplete: {0}")]
    Incomplete(String),
    /// The lease was granted, but a key could not be put.
    #[error("lease {id} was granted, but key “{key}” was not attached: {}", sentence(error))]
    Put {
        /// The lease, which still exists.
        id: LeaseId,
        /// The key, escaped.
        key: String,
        /// The cause.
        error: wire::CallError,
    },
    /// etcd refuses to renew a lease.
    #[error("lease {id} {why}")]
    NotRenewed {
        /// The lease, which may still exist.
        id: LeaseId,
        /// The cause, as the end of a sentence that begins with the lease; escaped.
        why: String,
    },
    /// The sandbox cannot listen.
    #[error(transparent)]
    Listen(#[from] etcd_sandbox::ListenError),
    /// The log file cannot be opened.
    #[error("could not open log file {}: {error}", path.display())]
    Log {
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The config file contains an error.
    #[error(transparent)]
    BadConfig(#[from] BadConfig),
    /// The config file cannot be read.
    #[error("could not read config file {}: {error}", path.display())]
    Config {
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// A system call failed.
    #[error("could not {tried}: {error}")]
    System {
        /// What was tried, as a verb phrase.
        tried: &'static str,
        /// The cause.
        error: io::Error,
    },
    /// The reader of stdout is gone, as in `leasetop list | head`. This is not reported.
    #[error("the reader of the output is gone")]
    ReaderGone,
}

impl CliError {
    /// Whether no member replied, so that a retry may succeed.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            CliError::Wire(error) => {
                matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::NoLeader | ErrorKind::Timeout)
            }
            CliError::Unanswered { .. } => true,
            _ => false,
        }
    }

    /// Whether etcd has too many requests to handle.
    pub(super) fn is_overload(&self) -> bool {
        matches!(self, CliError::Wire(error) if error.cause() == ErrorCause::Overloaded)
    }
}

/// Where read-only mode is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReadOnlyBy {
    /// `--read-only`.
    #[default]
    Flag,
    /// The config file.
    File {
        /// Path of the file.
        path: PathBuf,
        /// The cluster it is set for. `None` if it is set for all.
        cluster: Option<String>,
    },
}

impl fmt::Display for ReadOnlyBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReadOnlyBy::File { path, cluster } = self else {
            return f.write_str("blocked by --read-only; drop --read-only to allow it");
        };
        write!(f, "blocked by read-only in {}", path.display())?;
        if let Some(name) = cluster {
            write!(f, " for cluster {}", printable(name.as_bytes()))?;
        }
        f.write_str("; override it with --read-only=false")
    }
}
