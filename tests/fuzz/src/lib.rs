//! The fuzz targets. Each takes any bytes and fails only on a bug.
//!
//! `tests/measure fuzz` runs them with libFuzzer. What it finds goes into `tests/fuzz/corpus/TARGET/`; tests/cli runs every
//! file there.

mod bytes;
mod engine;
mod messages;

use leasetop::app::command_line;
use leasetop::app::{AppConfig, TypedFilter};
use leasetop::escape::printable;
use leasetop::recording::{Player, Recording};
use leasetop::report::{PageFormat, PageSource};
use leasetop::width::{DisplayWidth, cut, cut_key, cut_middle};
use leasetop::{cli, filter};

use etcd_lease::LeaseId;

pub use engine::engine;
pub use messages::messages;

/// A target takes any bytes.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 10] = [
    ("filter", filter),
    ("config", config),
    ("ids", ids),
    ("keys", keys),
    ("engine", engine),
    ("messages", messages),
    ("command_line", command_line),
    ("durations", durations),
    ("recordings", recordings),
    ("reports", reports),
];

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// The filter language: a filter that is read prints as it was typed, and completion works at every cursor.
pub fn filter(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match text.parse::<TypedFilter>() {
        Ok(filter) => assert_eq!(filter.to_string().parse::<TypedFilter>().as_ref(), Ok(&filter)),
        Err(bad) => assert!(bad.at <= text.chars().count() && !bad.to_string().is_empty()),
    }
    for cursor in 0..=text.chars().count().min(64) {
        filter::complete(text, cursor);
    }
}

/// The config file: an error has one line without control characters.
pub fn config(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Err(bad) = cli::check_config_text(text) {
        let bad = bad.to_string();
        assert!(bad.starts_with("config.toml:") && !bad.contains(char::is_control), "{bad:?}");
    }
}

/// Lease ids: what is printed is read again as the same id.
pub fn ids(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(id) = text.parse::<LeaseId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
        id.read_as_decimal();
    }
}

/// Names of keys: nothing that a terminal interprets, and never wider than the cell.
pub fn keys(data: &[u8]) {
    let shown = printable(data);
    assert!(!shown.contains(char::is_control), "{shown:?}");
    for cell in [0, 1, 2, 3, 5, 8, 20, 80] {
        for cut in [cut(&shown, cell), cut_middle(&shown, cell), cut_key(&shown, cell)] {
            assert!(cut.width() <= cell, "{cut:?} in {cell} cells");
        }
    }
}

/// The line behind `:`.
pub fn command_line(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if text.trim().is_empty() {
        return;
    }
    let config = AppConfig { themes: vec!["dark".to_owned(), "light".to_owned()], ..AppConfig::default() };
    if let Err(bad) = command_line::parse(text, &config) {
        // A missing word is expected behind a space.
        assert!(bad.at <= text.chars().count() + 1 && !bad.expected.is_empty());
    }
}

/// Durations, TTLs and sizes of options, and the condition of `wait`.
pub fn durations(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(duration) = cli::parse_duration(text) {
        assert!(!duration.is_zero());
    }
    if let Ok(ttl) = cli::parse_ttl(text) {
        assert!((1..=etcd_lease::MAX_TTL).contains(&ttl));
    }
    let _ = cli::parse_size(text);
    let _ = text.parse::<leasetop::wait_condition::WaitCondition>();
}

/// A recording: what can be read can be played forwards and backwards, and an error has no control character.
pub fn recordings(data: &[u8]) {
    match Recording::read_lines(data, "FILE".to_owned()) {
        Ok(recording) => {
            let (start, config) = (recording.start(), recording.header.config(AppConfig::default()));
            let mut player = Player::new(recording.entries, start, config);
            let mut app = player.initial_state();
            let (first, last) = player.span();
            player.advance(&mut app, last);
            player.seek(&mut app, first);
            player.next_event(&mut app);
        }
        Err(bad) => assert!(!bad.to_string().contains(char::is_control), "{bad}"),
    }
}

/// A file for `report`: a page contains no script and nothing that a terminal interprets, and an error has no control
/// character.
pub fn reports(data: &[u8]) {
    let page = PageSource::read(data, "FILE").and_then(|source| source.into_page("FILE", AppConfig::default()));
    match page {
        Ok(page) => {
            for format in [PageFormat::Html, PageFormat::Svg, PageFormat::Markdown] {
                let text = page.render(format, std::time::SystemTime::UNIX_EPOCH);
                assert!(!text.contains("<script"), "{text}");
                assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
            }
        }
        Err(bad) => assert!(!bad.to_string().contains(char::is_control), "{bad}"),
    }
}
