//! The incremental index of rows and counts, compared with a full rebuild.

use proptest::prelude::*;

use super::*;
use crate::app::groups::grouped;
use crate::app::overview;
use crate::app::problem_class::ProblemClass;
use crate::app::row_filter::ActiveFilter;
use crate::app::sort::RowSortKey;

/// One change to one of a few leases.
#[derive(Clone, Debug)]
enum Step {
    Grant(i64, i64),
    Renewed(i64, i64, u64),
    Probed(i64, i64),
    Gone(i64),
    Born(i64),
    Failed(i64),
    Press(char),
    Filter(&'static str),
    Sort(Sort),
    Group(GroupBy),
    Wait(f64),
    Slept,
}

const FILTERS: [&str; 6] =
    ["", "left<5s or state:late", "!(left>=3s) who:own", "state:risk or ttl>20", "keys=0 left<=12.5", "/k/1"];

fn step() -> impl Strategy<Value = Step> {
    let id = || 1..12_i64;
    prop_oneof![
        (id(), 2..40_i64).prop_map(|(id, ttl)| Step::Grant(id, ttl)),
        (id(), 2..40_i64, 0..9_u64).prop_map(|(id, ttl, dropped)| Step::Renewed(id, ttl, dropped)),
        (id(), -1..40_i64).prop_map(|(id, left)| Step::Probed(id, left)),
        id().prop_map(Step::Gone),
        id().prop_map(Step::Born),
        id().prop_map(Step::Failed),
        prop::sample::select(vec!['n', 'a', 'x', 'y', 'j', 'k', 'G', 'p', '?', 'f']).prop_map(Step::Press),
        prop::sample::select(FILTERS.to_vec()).prop_map(Step::Filter),
        (prop::sample::select(SortKey::all().collect::<Vec<_>>()), any::<bool>())
            .prop_map(|(key, is_descending)| Step::Sort(Sort { key, is_descending })),
        prop::sample::select(GroupBy::ALL.to_vec()).prop_map(Step::Group),
        (0.0..9.0).prop_map(Step::Wait),
        (30.0..40.0).prop_map(Step::Wait),
        Just(Step::Slept),
    ]
}

fn renewed(story: &Story, id: i64, ttl: i64, dropped: u64) -> LeaseStatus {
    let mut cadence = Cadence::default();
    let every = Duration::from_secs_f64(ttl as f64 / 3.0);
    cadence.record(None, None);
    cadence.record(Some(every), Some(every));
    LeaseStatus {
        id: LeaseId(id),
        granted_ttl: Some(ttl),
        phase: Phase::Waiting,
        deadline: Some(story.now + Duration::from_secs(ttl.unsigned_abs())),
        last_answer: Some(story.now),
        next_due: Some(story.now + every),
        pace: RenewalSchedule::Clientv3,
        expected: Some(every),
        cadence,
        round_trip: None,
        revision: None,
        queue: QueueGauge { depth: 0, capacity: 16, dropped },
        drill: None,
        ended: None,
    }
}

/// Rows are never held here.
fn run_step(story: &mut Story, step: Step) {
    story.look();
    let (sent, received) = (story.now, story.now);
    let msg = match step {
        Step::Grant(id, ttl) => return story.grant(id, ttl),
        Step::Renewed(id, ttl, dropped) => Msg::Statuses(vec![renewed(story, id, ttl, dropped)]),
        Step::Probed(id, ttl) => {
            let keys = (0..id % 3).map(|key| format!("/k/{}", key + ttl % 3).into_bytes()).collect();
            let answer = TimeToLive { id: LeaseId(id), ttl, granted_ttl: 40, keys, header: Header::default() };
            Msg::Polled { sent, received, answer, has_keys: true }
        }
        Step::Gone(id) => Msg::Listed(Listing { sent, received, gone: vec![LeaseId(id)], ..Listing::default() }),
        Step::Born(id) => Msg::Listed(Listing { sent, received, born: vec![LeaseId(id)], ..Listing::default() }),
        Step::Failed(id) => Msg::PollFailed { id: LeaseId(id), failure: trouble("no") },
        Step::Press(key) => Msg::Key(Key::Char(key)),
        Step::Filter(text) => {
            story.app.view.row_filter.typed = text.parse().expect("a filter");
            return refresh_rows(&mut story.app, story.now);
        }
        Step::Sort(sort) => {
            story.app.view.sort = sort;
            return refresh_rows(&mut story.app, story.now);
        }
        Step::Group(by) => {
            story.app.view.group_by = by;
            return refresh_rows(&mut story.app, story.now);
        }
        Step::Wait(seconds) => {
            story.wait(seconds);
            Msg::Tick
        }
        Step::Slept => Msg::SystemSlept(Duration::from_secs(60)),
    };
    story.send(msg);
}

fn counted(app: &AppState, now: Timestamp) -> (usize, usize, usize, usize, u64) {
    let living = || app.leases.values().filter(|lease| lease.end.is_none());
    let of = |ownership| living().filter(|lease| lease.ownership == ownership).count();
    let endangered = living().filter(|lease| matches!(lease.state(now), LeaseState::Risk | LeaseState::Late)).count();
    let dropped = living().filter_map(|lease| lease.engine.as_ref()).map(|status| status.queue.dropped).sum();
    (of(Ownership::Own), of(Ownership::Adopted), of(Ownership::Other), endangered, dropped)
}

fn check(story: &Story) {
    let (app, counts) = (&story.app, story.app.leases.counts);
    let sums = (counts.own, counts.adopted, counts.others, counts.risk + counts.late, counts.dropped);
    assert_eq!(sums, counted(app, story.now));
    let living = || app.leases.values().filter(|lease| lease.end.is_none());
    let rates = living().map(|lease| overview::renewals_per_second(lease, lease.state(story.now)));
    assert!((counts.renewals - rates.sum::<f64>()).abs() < 1e-6);
    let overview = app.view.overview();
    let unknown = living().filter(|lease| lease.shown_deadline().is_none()).count();
    let expiring: usize = overview.expiring(story.now).iter().sum();
    assert_eq!((overview.unknown(), expiring), (unknown, living().count() - unknown));
    if app.view.dialog.is_none() {
        let criteria = ActiveFilter::of(&app.view.row_filter);
        let is_shown = |lease: &&Lease| !lease.is_row_dropped && criteria.matches(lease, story.now);
        let shown = app.leases.values().filter(is_shown);
        let key = |lease: &Lease| {
            let class = app.view.row_index.class(lease.id).expect("each lease has an entry");
            assert!(class <= ProblemClass::of(lease, story.now) || lease.end.is_some());
            RowSortKey::with_class(lease, class, app.view.sort, story.now)
        };
        let mut rows: Vec<_> = shown.map(key).collect();
        rows.sort();
        let rows: Vec<LeaseId> = rows.iter().map(|rank| rank.id).collect();
        match app.view.group_by {
            GroupBy::None => assert_eq!(app.view.order, rows),
            by => check_groups(app, &rows, by, story.now),
        }
        let ended = app.leases.values().filter(|lease| is_shown(lease) && lease.end.is_some()).count();
        assert_eq!(app.view.living_rows() + ended, rows.len());
    }
}

/// The groups, their figures and their rows, compared with groups of all rows at once.
fn check_groups(app: &AppState, rows: &[LeaseId], by: GroupBy, now: Timestamp) {
    let class = |id: LeaseId| app.view.row_index.class(id).expect("each lease has an entry");
    let leases = rows.iter().filter_map(|id| app.leases.get(*id));
    let expected = grouped(leases.map(|lease| (lease, lease.state(now), class(lease.id))), by);
    let groups = app.view.groups();
    let shown: Vec<LeaseGroup> = groups
        .order()
        .iter()
        .filter_map(|id| {
            let group = groups.get(*id)?;
            let ids = app.view.group_members(*id).to_vec();
            Some(LeaseGroup { key: group.key().clone(), ids, figures: group.figures() })
        })
        .collect();
    assert_eq!(shown, expected);
    assert_eq!(app.view.order.len(), rows.len());
}

proptest! {
    #[test]
    fn the_incremental_index_equals_a_full_rebuild(steps in prop::collection::vec(step(), 1..80)) {
        let mut story = Story::start(AppConfig::default());
        for step in steps {
            run_step(&mut story, step);
            check(&story);
        }
    }
}

#[test]
fn a_lease_becomes_late_and_at_risk_by_time_alone() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 30);
    run_step(&mut story, Step::Renewed(1, 30, 0));
    for (seconds, endangered, left) in [(0.0, 0, 30), (11.4, 0, 18), (0.2, 1, 18), (9.5, 1, 8)] {
        story.wait(seconds);
        story.poll(1, left, 30, &[]);
        refresh_rows(&mut story.app, story.now);
        let counts = story.app.leases.counts;
        assert_eq!(counts.risk + counts.late, endangered, "{:?}", story.now);
        check(&story);
    }
}
