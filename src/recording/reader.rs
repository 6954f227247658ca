//! Reads a recording.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::time::Duration;

use flate2::read::MultiGzDecoder;

use super::{Entry, FORMAT, Header, OLDEST_FORMAT};
use crate::app::Msg;
use crate::escape::printable_message;
use simkit::Timestamp;

/// A recording in memory.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The first line.
    pub header: Header,
    /// The messages, oldest first.
    pub entries: Vec<Entry>,
    /// Whether the file has no proper end: leasetop was killed, or the file is cut.
    pub is_truncated: bool,
}

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("could not read {file}: {error}")]
    Io {
        /// The file.
        file: String,
        /// The cause.
        error: io::Error,
    },
    /// The file is not a recording.
    #[error("{file} is not a recording of leasetop; `leasetop --record FILE` writes one")]
    Other {
        /// The file.
        file: String,
    },
    /// The file is empty.
    #[error("{file} is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// It was written by another version.
    #[error(
        "{file} has format {format} of leasetop {}; this leasetop reads formats {OLDEST_FORMAT} to {FORMAT}",
        printable_message(version)
    )]
    Format {
        /// The file.
        file: String,
        /// Its format version.
        format: u32,
        /// The leasetop that wrote it.
        version: String,
    },
    /// A line is malformed.
    #[error("{file}: line {line} is malformed: {}", printable_message(&error.to_string()))]
    Line {
        /// The file.
        file: String,
        /// The number of the line.
        line: usize,
        /// The cause.
        error: serde_json::Error,
    },
    /// A line is longer than any that leasetop writes.
    #[error("{file}: line {line} is longer than {} MB", MAX_LINE / 1_000_000)]
    TooLong {
        /// The file.
        file: String,
        /// The number of the line.
        line: usize,
    },
    /// The time of a message is before the previous one, or too long after it.
    #[error("{file}: line {line} is malformed: its time does not follow the line before")]
    Time {
        /// The file.
        file: String,
        /// The number of the line.
        line: usize,
    },
}

/// The longest time between two messages, with room for a sandbox whose clock is fast and for a monitor that was stopped.
const LONGEST_SILENCE: Duration = Duration::from_secs(366 * 86_400);

/// The part of a header that every version has.
#[derive(serde::Deserialize)]
struct AnyHeader {
    leasetop_recording: u32,
    #[serde(default)]
    leasetop: String,
}

/// Maximum length of a line in bytes. leasetop writes shorter ones: a message has at most a thousand leases or keys, and a
/// list of a million ids has 20 MB.
const MAX_LINE: u64 = 64_000_000;
/// Maximum length of the first line in bytes. leasetop writes shorter ones, and a device without line ends is not read for
/// long.
const MAX_HEADER: u64 = 100_000;

/// Opens a file. It is decompressed if it is a gzip file, whatever its name.
///
/// # Errors
/// The file cannot be read, or is empty.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, RecordingError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| RecordingError::Io { file: name.clone(), error })?;
    decompressed(file, &name)
}

/// Reads an open file, and decompresses it if it is a gzip file. `name` is its name in errors.
///
/// # Errors
/// The file cannot be read, or is empty.
pub fn decompressed(file: impl Read + 'static, name: &str) -> Result<Box<dyn BufRead>, RecordingError> {
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(|error| RecordingError::Io { file: name.to_owned(), error })?;
    if start.is_empty() {
        return Err(RecordingError::Empty { file: name.to_owned() });
    }
    let is_compressed = start.starts_with(&[0x1f, 0x8b]);
    Ok(if is_compressed { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) })
}

impl Recording {
    /// Reads a file. A recording that ends within a message is read up to there.
    ///
    /// # Errors
    /// The file cannot be read, is empty, is not a recording, has another format version, or is malformed in the middle.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        Recording::read_lines(open(path)?, path.display().to_string())
    }

    /// Reads lines that are not compressed. `file` is the name of the file in errors.
    ///
    /// # Errors
    /// The lines are not a recording, have another format version, or are malformed in the middle.
    pub fn read_lines(mut lines: impl BufRead, file: String) -> Result<Self, RecordingError> {
        let mut line = Vec::new();
        // A file that is cut in the first line is not a recording either.
        let read = lines.by_ref().take(MAX_HEADER).read_until(b'\n', &mut line);
        let any = read.ok().and_then(|_| serde_json::from_slice::<AnyHeader>(&line).ok());
        let Some(any) = any else { return Err(RecordingError::Other { file }) };
        if !(OLDEST_FORMAT..=FORMAT).contains(&any.leasetop_recording) {
            let (format, version) = (any.leasetop_recording, any.leasetop);
            return Err(RecordingError::Format { file, format, version });
        }
        let header = serde_json::from_slice(&line).map_err(|error| RecordingError::Line {
            file: file.clone(),
            line: 1,
            error,
        })?;
        let mut recording = Recording { header, entries: Vec::new(), is_truncated: false };
        loop {
            line.clear();
            // Reading fails where a compressed file is cut. The lines before are complete.
            recording.is_truncated = lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).is_err();
            if line.is_empty() || recording.is_truncated {
                return Ok(recording);
            }
            match serde_json::from_slice::<Entry>(&line) {
                Ok(entry) if !recording.may_continue_at(entry.at) => {
                    return Err(RecordingError::Time { file, line: recording.entries.len() + 2 });
                }
                Ok(entry) => recording.entries.push(entry),
                Err(_) if line.len() as u64 == MAX_LINE => {
                    return Err(RecordingError::TooLong { file, line: recording.entries.len() + 2 });
                }
                Err(_) if line.last() != Some(&b'\n') => {
                    recording.is_truncated = true;
                    return Ok(recording);
                }
                Err(error) => return Err(RecordingError::Line { file, line: recording.entries.len() + 2, error }),
            }
        }
    }

    /// Whether the next message can have this time.
    fn may_continue_at(&self, at: Timestamp) -> bool {
        let last = self.end();
        last <= at && at - last <= LONGEST_SILENCE
    }

    /// The time of the first message.
    pub fn start(&self) -> Timestamp {
        self.header.at
    }

    /// The time of the last message.
    pub fn end(&self) -> Timestamp {
        self.entries.last().map_or(self.header.at, |entry| entry.at)
    }

    /// When the machine slept, and for how long. The clock did not count that.
    pub fn sleeps(&self) -> impl Iterator<Item = (Timestamp, Duration)> {
        self.entries.iter().filter_map(|entry| match entry.msg {
            Msg::SystemSlept(span) => Some((entry.at, span)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::SystemTime;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::app::AppConfig;
    use crate::recording::encode;

    fn lines(count: u64) -> Vec<u8> {
        let mut lines = Header::new(&AppConfig::default(), SystemTime::UNIX_EPOCH, Timestamp::START, 1).line();
        for nanos in 0..count {
            encode(Timestamp::from_nanos(nanos), &Msg::KeyBytes(nanos * 7_919 % 1_000), &mut lines);
        }
        lines
    }

    fn read(bytes: &[u8]) -> Result<(usize, bool), String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().write_all(bytes).unwrap();
        let recording = Recording::read(file.path())
            .map_err(|error| error.to_string().replace(&file.path().display().to_string(), "FILE"))?;
        Ok((recording.entries.len(), recording.is_truncated))
    }

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        let mut file = GzEncoder::new(Vec::new(), Compression::new(3));
        file.write_all(bytes).unwrap();
        file.finish().unwrap()
    }

    #[test]
    fn a_cut_recording_is_read_up_to_the_cut() {
        let whole = lines(3_000);
        assert_eq!(read(&whole), Ok((3_000, false)));
        assert_eq!(read(&whole[..whole.len() - 5]), Ok((2_999, true)));
        let small = compressed(&whole);
        assert_eq!(read(&small), Ok((3_000, false)));
        let (count, is_truncated) = read(&small[..small.len() / 2]).unwrap();
        assert!(is_truncated && (1_000..2_900).contains(&count), "{count}");
    }

    #[test]
    fn a_line_that_is_too_long_is_an_error_and_not_a_cut() {
        let start = lines(3);
        let endless = start.chain(std::io::repeat(b'x').take(2 * MAX_LINE));
        let error = Recording::read_lines(BufReader::new(endless), "FILE".to_owned()).unwrap_err();
        assert_eq!(error.to_string(), "FILE: line 5 is longer than 64 MB");
    }

    #[test]
    fn a_time_that_was_edited_is_an_error_with_its_line() {
        let text = String::from_utf8(lines(5)).unwrap();
        for time in ["999999999999999999", "0"] {
            let edited = text.replace("{\"at\":3,", &format!("{{\"at\":{time},"));
            let sentence = "FILE: line 5 is malformed: its time does not follow the line before";
            assert_eq!(read(edited.as_bytes()).unwrap_err(), sentence);
        }
    }

    #[test]
    fn a_file_that_is_no_recording_gives_one_sentence() {
        let other = "FILE is not a recording of leasetop; `leasetop --record FILE` writes one";
        assert_eq!(read(b"").unwrap_err(), "FILE is empty");
        assert_eq!(read(b"{\"leases\":[]}\n").unwrap_err(), other);
        assert_eq!(read(&[0x1f, 0x8b, 1, 2, 3]).unwrap_err(), other);
        let old = String::from_utf8(lines(1)).unwrap().replace("recording\":2", "recording\":0");
        let version = env!("CARGO_PKG_VERSION");
        let sentence = format!("FILE has format 0 of leasetop {version}; this leasetop reads formats 1 to 2");
        assert_eq!(read(old.as_bytes()).unwrap_err(), sentence);
        let mut bad = lines(1);
        bad.extend(b"{\"at\":1,\"msg\":\"Nonsense\"}\n{}\n");
        assert!(read(&bad).unwrap_err().starts_with("FILE: line 3 is malformed: unknown variant"));
        let escape = String::from_utf8(bad).unwrap().replace("Nonsense", "\\u001b[2J\\n");
        let sentence = r"FILE: line 3 is malformed: unknown variant `\x1b[2J\n`";
        assert!(read(escape.as_bytes()).unwrap_err().starts_with(sentence));
        let random = Recording::read(Path::new("/dev/urandom")).unwrap_err().to_string();
        assert_eq!(random, other.replacen("FILE", "/dev/urandom", 1));
        let folder = Recording::read(Path::new("/")).unwrap_err().to_string();
        assert_eq!(folder, "could not read /: Is a directory (os error 21)");
    }
}
