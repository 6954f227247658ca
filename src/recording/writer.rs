//! Writes a recording on a thread of its own.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::playing::Chunk;
use super::{Header, Kept, encode};
use crate::app::Msg;
use simkit::{Stopwatch, Timestamp};

/// Messages that can wait for a slow disk. Further ones are dropped and counted.
const QUEUE: usize = 16_384;
/// How much a kill may lose.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
const LEVEL: Compression = Compression::new(3);

/// Where to record, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordOptions {
    /// The file. It must not exist.
    pub path: PathBuf,
    /// The size at which a new file is started, in bytes. The full file is kept as `PATH.1`; an older one is replaced. A
    /// file has room for at least as much again as the state with which it begins.
    pub max_bytes: u64,
}

impl RecordOptions {
    /// The default size of a file.
    pub const MAX_BYTES: u64 = 32_000_000;

    /// Whether the file is compressed, as its name says.
    pub fn is_compressed(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
    }
}

/// A new file for a recording.
#[derive(Debug)]
pub struct RecordFile {
    options: RecordOptions,
    file: File,
}

impl RecordOptions {
    /// Creates the file, which may contain names of keys.
    ///
    /// # Errors
    /// The file exists, or cannot be created.
    pub fn create(self) -> Result<RecordFile, RecordError> {
        match create(&self.path) {
            Ok(file) => Ok(RecordFile { options: self, file }),
            Err(error) => Err(RecordError { path: self.path, error }),
        }
    }
}

impl RecordFile {
    /// Its name and size.
    pub fn options(&self) -> &RecordOptions {
        &self.options
    }
}

/// Why nothing is recorded.
#[derive(Debug, thiserror::Error)]
#[error("could not record to {}: {error}", path.display())]
pub struct RecordError {
    path: PathBuf,
    error: io::Error,
}

/// A running recording. Dropping it writes what is left and waits for that.
#[derive(Debug)]
pub struct Recorder {
    options: RecordOptions,
    parts: Option<SyncSender<Part>>,
    thread: Option<JoinHandle<()>>,
    size: Arc<FileSize>,
    /// Messages that were dropped and are not reported yet.
    lost: u64,
    /// The number of the current file.
    part: u32,
}

/// What the thread writes.
enum Part {
    Lines(Vec<u8>),
    /// The header of the next file, and with what it begins.
    NextFile(Box<Header>, Kept),
}

/// The size of the current file.
#[derive(Debug)]
struct FileSize {
    /// In bytes.
    written: AtomicU64,
    /// The size at which the file is full. `u64::MAX` until its start is written.
    full: AtomicU64,
}

impl Recorder {
    /// Starts a recording that begins with `kept`.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(file: RecordFile, header: Header, kept: Kept) -> Result<Self, RecordError> {
        let RecordFile { options, file } = file;
        let failed = |error| RecordError { path: options.path.clone(), error };
        let size = Arc::new(FileSize { written: AtomicU64::new(0), full: AtomicU64::new(u64::MAX) });
        let (sender, parts) = sync_channel(QUEUE);
        let mut writer = Writer { options: options.clone(), file: Box::new(io::sink()), size: Arc::clone(&size) };
        writer.write_to(file);
        let (thread, part) = (std::thread::Builder::new().name("recorder".to_owned()), header.part);
        let thread = thread.spawn(move || writer.run(&header, &kept, &parts)).map_err(failed)?;
        Ok(Recorder { options, parts: Some(sender), thread: Some(thread), size, lost: 0, part })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.options.path
    }

    /// Writes an encoded message without waiting. What does not fit is dropped, and reported later.
    ///
    /// # Errors
    /// The thread ended, because it could not write.
    pub fn write(&mut self, at: Timestamp, line: &[u8]) -> Result<(), RecordError> {
        let mut lines = Vec::with_capacity(line.len());
        if self.lost > 0 {
            encode(at, &Msg::EventsLost(self.lost), &mut lines);
        }
        lines.extend(line);
        self.send(Part::Lines(lines))
    }

    /// The number of the next file, once the current one is full.
    pub fn next_part(&self) -> Option<u32> {
        let FileSize { written, full } = &*self.size;
        if written.load(Ordering::Relaxed) >= full.load(Ordering::Relaxed) { Some(self.part + 1) } else { None }
    }

    /// Continues in a new file.
    ///
    /// # Errors
    /// The thread ended, because it could not write.
    pub fn rotate(&mut self, header: Header, state: Kept) -> Result<(), RecordError> {
        self.part = header.part;
        self.size.full.store(u64::MAX, Ordering::Relaxed);
        self.send(Part::NextFile(Box::new(header), state))?;
        if self.lost > 0 {
            // The thread is behind: a later message asks again.
            let written = self.size.written.load(Ordering::Relaxed);
            self.size.full.store(written + self.options.max_bytes, Ordering::Relaxed);
        }
        Ok(())
    }

    fn send(&mut self, part: Part) -> Result<(), RecordError> {
        let Some(parts) = &self.parts else { return Ok(()) };
        match parts.try_send(part) {
            Ok(()) => self.lost = 0,
            Err(TrySendError::Full(_)) => self.lost += 1,
            Err(TrySendError::Disconnected(_)) => {
                let error = io::Error::other("the disk may be full");
                return Err(RecordError { path: self.options.path.clone(), error });
            }
        }
        Ok(())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.parts = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The side of the thread.
struct Writer {
    options: RecordOptions,
    file: Box<dyn Write + Send>,
    size: Arc<FileSize>,
}

impl Writer {
    /// Writes until the recorder is dropped, or until an error.
    fn run(mut self, header: &Header, kept: &Kept, parts: &Receiver<Part>) {
        if let Err(error) = self.begin(header, kept).and_then(|()| self.write_parts(parts)) {
            tracing::warn!("recording to {} failed: {error}", self.options.path.display());
        }
    }

    fn write_parts(&mut self, parts: &Receiver<Part>) -> io::Result<()> {
        let mut since_flush = Stopwatch::start();
        loop {
            match parts.recv_timeout(FLUSH_EVERY.saturating_sub(since_flush.elapsed())) {
                Ok(Part::Lines(lines)) => self.file.write_all(&lines)?,
                Ok(Part::NextFile(header, state)) => self.rotate(&header, &state)?,
                Err(RecvTimeoutError::Timeout) => (),
                Err(RecvTimeoutError::Disconnected) => return self.file.flush(),
            }
            if since_flush.elapsed() >= FLUSH_EVERY {
                since_flush = Stopwatch::start();
                self.file.flush()?;
            }
        }
    }

    /// Keeps the full file as `PATH.1`, and starts the next.
    fn rotate(&mut self, header: &Header, state: &Kept) -> io::Result<()> {
        self.end_stream()?;
        let path = &self.options.path;
        let mut full = path.clone().into_os_string();
        full.push(".1");
        std::fs::rename(path, full)?;
        let file = create(path)?;
        self.size.written.store(0, Ordering::Relaxed);
        self.write_to(file);
        self.begin(header, state)
    }

    /// Writes the start of a file.
    fn begin(&mut self, header: &Header, kept: &Kept) -> io::Result<()> {
        self.file.write_all(&header.line())?;
        let mut line = Vec::new();
        for msg in &kept.state {
            line.clear();
            encode(header.at, msg, &mut line);
            self.file.write_all(&line)?;
        }
        self.file.flush()?;
        let state = self.size.written.load(Ordering::Relaxed);
        self.append(&kept.chunks)?;
        self.size.full.store(self.options.max_bytes.max(state * 2), Ordering::Relaxed);
        Ok(())
    }

    /// Appends messages. A compressed file consists of several streams then.
    fn append(&mut self, chunks: &[Chunk]) -> io::Result<()> {
        if chunks.is_empty() || !self.options.is_compressed() {
            return chunks.iter().try_for_each(|chunk| self.file.write_all(&chunk.lines()));
        }
        self.end_stream()?;
        let mut file = self.counted(OpenOptions::new().append(true).open(&self.options.path)?);
        chunks.iter().try_for_each(|chunk| file.write_all(&chunk.compressed))?;
        self.file = Box::new(GzEncoder::new(file, LEVEL));
        self.file.flush()
    }

    fn end_stream(&mut self) -> io::Result<()> {
        self.file.flush()?;
        // An encoder that is dropped writes the end.
        self.file = Box::new(io::sink());
        Ok(())
    }

    fn write_to(&mut self, file: File) {
        let file = self.counted(file);
        self.file = if self.options.is_compressed() { Box::new(GzEncoder::new(file, LEVEL)) } else { Box::new(file) };
    }

    fn counted(&self, file: File) -> BufWriter<Counted> {
        BufWriter::new(Counted { file, size: Arc::clone(&self.size) })
    }
}

fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Counts the bytes of a file.
struct Counted {
    file: File,
    size: Arc<FileSize>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.size.written.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::SystemTime;

    use flate2::read::MultiGzDecoder;

    use super::*;
    use crate::app::AppConfig;

    fn header(part: u32) -> Header {
        Header::new(&AppConfig::default(), SystemTime::UNIX_EPOCH, Timestamp::START, part)
    }

    fn state(state: Vec<Msg>) -> Kept {
        Kept { at: Timestamp::START, state, chunks: Vec::new() }
    }

    fn line(text: &str) -> Vec<u8> {
        let mut line = Vec::new();
        encode(Timestamp::START, &Msg::KeysFailed(failure(text)), &mut line);
        line
    }

    fn failure(text: &str) -> crate::app::CallFailure {
        crate::app::CallFailure {
            is_not_found: false,
            is_forbidden: false,
            is_unauthenticated: false,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_full_file_is_kept_and_the_next_starts_with_a_header_and_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl.gz");
        let options = RecordOptions { path: path.clone(), max_bytes: 100_000 };
        let mut recorder =
            Recorder::start(options.clone().create().unwrap(), header(1), state(vec![Msg::KeysReloading])).unwrap();
        recorder.write(Timestamp::START, &line("first")).unwrap();
        recorder.rotate(header(2), state(vec![Msg::KeysRecovered])).unwrap();
        recorder.write(Timestamp::START, &line("second")).unwrap();
        drop(recorder);
        let read = |path: &Path| {
            let mut text = String::new();
            MultiGzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let [full, last] = [read(&folder.path().join("a.jsonl.gz.1")), read(&path)];
        assert!(full[0].contains("\"part\":1") && last[0].contains("\"part\":2"));
        assert!(full[1].contains("KeysReloading") && last[1].contains("KeysRecovered"));
        assert!(full[2].contains("first") && last[2].contains("second"));
        assert_eq!((full.len(), last.len()), (3, 3));
        let exists = options.create().unwrap_err().to_string();
        assert!(exists.starts_with("could not record to ") && exists.contains("exists"), "{exists}");
    }

    #[test]
    fn a_file_has_room_for_as_much_again_as_its_state() {
        let folder = tempfile::tempdir().unwrap();
        let options = RecordOptions { path: folder.path().join("a.jsonl"), max_bytes: 100 };
        let state = state((0..1_000).map(Msg::KeyBytes).collect());
        let mut recorder = Recorder::start(options.create().unwrap(), header(1), state).unwrap();
        let mut lines = 0;
        while recorder.next_part().is_none() {
            let mut line = Vec::new();
            encode(Timestamp::START, &Msg::KeyBytes(lines), &mut line);
            recorder.write(Timestamp::START, &line).unwrap();
            lines += u64::from(recorder.lost == 0);
        }
        assert!(lines >= 1_000, "{lines}");
        assert_eq!(recorder.next_part(), Some(2));
    }

    /// The numbers in the messages of a file, in their order.
    fn numbers(path: &Path) -> Vec<u64> {
        let recording = crate::recording::Recording::read(path).unwrap();
        let number = |msg: &Msg| if let Msg::KeyBytes(number) = msg { Some(*number) } else { None };
        recording.entries.iter().filter_map(|entry| number(&entry.msg)).collect()
    }

    #[test]
    fn no_message_is_lost_between_two_files() {
        // Fewer than the queue holds, so that a slow thread drops none.
        const COUNT: u64 = 12_000;
        for name in ["a.jsonl", "a.jsonl.gz"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            let options = RecordOptions { path: path.clone(), max_bytes: 20_000 };
            let mut recorder = Recorder::start(options.create().unwrap(), header(1), state(Vec::new())).unwrap();
            for number in 0..COUNT {
                if number == COUNT / 2 {
                    recorder.rotate(header(2), state(Vec::new())).unwrap();
                }
                let mut line = Vec::new();
                encode(Timestamp::from_nanos(number), &Msg::KeyBytes(number), &mut line);
                recorder.write(Timestamp::START, &line).unwrap();
            }
            drop(recorder);
            let mut full = path.clone().into_os_string();
            full.push(".1");
            let all = [numbers(Path::new(&full)), numbers(&path)].concat();
            assert!(all.iter().copied().eq(0..COUNT), "{name}: {} of {COUNT}", all.len());
        }
    }
}
