//! No action reaches a lease that the user did not see under the cursor, in the highlighted range, or marked.

use std::collections::BTreeSet;
use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::app::dialog::Dialog;

const LEASES: i64 = 30;

#[derive(Clone, Debug)]
enum Step {
    Renew(i64, i64),
    Dies(i64),
    Born(i64),
    Dying(i64),
    Press(char),
    Esc,
    Enter,
    Frame,
    Wait(f64),
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 1..=LEASES;
    let keys =
        ['x', 'a', 'o', 'K', '!', 'y', ' ', 'v', 'j', 'k', 'G', 'g', 'U', 'F', 'P', '>', 'I', 'f', 'p', 'u', 'M', 't'];
    prop_oneof![
        6 => (id(), 1..60_i64).prop_map(|(id, left)| Step::Renew(id, left)),
        2 => id().prop_map(Step::Dies),
        2 => id().prop_map(Step::Born),
        3 => id().prop_map(Step::Dying),
        8 => prop::sample::select(keys.to_vec()).prop_map(Step::Press),
        1 => Just(Step::Esc),
        1 => Just(Step::Enter),
        6 => Just(Step::Frame),
        4 => (0.0..0.4).prop_map(Step::Wait),
        1 => (0.4..40.0).prop_map(Step::Wait),
    ]
}

/// What the user saw in the last frame, and where the keys pressed since have moved the cursor.
#[derive(Default)]
struct Seen {
    rows: Vec<GroupedRow>,
    /// The rows on the screen.
    visible: Range<usize>,
    cursor: Option<GroupedRow>,
    /// Whether the user has changed the groups since.
    is_regrouped: bool,
    /// When a frame last showed another lease under the cursor than the user had left there.
    moved_at: Option<Timestamp>,
}

impl Seen {
    fn frame(&mut self, story: &Story) {
        let (app, _) = story.app.displayed(story.now);
        let view = &app.view;
        if view.is_grouped() {
            self.rows = view.group_view.rows.clone();
            self.visible = view.grouped_range();
        } else {
            self.rows = view.order().iter().copied().map(GroupedRow::Lease).collect();
            self.visible = view.visible_range();
        }
        if view.is_open {
            self.visible = 0..0;
        }
        let cursor = row_under_cursor(app);
        if self.cursor.is_some() && self.cursor != cursor && !self.is_regrouped {
            self.moved_at = Some(story.now);
        }
        self.is_regrouped = false;
        self.cursor = cursor;
    }

    /// Where a key moves the cursor among the rows of the last frame.
    fn press(&mut self, key: char, is_open: bool) {
        self.is_regrouped |= key == 't';
        let row = self.cursor.and_then(|id| self.rows.iter().position(|row| *row == id));
        if is_open {
            return;
        }
        // A cursor without a row goes to the first rows.
        let last = self.rows.len().saturating_sub(1);
        let to = match key {
            'j' | 'k' | ' ' if row.is_none() => return self.cursor = None,
            'j' | ' ' => row.map_or(0, |row| row + 1),
            'k' => row.unwrap_or(0).saturating_sub(1),
            'g' => 0,
            'G' => last,
            _ => return,
        };
        self.cursor = Some(to.min(last)).filter(|row| self.visible.contains(row)).map(|row| self.rows[row]);
    }

    fn is_settled(&self, now: Timestamp) -> bool {
        self.moved_at.is_none_or(|at| now >= at + Duration::from_millis(300))
    }
}

/// The group or lease under the cursor. An open lease hides the group.
fn row_under_cursor(app: &AppState) -> Option<GroupedRow> {
    let lease = app.view.cursor.map(GroupedRow::Lease);
    if app.view.is_open { lease } else { app.view.grouped_cursor().or(lease) }
}

/// The leases of a row.
fn leases_of(story: &Story, row: GroupedRow) -> BTreeSet<LeaseId> {
    match row {
        GroupedRow::Lease(id) => [id].into(),
        GroupedRow::Group(group) => {
            let view = &story.app.displayed(story.now).0.view;
            view.group_members(group).iter().copied().collect()
        }
    }
}

fn marks(story: &Story) -> BTreeSet<LeaseId> {
    story.app.view.selection.ids().collect()
}

/// The leases that a dialog asks about.
fn asked(story: &Story) -> BTreeSet<LeaseId> {
    match &story.app.view.dialog {
        Some(Dialog::Revoke(dialog)) => [dialog.id].into(),
        Some(Dialog::RevokeMany(dialog)) => dialog.ids().collect(),
        Some(Dialog::Adopt(dialog)) => dialog.ids.iter().copied().collect(),
        Some(Dialog::Renew(dialog)) => dialog.ids.iter().copied().collect(),
        Some(dialog) => dialog.lease().into_iter().collect(),
        None => BTreeSet::new(),
    }
}

/// The leases that an effect acts on.
fn acted_on(effects: &[Effect]) -> BTreeSet<LeaseId> {
    let id = |effect: &Effect| match effect {
        Effect::Revoke(id) | Effect::StopKeepAlive(id) | Effect::RenewOnce(id) | Effect::RenewNow(id) => Some(*id),
        Effect::StartKeepAlive { id, .. } => Some(*id),
        _ => None,
    };
    effects.iter().filter_map(id).collect()
}

/// The leases in the highlighted range.
fn range(story: &Story, seen: &Seen) -> BTreeSet<LeaseId> {
    let row = |shown: GroupedRow| seen.rows.iter().position(|row| *row == shown);
    let first = story.app.view.selection.range().map(GroupedRow::Lease);
    let Some((one, other)) = first.and_then(row).zip(seen.cursor.and_then(row)) else { return BTreeSet::new() };
    seen.rows[one.min(other)..=one.max(other)].iter().flat_map(|row| leases_of(story, *row)).collect()
}

fn press(story: &mut Story, seen: &mut Seen, key: Key) {
    let (dialog, marked, is_open) = (asked(story), marks(story), story.app.view.dialog.is_some());
    let highlighted = range(story, seen);
    let under_cursor: BTreeSet<LeaseId> = seen.cursor.into_iter().flat_map(|row| leases_of(story, row)).collect();
    let was_detail_open = story.app.displayed(story.now).0.view.is_open;
    let cursor = row_under_cursor(story.app.displayed(story.now).0);
    let effects = update(&mut story.app, Msg::Key(key), story.now);
    let reached = &acted_on(&effects) | &asked(story);
    let new_marks = &marks(story) - &marked;
    if is_open {
        assert!(reached.is_subset(&dialog), "{key}: {reached:?}, asked about {dialog:?}");
    } else {
        let allowed = if marked.is_empty() { under_cursor.clone() } else { &under_cursor | &marked };
        assert!(reached.is_subset(&allowed), "{key}: {reached:?}, seen {allowed:?}");
        let is_by_cursor = !reached.is_empty() && !reached.is_subset(&marked);
        assert!(!is_by_cursor || seen.is_settled(story.now), "{key}: {reached:?} came under the cursor just before");
    }
    let seen_for_marks = if highlighted.is_empty() { under_cursor } else { highlighted };
    assert!(new_marks.is_subset(&seen_for_marks), "{key}: {new_marks:?}, seen {seen_for_marks:?}");
    let (app, _) = story.app.displayed(story.now);
    let is_elsewhere = is_open || was_detail_open || row_under_cursor(app) == cursor;
    if let Key::Char(key) = key {
        seen.press(key, is_elsewhere);
    }
}

fn run_step(story: &mut Story, seen: &mut Seen, step: Step) {
    let (sent, received) = (story.now, story.now);
    let answer = |id: i64, ttl| {
        let keys = vec![format!("/svc/{}/{}", id % 5, id * 7 % 11).into_bytes()];
        let answer = TimeToLive { id: LeaseId(id), ttl, granted_ttl: 60, keys, header: Header::default() };
        Msg::Polled { sent, received, answer, has_keys: true }
    };
    let listing = |born: &[i64], gone: &[i64]| {
        let ids = |ids: &[i64]| ids.iter().copied().map(LeaseId).collect();
        Msg::Listed(Listing { sent, received, born: ids(born), gone: ids(gone), ..Listing::default() })
    };
    let msg = match step {
        Step::Renew(id, left) => answer(id, left),
        Step::Dying(id) => answer(id, -1),
        Step::Dies(id) => listing(&[], &[id]),
        Step::Born(id) => listing(&[id], &[]),
        Step::Press(key) => return press(story, seen, Key::Char(key)),
        Step::Esc => return press(story, seen, Key::Esc),
        Step::Enter => return press(story, seen, Key::Enter),
        Step::Frame => {
            refresh_rows(&mut story.app, story.now);
            return seen.frame(story);
        }
        Step::Wait(seconds) => {
            story.wait(seconds);
            Msg::Tick
        }
    };
    update(&mut story.app, msg, story.now);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(256)))]
    #[test]
    fn no_action_reaches_a_lease_that_the_user_did_not_see(
        is_by_left in any::<bool>(),
        groups in 0..3,
        steps in prop::collection::vec(step(), 1..300),
    ) {
        let sort = if is_by_left { Sort::by(Column::Left) } else { Sort::default() };
        let mut story = Story::start(AppConfig { sort, ..AppConfig::default() });
        story.list(&(1..=LEASES).collect::<Vec<_>>(), &[]);
        story.grant(LEASES / 2, 60);
        (1..=LEASES).for_each(|id| story.poll(id, 30 + id, 60, &[&format!("/svc/{}/{id}", id % 4)]));
        (0..groups).for_each(|_| _ = story.press(&[Key::Char('t')]));
        story.wait(10.0);
        let mut seen = Seen::default();
        seen.frame(&story);
        for step in steps {
            run_step(&mut story, &mut seen, step);
        }
    }
}

#[test]
fn a_range_to_a_lease_that_is_gone_and_was_never_seen_asks_again() {
    let mut story = Story::start(AppConfig::default());
    story.list(&(1..=LEASES).collect::<Vec<_>>(), &[]);
    (1..=LEASES).for_each(|id| story.poll(id, 30, 60, &[&format!("/svc/{id:02}")]));
    let keys = |story: &mut Story, keys: &[char]| {
        keys.iter().for_each(|key| _ = update(&mut story.app, Msg::Key(Key::Char(*key)), story.now));
    };
    refresh_rows(&mut story.app, story.now);
    keys(&mut story, &['v']);
    story.app.leases.remove(LeaseId(LEASES));
    keys(&mut story, &['G', ' ']);
    assert_eq!(marks(&story), BTreeSet::new());
    let status = story.app.view.status.as_ref().map(|status| status.text.as_str());
    assert_eq!(status, Some("The rows just moved: press Space again"));
}
