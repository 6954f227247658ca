//! The cadence view: its cursor on a TTL, the lease shown for it, and the time span of the clock.

use std::time::Duration;

use super::cadence::{CadenceIndex, CohortKey, CohortOwner};
use super::keymap::Action;
use super::view_filter::{ViewFilter, ViewFilterField};
use etcd_lease::LeaseId;

/// Time spans of the clock in seconds.
const SPANS: [u64; 8] = [30, 60, 120, 300, 600, 1_800, 3_600, 7_200];
/// Index of the initial span, two minutes.
const INITIAL_SPAN: usize = 2;

/// The cursor of the cadence view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CadenceCursor {
    /// The filter that decides which cohorts have a row.
    pub filter: ViewFilter,
    cohort: Option<CohortKey>,
    /// Whether the user moved the cursor. Until then it stays on the first row.
    is_moved: bool,
    /// Index of the cursor among the rows, for when its cohort is gone.
    row: usize,
    /// Index in [`SPANS`].
    span: usize,
    /// The lease that the user chose to see in the row of a cohort.
    chosen: Option<(CohortKey, LeaseId)>,
    /// The leases of the rows that may be on the screen, as of the last refresh.
    shown: Vec<LeaseId>,
}

impl Default for CadenceCursor {
    fn default() -> Self {
        CadenceCursor {
            filter: ViewFilter::default(),
            cohort: None,
            is_moved: false,
            row: 0,
            span: INITIAL_SPAN,
            chosen: None,
            shown: Vec::new(),
        }
    }
}

impl CadenceCursor {
    /// Maximum number of rows that the view shows, however tall the screen is.
    pub const MOST_ROWS: usize = 32;

    /// The cursor after a restart with a new sandbox. Only the time span stays.
    pub(super) fn restarted(&self) -> Self {
        CadenceCursor { span: self.span, ..CadenceCursor::default() }
    }

    /// The cohorts that the filter shows, in the order of the screen.
    pub fn rows(&self, index: &CadenceIndex) -> Vec<CohortKey> {
        let mut rows = index.rows();
        rows.retain(|key| self.filter.matches(&facts(key)));
        rows
    }

    /// Updates the cursor, the chosen lease and the leases that may be on the screen after cohorts changed. The cursor stays
    /// on its cohort, or on its row if the cohort is gone.
    pub(super) fn refresh(&mut self, index: &CadenceIndex) {
        let rows = self.rows(index);
        let cohort = if self.is_moved { self.cohort } else { None };
        match cohort.and_then(|cohort| rows.iter().position(|key| *key == cohort)) {
            Some(row) => self.row = row,
            None => self.move_to(&rows, if self.is_moved { self.row } else { 0 }),
        }
        if self.chosen.is_some_and(|(key, id)| !index.is_in(id, &key)) {
            self.chosen = None;
        }
        // The leases of rows that may be on the screen are polled as visible ones.
        let around = rows.iter().skip(self.row.saturating_sub(Self::MOST_ROWS)).take(2 * Self::MOST_ROWS);
        self.shown = around.filter_map(|key| self.lease(index, key)).collect();
    }

    /// Moves the cursor or scrolls. A step down from the last row scrolls to the lines below the rows, and a step up scrolls
    /// back first. Pages only scroll. After [`Action::First`], the cursor stays on the first row whatever its cohort is.
    pub(super) fn go(&mut self, index: &CadenceIndex, scroll: &mut usize, page: usize, action: Action) {
        let rows = self.rows(index);
        let last = rows.len().saturating_sub(1);
        self.is_moved = action != Action::First;
        match action {
            Action::Down if self.row < last => self.move_to(&rows, self.row + 1),
            Action::Down => *scroll = scroll.saturating_add(1),
            Action::Up if *scroll > 0 => *scroll -= 1,
            Action::Up => self.move_to(&rows, self.row.saturating_sub(1)),
            Action::PageDown => *scroll = scroll.saturating_add(page),
            Action::HalfDown => *scroll = scroll.saturating_add(page.div_ceil(2)),
            Action::PageUp => *scroll = scroll.saturating_sub(page),
            Action::HalfUp => *scroll = scroll.saturating_sub(page.div_ceil(2)),
            Action::Last => {
                self.move_to(&rows, last);
                *scroll = usize::MAX;
            }
            _ => {
                self.move_to(&rows, 0);
                *scroll = 0;
            }
        }
    }

    fn move_to(&mut self, rows: &[CohortKey], row: usize) {
        self.row = row.min(rows.len().saturating_sub(1));
        self.cohort = rows.get(self.row).copied();
    }

    /// Moves the cursor to a cohort, if it has a row.
    pub(super) fn select(&mut self, index: &CadenceIndex, key: CohortKey) {
        if let Some(row) = self.rows(index).iter().position(|row| *row == key) {
            self.row = row;
            self.cohort = Some(key);
            self.is_moved = true;
        }
    }

    /// Shows the next or the previous lease of the selected cohort.
    pub(super) fn show_other(&mut self, index: &CadenceIndex, is_next: bool) {
        let Some(key) = self.cohort else { return };
        let ids = index.ids(&key);
        let Some(place) = self.lease(index, &key).and_then(|id| ids.binary_search(&id).ok()) else { return };
        let step = if is_next { 1 } else { ids.len() - 1 };
        self.is_moved = true;
        self.chosen = Some((key, ids[(place + step) % ids.len()]));
    }

    /// Shortens or extends the time span of the clock.
    pub(super) fn change_span(&mut self, is_longer: bool) {
        self.span = if is_longer { (self.span + 1).min(SPANS.len() - 1) } else { self.span.saturating_sub(1) };
    }

    /// The time span of the clock.
    pub fn span(&self) -> Duration {
        Duration::from_secs(SPANS[self.span])
    }

    /// The selected cohort.
    pub fn selected(&self) -> Option<CohortKey> {
        self.cohort
    }

    /// The index of the selected row.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The lease in the row of a cohort: the one that the user chose, or the representative.
    pub fn lease(&self, index: &CadenceIndex, key: &CohortKey) -> Option<LeaseId> {
        let chosen = self.chosen.filter(|(cohort, _)| cohort == key).map(|(_, id)| id);
        chosen.or_else(|| index.cohort(key)?.representative())
    }

    /// The leases of the rows that may be on the screen, as of the last refresh.
    pub(super) fn shown(&self) -> &[LeaseId] {
        &self.shown
    }
}

/// The texts of a cohort that the filter searches.
fn facts(key: &CohortKey) -> [(ViewFilterField, String); 4] {
    // The words of the leases view (own, adopted, other) and of this view (own, others).
    let [who, synonym] = match key.owner {
        CohortOwner::Own => ["own", "adopted"],
        CohortOwner::Others => ["others", "other"],
    };
    [
        (ViewFilterField::Ttl, key.ttl.to_string()),
        (ViewFilterField::Text, format!("{} s", key.ttl)),
        (ViewFilterField::Who, who.to_owned()),
        (ViewFilterField::Who, synonym.to_owned()),
    ]
}
