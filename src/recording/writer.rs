//! Writes the files of a recording, on a thread of its own.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::playing::Chunk;
use super::{Header, Kept, encode};
use simkit::Stopwatch;

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
    pub(super) options: RecordOptions,
    pub(super) file: File,
}

impl RecordOptions {
    /// Creates the file. Only its owner may read it, because it may contain names of keys.
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
    pub(super) path: PathBuf,
    pub(super) error: io::Error,
}

/// What the thread writes.
pub(super) enum Part {
    Lines(Vec<u8>),
    /// The header of the next file, and the state with which it begins.
    NextFile(Box<Header>, Kept),
}

/// The size of the current file.
#[derive(Debug)]
pub(super) struct FileSize {
    /// The bytes written so far.
    pub(super) written: AtomicU64,
    /// The size at which the file is full. `u64::MAX` until its start is written.
    pub(super) full: AtomicU64,
}

impl Default for FileSize {
    fn default() -> Self {
        FileSize { written: AtomicU64::new(0), full: AtomicU64::new(u64::MAX) }
    }
}

/// Writes the files of a recording, on the recorder's thread.
pub(super) struct Writer {
    options: RecordOptions,
    file: Box<dyn Write + Send>,
    size: Arc<FileSize>,
}

impl Writer {
    pub(super) fn new(RecordFile { options, file }: RecordFile, size: Arc<FileSize>) -> Self {
        let mut writer = Writer { options, file: Box::new(io::sink()), size };
        writer.write_to(file);
        writer
    }

    /// Writes until the recorder is dropped, or until an error.
    pub(super) fn run(mut self, header: &Header, kept: &Kept, parts: &Receiver<Part>) {
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

    /// Writes the start of a file, and sets the size at which the file is full.
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

    /// Appends messages. In a compressed file they are gzip streams of their own.
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
        // Dropping an encoder writes the end of its stream.
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
