use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::*;
use crate::app::{AppConfig, Event, EventKind, Listing, Msg};
use crate::recording::incidents::incident;
use crate::recording::{Entry, Header, Player, Recording, measure};
use etcd_lease::{Granted, Header as ReplyHeader, KeyEntry, LeaseId};
use simkit::{Stopwatch, Timestamp};

const INCIDENTS: [&str; 3] = ["leader-killed.jsonl.gz", "stalled-reader.jsonl.gz", "leak.jsonl.gz"];
const FORMATS: [PageFormat; 3] = [PageFormat::Html, PageFormat::Svg, PageFormat::Markdown];

fn page(recording: Recording) -> Page {
    recorded_page(recording, "incident.jsonl.gz", AppConfig::default())
}

fn rendered(page: &Page, format: PageFormat) -> String {
    page.render(format, SystemTime::UNIX_EPOCH)
}

/// A recording of leases that have these keys.
fn with_keys(cluster: &str, keys: &[&[u8]]) -> Recording {
    let config = AppConfig { target: cluster.to_owned(), ..AppConfig::default() };
    let header = Header::new(&config, SystemTime::UNIX_EPOCH, Timestamp::START, 1);
    let born: Vec<LeaseId> = (1..=keys.len() as i64).map(LeaseId).collect();
    let entry =
        |(key, lease): (&&[u8], &LeaseId)| KeyEntry { key: key.to_vec(), lease: Some(*lease), create_revision: 1 };
    let entries = keys.iter().zip(&born).map(entry).collect();
    let listing = Listing { total: born.len(), born, ..Listing::default() };
    let messages = [Msg::Listed(listing), Msg::KeysReloading, Msg::KeysPage(entries), Msg::KeysRead { revision: 1 }];
    let mut entries: Vec<Entry> = messages.into_iter().map(|msg| Entry { at: Timestamp::START, msg }).collect();
    entries.push(Entry { at: Timestamp::at(Duration::from_secs(5)), msg: Msg::KeyBytes(1) });
    Recording { header, entries, is_truncated: false }
}

/// Checks that the elements are closed in order and that texts and attributes contain no `<`. Returns the names of the elements
/// with their number.
fn elements(text: &str) -> BTreeMap<String, usize> {
    const VOID: [&str; 1] = ["meta"];
    let (mut open, mut counts) = (Vec::new(), BTreeMap::new());
    let mut rest = text.strip_prefix("<!DOCTYPE html>\n").unwrap_or(text);
    while let Some((before, after)) = rest.split_once('<') {
        assert!(open.last() == Some(&"style") || !before.contains('>'), "{before}");
        let (tag, after) = after.split_once('>').expect("a tag ends");
        assert!(!tag.contains('<') && tag.matches('"').count().is_multiple_of(2), "{tag}");
        assert!([" href=", " src=", " on"].iter().all(|attribute| !tag.contains(attribute)), "{tag}");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{before}");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        *counts.entry(name.to_owned()).or_insert(0) += 1;
        if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    counts
}

#[test]
fn what_comes_from_etcd_cannot_become_markup() {
    let keys: [&[u8]; 8] = [
        b"/svc/<script>alert(1)</script>",
        b"/svc/<img src=x onerror=alert(1)>",
        b"/svc/\"' onload='x",
        b"/svc/\x1b[2J\x00\xff",
        "/svc/\u{202e}gnp.exe".as_bytes(),
        b"/svc/`| [a](javascript:b) ![c](http://d)",
        b"]]>--></svg></title></style>",
        b"@everyone #1 **bold**",
    ];
    let page = page(with_keys("<script>alert(2)</script>", &keys));
    for format in FORMATS {
        let text = rendered(&page, format);
        let is_hidden = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(is_hidden), "{text}");
        assert!(text.contains("u{202e}"), "{text}");
        if format == PageFormat::Markdown {
            let outside = outside_of_code(&text).replace("\\<", "");
            for part in ["<script", "javascript:", "@everyone", "**bold", "<img"] {
                assert!(!outside.contains(part), "{part}: {outside}");
            }
            assert_eq!(table_widths(&text), [11], "{text}");
            continue;
        }
        let known = [
            "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "div", "p", "code", "dl", "dt", "dd",
        ];
        let known = [&known[..], &["figure", "figcaption", "svg", "g", "text", "line", "path", "rect"]].concat();
        let known = [&known[..], &["table", "thead", "tbody", "tr", "th", "td", "footer", "h3", "ul", "li"]].concat();
        let found = elements(&text);
        assert!(found.keys().all(|name| known.contains(&name.as_str())), "{found:?}");
    }
}

/// A file whose messages were changed by hand.
#[test]
fn an_end_before_the_first_sight_of_a_lease_has_a_row() {
    let mut recording = with_keys("c", &[b"/svc/a"]);
    let at = |seconds| Timestamp::at(Duration::from_secs(seconds));
    let born = vec![LeaseId(1)];
    let gone = Listing { sent: at(5), received: at(5), revision: 2, gone: born.clone(), ..Listing::default() };
    let born = Listing { sent: at(60), received: at(60), revision: 1, born, total: 1, ..Listing::default() };
    let messages = [(60, Msg::Listed(born)), (65, Msg::Listed(gone)), (70, Msg::KeyBytes(1))];
    recording.entries = messages.into_iter().map(|(second, msg)| Entry { at: at(second), msg }).collect();
    let page = page(recording);
    let trace = &page.traces[0];
    assert!(trace.first <= trace.last, "{trace:?}");
    FORMATS.iter().for_each(|format| assert!(rendered(&page, *format).contains("0000000000000001")));
}

/// Markdown without its code blocks and code spans.
fn outside_of_code(text: &str) -> String {
    let mut outside = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let (before, code) = rest.split_at(start);
        // An escaped backquote starts no code.
        let run = if before.ends_with('\\') { 0 } else { code.len() - code.trim_start_matches('`').len() };
        outside.push_str(before);
        let fence = "`".repeat(run.max(1));
        let body = &code[fence.len()..];
        let end = if run == 0 { Some(0) } else { closing(body, run) };
        rest = &body[end.expect("code ends")..];
    }
    outside + rest
}

/// Where the text after the run of `length` backquotes starts.
fn closing(text: &str, length: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        at = start + run;
        if run == length {
            return Some(at);
        }
    }
    None
}

/// The different numbers of cells in the rows of Markdown's tables.
fn table_widths(text: &str) -> Vec<usize> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let mut widths: Vec<usize> = rows.map(|row| row.replace("\\|", "").matches('|').count() - 1).collect();
    widths.sort_unstable();
    widths.dedup();
    widths
}

/// All events of a recording.
fn events(recording: Recording) -> Vec<Event> {
    let start = recording.start();
    let mut player = Player::new(recording.entries, start, recording.header.config(AppConfig::default()));
    let mut app = player.initial_state();
    let mut events = Vec::new();
    player.play(&mut app, |_, _, new| events.extend(new));
    events
}

#[test]
fn the_page_of_an_incident_says_what_its_events_say() {
    for name in INCIDENTS {
        let (page, events) = (page(incident(name)), events(incident(name)));
        let is_renewal = |event: &&Event| matches!(event.kind, EventKind::Renewed(_));
        assert_eq!(
            page.traces.iter().map(|trace| trace.renewals.len()).sum::<usize>(),
            events.iter().filter(is_renewal).count()
        );
        assert_eq!(page.events.len(), events.iter().filter(|event| !is_renewal(event)).count());
        for word in ["expired", "revoked", "ran out"] {
            let count = |kind: &EventKind| match kind {
                EventKind::LeaseEnded(ended) => crate::app::LeaseState::Ended(ended.cause).word() == word,
                _ => false,
            };
            let count = events.iter().filter(|event| count(&event.kind)).count();
            let verdict = rendered(&page, PageFormat::Markdown);
            assert_eq!(verdict.contains(&format!(" {count} {word}")), count > 0, "{name}: {count} {word}: {verdict}");
        }
        let html = rendered(&page, PageFormat::Html);
        let found = elements(&html);
        assert_eq!(html.matches("<g class=\"row\">").count(), page.traces.len());
        // Two tables with a row of titles.
        assert_eq!(found["tr"], page.traces.len() + page.events.len() + 2);
        assert_eq!(html.matches("<g class=\"chart\">").count(), verdict::interesting(&page.traces, 8).len());
        assert!(found["svg"] > 1 && html.len() < 200_000, "{name}: {}", html.len());
        elements(&rendered(&page, PageFormat::Svg));
    }
}

#[test]
fn the_answer_names_what_went_wrong_first() {
    let answers = INCIDENTS.map(|name| {
        let text = rendered(&page(incident(name)), PageFormat::Markdown);
        text.split("\n- from").next().unwrap_or_default().to_owned()
    });
    insta::assert_snapshot!(answers.join("----\n"));
}

#[test]
fn a_lease_that_is_granted_again_with_its_id_lives_to_the_end_of_the_page() {
    let mut recording = with_keys("prod", &[b"/a"]);
    let entry = |seconds, msg| Entry { at: Timestamp::at(Duration::from_secs(seconds)), msg };
    let (id, sent) = (LeaseId(1), Timestamp::at(Duration::from_secs(12)));
    let answer = Granted { id, requested_ttl: 60, ttl: 60, header: ReplyHeader::default() };
    recording.entries.extend([
        entry(10, Msg::Revoked { id, revision: 7, keys_deleted: Some(1) }),
        entry(12, Msg::Granted { sent, received: sent, answer, keep_alive: false, job: None }),
        entry(20, Msg::KeyBytes(1)),
    ]);
    let page = page(recording);
    let [trace] = &page.traces[..] else { panic!("{:?}", page.traces) };
    assert_eq!((trace.state.as_str(), trace.end, trace.last), ("unseen", None, 20.0));
}

#[test]
fn a_recording_without_leases_says_so() {
    let mut recording = with_keys("prod", &[]);
    recording.is_truncated = true;
    let page = page(recording);
    for format in FORMATS {
        let text = rendered(&page, format);
        assert!(text.contains("The recording of 5.0 s has no leases."), "{text}");
    }
    assert!(rendered(&page, PageFormat::Html).contains("The file has no proper end"));
    elements(&rendered(&page, PageFormat::Html));
}

fn result(json: &str) -> Page {
    let source = PageSource::read(json.as_bytes(), "result.json").expect("a result");
    source.into_page("result.json", AppConfig::default()).expect("a page")
}

#[test]
fn the_page_of_an_exercise_has_its_answer() {
    let page = result(
        r#"{"at":"2026-11-29T03:14:07.000Z","pace":"clientv3","for":60.0,"series":[{"ttl":10,"granted_ttl":10,"count":2,"lost":1,
        "losses":[{"id":"000000000000000a","at":"2026-11-29T03:13:50.000Z","cause":"not found"}],"renewals":36,
        "interval":{"expected":3.5,"mean":3.5,"min":3.4,"max":3.6,"p50":3.5,"p99":3.6},"interval_to_ttl":0.35,
        "round_trip":{"p50":0.001,"p99":0.002},"least_left":6.4,"queue":{"capacity":16,"depth":1,"dropped":0},"ids":["000000000000000a"]}],
        "answer":"NO: it is TTL/3. 1 lease was lost."}"#,
    );
    for format in [PageFormat::Html, PageFormat::Svg] {
        let text = rendered(&page, format);
        elements(&text);
        assert!(text.contains("Is the renewal interval the same for every TTL? NO: it is TTL/3."), "{text}");
        assert_eq!((text.matches("class=\"row\"").count(), text.matches("class=\"chart\"").count()), (1, 1));
    }
    let text = rendered(&page, PageFormat::Markdown);
    assert!(text.contains("03:13:50.000        lost        000000000000000a  not found"), "{text}");
    assert!(text.contains("| 10 s | 2 | 1 | 36 | 3.50 s |"), "{text}");
}

#[test]
fn the_page_of_a_list_has_its_leases_and_diagnoses() {
    let page = result(
        r#"{"at":"2026-11-29T03:14:00.000Z","cluster":{"id":"1a","version":"3.5.29"},"watched":60.0,"leases":[
        {"id":"694d000000000001","granted_ttl":10,"left":2.0,"state":"late","who":"other","keys":["/svc/a/1"],"renewals":14,"every":3.5,
         "last_renewed":"2026-11-29T03:13:52.000Z","margin":2.0,"warnings":[{"name":"thin-margin","what":"It had 2 s left.","why":"Why.",
         "advice":"Do."}]},
        {"id":"694d000000000002","granted_ttl":20,"left":15.0,"state":"ok","who":"other","keys":["/svc/\\xff"],
         "keys_base64":["L3N2Yy//"],"renewals":0,"warnings":[]}]}"#,
    );
    let text = rendered(&page, PageFormat::Markdown);
    assert!(
        text.contains("2 leases, watched for 1 min: 1 late, 1 ok.")
            && text.contains("The most urgent is `/svc/a/1`: late."),
        "{text}"
    );
    assert!(text.contains("### Diagnosis: `thin-margin`, 1 lease") && text.contains(r"`/svc/\xff`"), "{text}");
    let late = &page.traces[0];
    assert_eq!((late.renewals.len(), late.renewals.last().copied()), (14, Some(52.0)));
    assert_eq!(late.deadlines.last(), Some(&trace::DeadlinePoint { at: 52.0, deadline: Some(62.0) }));
    elements(&rendered(&page, PageFormat::Html));
}

#[test]
fn the_verdict_on_a_list_does_not_call_unknown_leases_healthy() {
    let verdict = |states: &[&str]| {
        let lease =
            |state: &&str| format!(r#"{{"id":"1","granted_ttl":10,"state":"{state}","who":"other","warnings":[]}}"#);
        let leases: Vec<String> = states.iter().map(lease).collect();
        let page = format!(
            r#"{{"at":"2026-11-29T03:14:00.000Z","cluster":{{"id":"1a"}},"watched":60.0,"leases":[{}]}}"#,
            leases.join(",")
        );
        rendered(&result(&page), PageFormat::Markdown)
    };
    assert!(verdict(&["ok", "ok"]).contains("Nothing is wrong with them."));
    assert!(verdict(&["ok"]).contains("Nothing is wrong with it."));
    let unknown = verdict(&["ok", "unseen", "unrenewed"]);
    assert!(unknown.contains("No renewal of 2 leases was seen.") && !unknown.contains("Nothing is wrong"), "{unknown}");
}

#[test]
fn absurd_numbers_in_a_result_are_shown_as_far_as_possible() {
    let page = result(
        r#"{"at":"9999-12-30T22:00:00Z","cluster":{"id":""},"watched":1e300,"leases":[{"id":"x","granted_ttl":9223372036854775807,
        "left":1e308,"state":"\u001b","who":"","keys":null,"renewals":18446744073709551615,"every":1e-300,
        "last_renewed":"-009999-01-01T00:00:00Z","margin":-1}]}"#,
    );
    FORMATS.iter().for_each(|format| assert!(rendered(&page, *format).len() < 40_000));
}

/// An hour of 300 leases.
#[test]
#[ignore = "run by tests/measure record"]
#[expect(clippy::print_stdout, reason = "figures go there")]
fn reporting() {
    let recording = measure::hour();
    let started = Stopwatch::start();
    let html = rendered(&page(recording), PageFormat::Html);
    println!("seconds_to_report {:.2}", started.elapsed().as_secs_f64());
    println!("bytes_of_report {}", html.len());
    assert_eq!(html.matches("<g class=\"row\">").count(), 300);
}
