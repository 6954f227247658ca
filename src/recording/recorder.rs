//! A running recording, as the event loop sees it: it passes messages to the thread that writes them.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use super::writer::{FileSize, Part, RecordError, RecordFile, RecordOptions, Writer};
use super::{Header, Kept, encode};
use crate::app::Msg;
use simkit::Timestamp;

/// Messages that can wait for a slow disk. Further ones are dropped and counted.
const QUEUE: usize = 16_384;

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

impl Recorder {
    /// Starts a recording that begins with `kept`.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(file: RecordFile, header: Header, kept: Kept) -> Result<Self, RecordError> {
        let options = file.options().clone();
        let failed = |error| RecordError { path: options.path.clone(), error };
        let size = Arc::new(FileSize::default());
        let (sender, parts) = sync_channel(QUEUE);
        let writer = Writer::new(file, Arc::clone(&size));
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
        let is_sent = self.try_send(Part::Lines(lines))?;
        self.lost = if is_sent { 0 } else { self.lost + 1 };
        Ok(())
    }

    /// The number of the next file. `None` until the current one is full. `None` also after a message was dropped, until
    /// the queue has room again: an order for a file would not fit either.
    pub fn next_part(&self) -> Option<u32> {
        let FileSize { written, full } = &*self.size;
        let is_full = written.load(Ordering::Relaxed) >= full.load(Ordering::Relaxed);
        if is_full && self.lost == 0 { Some(self.part + 1) } else { None }
    }

    /// Continues in a new file. If the queue is full, no file is started, and the current one still counts as full.
    ///
    /// # Errors
    /// The thread ended, because it could not write.
    pub fn rotate(&mut self, header: Header, state: Kept) -> Result<(), RecordError> {
        let part = header.part;
        // Before the order is sent, because the thread sets the size again when it carries out the order.
        let full = self.size.full.swap(u64::MAX, Ordering::Relaxed);
        if self.try_send(Part::NextFile(Box::new(header), state))? {
            self.part = part;
        } else {
            self.size.full.store(full, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Sends a part to the thread. Returns whether the queue had room for it.
    fn try_send(&self, part: Part) -> Result<bool, RecordError> {
        let Some(parts) = &self.parts else { return Ok(true) };
        match parts.try_send(part) {
            Ok(()) => Ok(true),
            Err(TrySendError::Full(_)) => Ok(false),
            Err(TrySendError::Disconnected(_)) => {
                let error = io::Error::other("the disk may be full");
                Err(RecordError { path: self.options.path.clone(), error })
            }
        }
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

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::path::Path;
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

    #[test]
    fn an_order_for_a_file_that_does_not_fit_is_repeated_and_is_not_a_lost_message() {
        let (sender, queue) = sync_channel(1);
        let size = Arc::new(FileSize::default());
        size.written.store(100, Ordering::Relaxed);
        size.full.store(100, Ordering::Relaxed);
        let options = RecordOptions { path: "a.jsonl".into(), max_bytes: 100 };
        let mut recorder = Recorder { options, parts: Some(sender), thread: None, size, lost: 0, part: 1 };
        recorder.write(Timestamp::START, &line("fills the queue")).unwrap();
        recorder.rotate(header(2), state(Vec::new())).unwrap();
        assert_eq!((recorder.next_part(), recorder.lost), (Some(2), 0));
        recorder.write(Timestamp::START, &line("is dropped")).unwrap();
        assert_eq!((recorder.next_part(), recorder.lost), (None, 1));
        queue.recv().unwrap();
        recorder.write(Timestamp::START, &line("fits")).unwrap();
        assert_eq!((recorder.next_part(), recorder.lost), (Some(2), 0));
        let Part::Lines(lines) = queue.recv().unwrap() else { panic!("no file is started yet") };
        let mut wanted = Vec::new();
        encode(Timestamp::START, &Msg::EventsLost(1), &mut wanted);
        wanted.extend(line("fits"));
        assert_eq!(lines, wanted);
        recorder.rotate(header(2), state(Vec::new())).unwrap();
        assert_eq!((recorder.next_part(), recorder.part), (None, 2));
        assert!(matches!(queue.recv().unwrap(), Part::NextFile(next, _) if next.part == 2));
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
