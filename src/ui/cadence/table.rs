//! The figures by TTL: own leases first, other clients' leases of the same TTL below.

use ratatui::text::{Line, Span};

use super::{Page, ViewLine, clock};
use crate::app::cadence::{CohortKey, CohortOwner, Intervals, human};
use crate::plural::plural;
use crate::ui::line::cut;
use crate::ui::{Role, format};

/// Width of all columns.
pub(super) const WIDTH: usize = 66;

/// A column with its rank. The highest rank is hidden first when width runs out.
struct FigureColumn {
    title: &'static str,
    width: usize,
    rank: u8,
    text: fn(&RowFigures) -> &str,
}

const COLUMNS: [FigureColumn; 7] = [
    FigureColumn { title: "TTL", width: 10, rank: 0, text: |row| &row.name },
    FigureColumn { title: "LEASES", width: 10, rank: 2, text: |row| &row.leases },
    FigureColumn { title: "MEAN", width: 9, rank: 0, text: |row| &row.spans[0] },
    FigureColumn { title: "MIN", width: 9, rank: 4, text: |row| &row.spans[1] },
    FigureColumn { title: "MAX", width: 9, rank: 3, text: |row| &row.spans[2] },
    FigureColumn { title: "P99", width: 9, rank: 5, text: |row| &row.spans[3] },
    FigureColumn { title: "EXPECTED", width: 10, rank: 1, text: |row| &row.expected },
];

/// The texts of a row.
struct RowFigures {
    name: String,
    leases: String,
    /// Mean, minimum, maximum and 99th percentile.
    spans: [String; 4],
    expected: String,
}

/// The title and a line per row, sorted by TTL.
pub(super) fn lines(page: &Page<'_>, width: usize) -> Vec<ViewLine> {
    let columns = fitting(width);
    let dim = page.style(Role::Dim);
    let heads: String = columns.iter().map(|column| format!("{:>1$}", column.title, column.width)).collect();
    let mut lines: Vec<ViewLine> = vec![Line::styled(heads, dim).into()];
    let mut keys = page.shown().to_vec();
    keys.sort_unstable_by_key(|key| (key.ttl, key.owner, key.asked));
    for (place, key) in keys.iter().enumerate() {
        let is_first = place == 0 || keys[place - 1].ttl != key.ttl;
        let row = figures(page, *key, is_first);
        let text: String = columns.iter().map(|column| format!("{:>1$}", (column.text)(&row), column.width)).collect();
        lines.push(page.row(*key, Line::from(Span::styled(text, page.style(Role::Text)))));
    }
    let hidden = page.rows.iter().filter(|key| !keys.contains(key));
    let leases: usize = hidden.clone().filter_map(|key| page.index.cohort(key)).map(|cohort| cohort.leases).sum();
    let hidden = hidden.count();
    if hidden > 0 {
        let text = format!("  {} with {}", plural(hidden, "more row"), plural(leases, "lease"));
        lines.push(Line::styled(cut(&text, width), dim).into());
    }
    lines
}

/// The texts of the row of a cohort. `is_first` is true for the first row of a TTL, which names it.
fn figures(page: &Page<'_>, key: CohortKey, is_first: bool) -> RowFigures {
    let own = page.report.series.iter().find(|series| key.is_of(series));
    let cohort = page.index.cohort(&key);
    let (intervals, is_bound) = match (own, cohort) {
        (Some(series), _) => (series.intervals.clone(), false),
        (None, Some(cohort)) => cohort.intervals(),
        (None, None) => (Intervals::default(), false),
    };
    let bound = if is_bound { "<=" } else { "" };
    let show = |span: Option<_>| span.map_or_else(String::new, |span| format!("{bound}{}", clock::interval(key, span)));
    let Intervals { mean, min, max, p99, .. } = intervals;
    // Other clients may use another schedule: the expected interval is that of Go's client.
    let expected = match (intervals.expected, key.owner) {
        (Some(expected), _) => human(expected),
        (None, CohortOwner::Own) => String::new(),
        (None, CohortOwner::Others) => {
            key.expected().map_or_else(String::new, |span| format!("~{}", format::span(span.as_secs_f64())))
        }
    };
    RowFigures {
        name: if is_first { cut(&key.ttl_in_words(), 10) } else { key.owner.word().to_owned() },
        leases: counts(page, key, is_first),
        spans: [mean, min, max, p99].map(show),
        expected,
    }
}

/// Own and other clients' leases of the TTL, `1+34`, on its first line. Empty on the others.
fn counts(page: &Page<'_>, key: CohortKey, is_first: bool) -> String {
    if !is_first {
        return String::new();
    }
    let count = |owner| {
        let of_owner = page.rows.iter().filter(|row| row.ttl == key.ttl && row.owner == owner);
        of_owner.filter_map(|row| page.index.cohort(row)).map(|cohort| cohort.leases).sum::<usize>()
    };
    format!("{}+{}", count(CohortOwner::Own), count(CohortOwner::Others))
}

/// The columns that fit into `width`.
fn fitting(width: usize) -> Vec<&'static FigureColumn> {
    let mut columns: Vec<&FigureColumn> = COLUMNS.iter().collect();
    while columns.iter().map(|column| column.width).sum::<usize>() > width {
        let highest = columns.iter().map(|column| column.rank).max().unwrap_or(0);
        if highest == 0 {
            break;
        }
        columns.retain(|column| column.rank != highest);
    }
    columns
}
