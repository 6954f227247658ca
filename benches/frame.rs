//! The cost of a frame of 100,000 leases (order of rows, counts, cells), of one with the charts of an hour, and of a scrape of
//! the metrics. `cargo bench --bench frame`; `cargo bench --bench frame -- scrape` measures only the scrape.
//!
//! It prints percentiles, which is what a person notices.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use etcd_lease::{
    ClusterView, EngineEvent, EngineEventKind, Granted, Header, LeaseId, MemberView, Reachability, TimeToLive,
};
use hdrhistogram::Histogram;
use jiff::tz::TimeZone;
use leasetop::app::metrics::MetricsConfig;
use leasetop::app::{AppConfig, AppState, Key, Listing, Msg, Sort, SortKey, metrics_snapshot, refresh_rows, update};
use leasetop::report::{MetricsFormat, metrics_text};
use leasetop::ui::{self, RenderContext, Theme, WallClock};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use simkit::Stopwatch;
use simkit::Timestamp;

const LEASES: i64 = 100_000;
const SIZE: (u16, u16) = (200, 50);
/// At 30 frames a second: 300 events a second.
const EVENTS_A_FRAME: i64 = 10;
const FRAMES: i64 = 3_000;
/// New filters, and as many new sort orders.
const ROUNDS: usize = 360;
const FRAME: Duration = Duration::from_millis(33);

/// An application state with many leases, and its time.
struct ManyLeases {
    app: AppState,
    now: Timestamp,
    /// The lease that changes next.
    next: i64,
}

impl ManyLeases {
    fn build(config: AppConfig) -> Self {
        let mut leases = ManyLeases { app: AppState::new(config, Timestamp::START), now: Timestamp::START, next: 0 };
        let member = MemberView { reachability: Reachability::Up, ..MemberView::default() };
        leases.send(Msg::Cluster(ClusterView {
            cluster_id: 1,
            members: vec![member],
            chosen: Some(0),
            ..ClusterView::default()
        }));
        leases.send(Msg::Resized(ui::viewport(SIZE.0, SIZE.1)));
        leases.send(Msg::Listed(Listing { born: (1..=LEASES).map(LeaseId).collect(), ..Listing::default() }));
        (0..LEASES).for_each(|_| leases.answer());
        leases.frame(&mut Buffer::empty(area()));
        assert_eq!(leases.app.view.order().len(), LEASES as usize, "each has a row");
        leases
    }

    fn send(&mut self, msg: Msg) {
        black_box(update(&mut self.app, msg, self.now));
    }

    /// Polls one lease that was renewed since, so that its row changes.
    fn answer(&mut self) {
        self.next = (self.next + 7_919) % LEASES;
        let granted_ttl = 60 + self.next % 3_600;
        let ttl = granted_ttl - self.next % 17;
        let id = LeaseId(self.next + 1);
        let keys = vec![format!("/service/{}", self.next).into_bytes()];
        let answer = TimeToLive { id, ttl, granted_ttl, keys, header: Header::default() };
        self.send(Msg::Polled { sent: self.now, received: self.now, answer, has_keys: true });
    }

    fn frame(&mut self, buf: &mut Buffer) {
        let wall = WallClock { start: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC };
        refresh_rows(&mut self.app, self.now);
        let ctx = RenderContext { app: &self.app, now: self.now, wall: &wall, theme: Theme::default() };
        buf.reset();
        ui::draw(ctx, area(), buf);
    }

    /// Microseconds to sort the rows.
    fn arranged(&mut self) -> u64 {
        let watch = Stopwatch::start();
        refresh_rows(&mut self.app, self.now);
        watch.elapsed().as_micros() as u64
    }

    fn step(&mut self, events: i64) {
        self.now = self.now + FRAME;
        (0..events).for_each(|_| self.answer());
    }
}

/// Measures only the charts: the open detail of a 2 s lease whose responses were not read for an hour.
fn of_an_hour() -> ManyLeases {
    let mut leases =
        ManyLeases { app: AppState::new(AppConfig::default(), Timestamp::START), now: Timestamp::START, next: 0 };
    leases.send(Msg::Resized(ui::viewport(SIZE.0, SIZE.1)));
    let id = LeaseId(1);
    let answer = Granted { id, requested_ttl: 2, ttl: 2, header: Header::default() };
    leases.send(Msg::Granted { sent: leases.now, received: leases.now, answer, keep_alive: true, job: None });
    leases.frame(&mut Buffer::empty(area()));
    let interval = Some(Duration::from_secs(1));
    for _ in 0..3_600 {
        leases.now = leases.now + Duration::from_secs(1);
        let renewed =
            EngineEventKind::Renewed { ttl: 2, interval, left: interval, round_trip: Duration::from_millis(1) };
        for kind in [renewed, EngineEventKind::Dropped { queue_size: 16, queue_capacity: 16 }] {
            leases.send(Msg::Engine(EngineEvent { at: leases.now, lease: Some(id), kind }));
        }
    }
    let longest = std::iter::repeat_n(Key::Char(']'), 5);
    std::iter::once(Key::Enter).chain(longest).for_each(|key| leases.send(Msg::Key(key)));
    let marks =
        leases.app.leases.get(id).and_then(|lease| lease.history.as_ref()).map_or(0, |history| history.entries().len());
    assert_eq!(marks, 3_600, "an hour of renewals");
    leases
}

/// A scrape a second, with figures of services. The updates between them are not measured.
fn scrapes() {
    const SCRAPES: u32 = 300;
    let config = AppConfig { metrics: Some(MetricsConfig { services: 50 }), ..AppConfig::default() };
    let mut leases = ManyLeases::build(config);
    let (mut snapshots, mut texts) = (histogram(), histogram());
    let mut bytes = 0;
    for _ in 0..SCRAPES {
        leases.step(300);
        leases.now = leases.now + Duration::from_secs(1);
        let watch = Stopwatch::start();
        let snapshot = metrics_snapshot(&mut leases.app, leases.now);
        snapshots.saturating_record(watch.elapsed().as_micros() as u64);
        let watch = Stopwatch::start();
        bytes = metrics_text(snapshot, MetricsFormat::OpenMetrics).len();
        texts.saturating_record(watch.elapsed().as_micros() as u64);
    }
    report("scrape in the event loop", &snapshots);
    report("scrape as text", &texts);
    print(&format!("scrape size {bytes} bytes"));
}

fn area() -> Rect {
    Rect::new(0, 0, SIZE.0, SIZE.1)
}

/// Microseconds up to a minute. A histogram that resizes itself would record values out of range as its minimum.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds that can be")
}

/// The group view: as many groups as there are TTLs, collapsed and with one of them expanded.
fn grouped(leases: &mut ManyLeases) {
    let mut buf = Buffer::empty(area());
    leases.send(Msg::Key(Key::Char('t')));
    leases.send(Msg::Key(Key::Char('t')));
    leases.frame(&mut buf);
    percentiles(leases, "collapsed group frame", EVENTS_A_FRAME);
    leases.send(Msg::Key(Key::Enter));
    percentiles(leases, "expanded group frame", EVENTS_A_FRAME);
    leases.send(Msg::Key(Key::Char('t')));
    leases.send(Msg::Key(Key::Char('t')));
    leases.frame(&mut buf);
}

/// Frames without the updates between them: this many events before each.
fn percentiles(leases: &mut ManyLeases, name: &str, events: i64) {
    let mut buf = Buffer::empty(area());
    let mut micros = histogram();
    for _ in 0..FRAMES {
        leases.step(events);
        let watch = Stopwatch::start();
        leases.frame(&mut buf);
        micros.saturating_record(watch.elapsed().as_micros() as u64);
    }
    report(name, &micros);
}

/// A different sort order each time, and every one in both directions.
fn sort_order(round: usize) -> Sort {
    let mut keys = SortKey::all();
    let number = keys.len();
    let key = keys.nth(round % number).unwrap_or_default();
    Sort { key, is_descending: (round / number).is_multiple_of(2) }
}

/// A new filter and a new sort order rebuild all rows at once.
fn rows_anew(leases: &mut ManyLeases) {
    const FILTERS: [&str; 6] =
        ["who:other ttl>600", "", "left<10m or keys=0", "service/7", "!(state:ok id:7)", "left>1m"];
    let mut filter = histogram();
    let mut sort = histogram();
    for round in 0..ROUNDS {
        leases.step(0);
        leases.app.view.row_filter.typed = FILTERS[round % FILTERS.len()].parse().expect("a filter");
        filter.saturating_record(leases.arranged());
        leases.app.view.row_filter.typed = "".parse().expect("a filter");
        leases.arranged();
        leases.app.view.sort = sort_order(round);
        sort.saturating_record(leases.arranged());
        assert_eq!(leases.app.view.order().len(), LEASES as usize, "each has a row");
    }
    report("filter", &filter);
    report("sort", &sort);
}

fn report(name: &str, micros: &Histogram<u64>) {
    for (percentile, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        print(&format!("{name} {percentile} {} us", micros.value_at_quantile(quantile)));
    }
    print(&format!("{name} max {} us", micros.max()));
}

#[expect(clippy::print_stdout, reason = "a bench tells its figures there")]
fn print(line: &str) {
    println!("{line}");
}

fn main() {
    scrapes();
    if std::env::args().any(|arg| arg == "scrape") {
        return;
    }
    let mut leases = ManyLeases::build(AppConfig::default());
    percentiles(&mut leases, "countdown frame", 0);
    percentiles(&mut of_an_hour(), "frame with charts of an hour", 0);
    grouped(&mut leases);
    percentiles(&mut leases, "frame", EVENTS_A_FRAME);
    leases.send(Msg::Key(Key::Char('2')));
    percentiles(&mut leases, "cadence frame", EVENTS_A_FRAME);
    leases.send(Msg::Key(Key::Char('1')));
    rows_anew(&mut leases);
}
