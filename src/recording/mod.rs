//! Recordings: the messages that [`update()`](crate::app::update()) received, as JSON lines.
//!
//! ```text
//!  {"leasetop_recording":2,"leasetop":"0.1.0","start":"2026-11-29T03:12:07.120Z","cluster":"prod",...}
//!  {"at":1204311,"msg":{"Cluster":{...}}}          at: nanoseconds since `start`
//!  {"at":2051870,"msg":{"Listed":{...}}}
//! ```
//!
//! The first messages recreate the state at the start. [`Msg`] marks the messages that are not recorded. A file whose name
//! ends in `.gz` is compressed.

#[cfg(test)]
pub(crate) mod incidents;
mod kept;
#[cfg(test)]
pub(crate) mod measure;
mod player;
mod playing;
mod reader;
mod recorder;
mod rewinder;
mod ring;
mod writer;

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::app::{AppConfig, Backend, Msg};
use etcd_lease::{KeyRange, RenewalSchedule};
use simkit::Timestamp;

pub use kept::Kept;
pub use player::Player;
pub use reader::{Recording, RecordingError, decompressed, open};
pub use recorder::Recorder;
pub use rewinder::Rewinder;
pub use ring::{REACH, Target};
pub use writer::{RecordError, RecordFile, RecordOptions};

/// The version of the format. It increases when a recorded type changes so that older versions of leasetop cannot read it.
pub const FORMAT: u32 = 2;
/// The oldest version that is read. Since version 2 a recording can begin with [`Msg::Known`].
pub const OLDEST_FORMAT: u32 = 1;

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The format version. Its name identifies a recording.
    pub leasetop_recording: u32,
    /// The version of leasetop.
    pub leasetop: String,
    /// The wall-clock time at offset 0.
    pub start: jiff::Timestamp,
    /// The offset of the first message.
    pub at: Timestamp,
    /// The number of the file: 1, or more if it continues a full one.
    pub part: u32,
    /// The name of the cluster in the config file, or its endpoints.
    pub cluster: String,
    /// The clock speed of the sandbox. `None` on a real cluster.
    pub sandbox: Option<u32>,
    /// The renewal schedule of own leases.
    pub pace: RenewalSchedule,
    /// The keys that were read.
    pub range: KeyRange,
    /// Maximum number of bytes received for keys per minute.
    pub key_budget: u64,
    /// Whether leasetop's own reader read no responses.
    pub is_reader_stalled: bool,
}

impl Header {
    /// The header of a recording that starts at `at`. `start` is the wall-clock time at offset 0.
    pub fn new(config: &AppConfig, start: SystemTime, at: Timestamp, part: u32) -> Self {
        Header {
            leasetop_recording: FORMAT,
            leasetop: env!("CARGO_PKG_VERSION").to_owned(),
            start: jiff::Timestamp::try_from(start).unwrap_or_default(),
            at,
            part,
            cluster: config.cluster_name().to_owned(),
            sandbox: if config.is_sandbox() { Some(config.backend.clock_speed()) } else { None },
            pace: config.pace,
            range: config.range.clone(),
            key_budget: config.key_budget,
            is_reader_stalled: config.is_reader_stalled,
        }
    }

    /// The configuration that replays the recording. `config` has what the user chooses: columns, keys, filter.
    pub fn config(&self, config: AppConfig) -> AppConfig {
        AppConfig {
            target: self.cluster.clone(),
            label: None,
            etcdctl: None,
            backend: self.sandbox.map_or(Backend::Cluster, |warp| Backend::Sandbox { warp }),
            pace: self.pace,
            range: self.range.clone(),
            key_budget: self.key_budget,
            is_reader_stalled: self.is_reader_stalled,
            is_replay: true,
            is_read_only: true,
            ..config
        }
    }

    /// The wall-clock time at offset 0.
    pub fn wall_start(&self) -> SystemTime {
        self.start.into()
    }

    fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// A message with the time at which it was applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The time since the clock's start.
    pub at: Timestamp,
    /// The message.
    pub msg: Msg,
}

/// An [`Entry`] with a borrowed message, for writing.
#[derive(Serialize)]
struct EntryRef<'a> {
    at: Timestamp,
    msg: &'a Msg,
}

/// Appends the line of a message. Returns false, and appends nothing, for a message that is not recorded.
pub fn encode(at: Timestamp, msg: &Msg, lines: &mut Vec<u8>) -> bool {
    let length = lines.len();
    if serde_json::to_writer(&mut *lines, &EntryRef { at, msg }).is_err() {
        lines.truncate(length);
        return false;
    }
    lines.push(b'\n');
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Key, ReadValue};
    use etcd_lease::LeaseId;

    #[test]
    fn what_was_typed_and_values_of_keys_are_not_recorded() {
        let mut lines = Vec::new();
        let value = ReadValue::of(b"secret".to_vec());
        let pairs = vec![(b"/a".to_vec(), value)];
        let at = Timestamp::START;
        for msg in [
            Msg::Key(Key::Char('s')),
            Msg::Pasted("secret".to_owned()),
            Msg::Values { id: LeaseId(1), pairs: pairs.clone() },
            Msg::LockValues { pairs, bytes: 6 },
            Msg::ConfigFile { path: "secret".to_owned(), text: Some("secret".to_owned()) },
            Msg::Tick,
        ] {
            assert!(!encode(at, &msg, &mut lines), "{msg:?}");
        }
        assert!(encode(at, &Msg::KeysReloading, &mut lines));
        assert_eq!(String::from_utf8(lines).unwrap(), "{\"at\":0,\"msg\":\"KeysReloading\"}\n");
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let config = AppConfig { backend: Backend::Sandbox { warp: 60 }, ..AppConfig::default() };
        let header = Header::new(&config, SystemTime::UNIX_EPOCH, Timestamp::from_nanos(7), 2);
        let line = header.line();
        assert_eq!(serde_json::from_slice::<Header>(&line).unwrap(), header);
        assert!(line.starts_with(b"{\"leasetop_recording\":2,"));
        let replayed = header.config(AppConfig::default());
        assert!(replayed.is_replay && replayed.is_sandbox() && header.wall_start() == SystemTime::UNIX_EPOCH);
    }
}
