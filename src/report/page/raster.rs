//! The cadence raster: one row per lease, a mark per renewal, and the end with its cause.

use std::fmt::Write;

use super::drawing::{Anchor, Drawing, WIDTH, Xml, toned};
use super::shortened::first_of_each;
use super::time::TimeScale;
use super::trace::{Mark, Trace};
use super::{Page, Sentence, SentencePart, sawtooth};
use crate::plural::plural;
use crate::width::{DisplayWidth, cut, cut_key};

/// Where the plot starts and ends.
const LEFT: f64 = 250.0;
const RIGHT: f64 = 850.0;
/// Height of a row, and of a line of text.
const ROW: f64 = 16.0;
const TOP: f64 = 34.0;
/// Half the height of the mark of a renewal.
const TICK: f64 = 4.5;
/// Renewals that are closer than this are drawn as a band.
const BAND: f64 = 1.6;
const LABEL_CELLS: usize = 35;
/// Cells of a key in the title of a row.
const TITLE_CELLS: usize = 200;
/// Half the width of a character of a mark's word.
const HALF_CELL: f64 = 3.4;
/// Maximum number of lines across all rows.
const MAX_MARKS: usize = 40;
/// Rows and charts of the picture.
const PICTURE_ROWS: usize = 40;
const PICTURE_CHARTS: usize = 4;
/// Cells of a line of the picture's text.
const PICTURE_CELLS: usize = 130;

struct Plot<'a> {
    time: &'a TimeScale,
}

impl Plot<'_> {
    fn x(&self, at: f64) -> f64 {
        let share = (at - self.time.from) / self.time.span().max(1e-9);
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }
}

/// The raster of at most `most` leases, in their order. The first of each state is among them.
pub(super) fn raster(page: &Page, most: usize) -> Drawing {
    let plot = Plot { time: &page.time };
    let rows = page.traces.len().min(most);
    let bottom = TOP + rows as f64 * ROW;
    let mut drawing = Drawing { height: bottom + 8.0, ..Drawing::default() };
    for (at, label) in page.time.ticks(page.time.from, page.time.until, 6) {
        let x = plot.x(at);
        drawing.line((x, TOP - 6.0), (x, bottom), "grid");
        drawing.text((x, 12.0), Anchor::Middle, "dim", &label);
    }
    marks(&mut drawing, page.marks.iter(), |at| plot.x(at), (TOP - 6.0, bottom));
    for (number, trace) in first_of_each(&page.traces, rows, |trace| &trace.state).into_iter().enumerate() {
        row(&mut drawing, &plot, trace, TOP + (number as f64 + 0.5) * ROW);
    }
    if page.traces.len() > rows {
        let more =
            format!("{}, which deserve less attention, are not shown", plural(page.traces.len() - rows, "more lease"));
        drawing.text((0.0, bottom + 14.0), Anchor::Start, "dim", &more);
        drawing.height += 14.0;
    }
    drawing
}

/// Lines across a drawing for what happened to the cluster, with as many words as fit.
pub(super) fn marks<'a>(
    drawing: &mut Drawing,
    marks: impl Iterator<Item = &'a Mark>,
    x: impl Fn(f64) -> f64,
    (top, bottom): (f64, f64),
) {
    let mut free_from = f64::MIN;
    for mark in marks.take(MAX_MARKS) {
        let x = x(mark.at);
        drawing.line((x, top), (x, bottom), &toned("mark", mark.tone));
        let half = mark.word.width() as f64 * HALF_CELL;
        if x - half > free_from {
            drawing.text((x, top - 3.0), Anchor::Middle, &toned("text", mark.tone), &mark.word);
            free_from = x + half + 4.0;
        }
    }
}

fn row(drawing: &mut Drawing, plot: &Plot<'_>, trace: &Trace, y: f64) {
    drawing.open_group("row", &title(trace, plot.time));
    drawing.text((0.0, y + 4.0), Anchor::Start, "key", &cut_key(trace.name(), LABEL_CELLS));
    let (first, last) = (plot.x(trace.first), plot.x(trace.last));
    drawing.line((first, y), (last.max(first + 1.0), y), "life");
    for (from, until, tone) in &trace.overdue {
        let (x, until) = (plot.x(*from), plot.x(*until));
        drawing.rect((x, y - 3.0), ((until - x).max(1.5), 6.0), &toned("overdue", *tone));
    }
    let (ticks, bands) = renewals(trace, plot, y);
    drawing.path("band", &bands);
    drawing.path("renewals", &ticks);
    let dropped: String = pixels(&trace.drops, plot, 2.0).map(|x| format!("M{x:.1} {:.1}v4", y + TICK - 2.0)).collect();
    drawing.path("dropped", &dropped);
    if trace.end.is_some() {
        let (left, up, down) = (last - 3.5, y - 3.5, y + 3.5);
        let cross = format!("M{left:.1} {up:.1}l7 7M{left:.1} {down:.1}l7 -7");
        drawing.path(&toned("end", trace.tone()), &cross);
    }
    drawing.text((RIGHT + 10.0, y + 4.0), Anchor::Start, &toned("text", trace.tone()), &outcome(trace, plot.time));
    drawing.close_group();
}

/// `expired 03:12:20`, or `ok, every 3.50 s`
pub(super) fn outcome(trace: &Trace, time: &TimeScale) -> String {
    match (trace.end, trace.interval) {
        (Some(at), _) => format!("{} {}", trace.state, time.label(at)),
        (None, Some(every)) => format!("{}, every {every:.2} s", trace.state),
        (None, None) => trace.state.clone(),
    }
}

/// What a browser shows at the pointer.
fn title(trace: &Trace, time: &TimeScale) -> String {
    let ttl = trace.ttl.map_or_else(String::new, |ttl| format!(", TTL {ttl:.0} s"));
    let renewals = plural(trace.renewals.len(), "renewal");
    format!("{}, lease {}{ttl}: {renewals}; {}", cut(trace.name(), TITLE_CELLS), trace.id, outcome(trace, time))
}

/// The marks of single renewals, and the bands of renewals that are too close to tell apart.
fn renewals(trace: &Trace, plot: &Plot<'_>, y: f64) -> (String, String) {
    let (mut ticks, mut bands) = (String::new(), String::new());
    let mut places = trace.renewals.iter().map(|at| plot.x(*at)).peekable();
    while let Some(start) = places.next() {
        let mut end = start;
        while let Some(next) = places.next_if(|next| next - end < BAND) {
            end = next;
        }
        // Writing to a string cannot fail.
        let _ = if end - start < 0.1 {
            write!(ticks, "M{start:.1} {:.1}v{}", y - TICK, 2.0 * TICK)
        } else {
            write!(bands, "M{:.1} {y:.1}h{:.1}", start - 0.5, end - start + 1.0)
        };
    }
    (ticks, bands)
}

/// The x coordinates of times, without those less than `apart` from the one before.
fn pixels<'a>(times: &'a [f64], plot: &'a Plot<'_>, apart: f64) -> impl Iterator<Item = f64> {
    let mut last = f64::MIN;
    times.iter().map(|at| plot.x(*at)).filter(move |x| {
        let is_apart = x - last >= apart;
        if is_apart {
            last = *x;
        }
        is_apart
    })
}

/// The whole page as one picture: the answer, the raster and a few charts.
pub(super) fn picture(page: &Page) -> String {
    let mut all = Drawing { height: 24.0, ..Drawing::default() };
    all.text((0.0, 16.0), Anchor::Start, "title", &cut(&page.title, 90));
    for sentence in &page.verdict {
        for line in wrapped(sentence) {
            all.height += ROW;
            let at = all.height;
            all.text((0.0, at), Anchor::Start, "text", &line);
        }
    }
    let facts: Vec<String> = page.facts.iter().map(|(name, text)| format!("{name} {text}")).collect();
    for line in textwrap::wrap(&facts.join(", "), PICTURE_CELLS) {
        all.height += ROW;
        let at = all.height;
        all.text((0.0, at), Anchor::Start, "dim", &line);
    }
    all.height += 14.0;
    if !page.traces.is_empty() {
        all.append(&raster(page, PICTURE_ROWS));
    }
    for chart in sawtooth::charts(page, PICTURE_CHARTS) {
        all.append(&chart);
    }
    let (width, height) = (WIDTH + 40.0, all.height + 40.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"-20 -20 {width:.0} \
         {height:.0}\">\n<title>{}</title>\n<style>{}</style>\n<rect x=\"-20\" y=\"-20\" width=\"100%\" height=\"100%\" \
         class=\"background\"/>\n{}</svg>\n",
        Xml(&page.title),
        include_str!("svg.css"),
        all.body
    )
}

fn wrapped(sentence: &Sentence) -> Vec<String> {
    let text: String = sentence
        .0
        .iter()
        .map(|part| match part {
            SentencePart::Text(text) | SentencePart::Quote(text) => text.as_str(),
        })
        .collect();
    textwrap::wrap(&text, PICTURE_CELLS).into_iter().map(std::borrow::Cow::into_owned).collect()
}
