//! The first lines of the detail: how the lease is doing, and what to do about it, in words.

use std::time::Duration;

use ratatui::text::Line;

use super::DetailPage;
use crate::app::{EndCause, Lease, LeaseState, last_renewal_in_words};
use crate::id_format::IdFormat;
use crate::inference::lease_inference::Certainty;
use crate::ui::line::wrap;
use crate::ui::{Role, format};
use simkit::Timestamp;

/// A verdict with its role, and a fix if there is one.
struct Verdict {
    role: Role,
    text: String,
    fix: Option<String>,
}

impl Verdict {
    fn new(role: Role, text: String) -> Self {
        Verdict { role, text, fix: None }
    }
}

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let Some(verdict) = verdict(page.lease, page.ctx.app.view.id_format, page.ctx.now) else { return Vec::new() };
    let theme = page.theme();
    let said = |role, text: &str| -> Vec<Line<'static>> {
        wrap(text, page.width.max(1)).into_iter().map(|line| Line::styled(line, theme.style(role))).collect()
    };
    let mut lines = said(verdict.role, &verdict.text);
    lines.extend(verdict.fix.iter().flat_map(|fix| said(Role::Text, fix)));
    lines
}

/// The verdict on a lease. `None` while too little is known.
fn verdict(lease: &Lease, ids: IdFormat, now: Timestamp) -> Option<Verdict> {
    let ttl = format::ttl(lease.granted_ttl?);
    let left = lease.left(now).map(format::span);
    let silent = lease.unrenewed(now).map(|span| format::span(span.as_secs_f64()));
    let every = lease.usual_interval();
    let usual = match lease.new_lease_every() {
        Some(every) => format!(" Its client usually grants a new lease every {} s.", format::seconds(every)),
        None => lease
            .established_interval()
            .map_or(String::new(), |every| format!(" It is usually renewed every {} s.", format::seconds(every))),
    };
    let awaited = lease.awaited().in_words();
    Some(match lease.state(now) {
        LeaseState::Ended(EndCause::Replaced) => {
            Verdict::new(Role::Text, format!("{} Its TTL of {ttl} ran out.", replaced(lease, ids)))
        }
        LeaseState::Ended(cause) => Verdict::new(ended_role(cause), ended(lease, cause, &ttl)),
        LeaseState::Dying => Verdict::new(Role::Danger, "It has expired. etcd removes it within moments.".to_owned()),
        LeaseState::Unseen => {
            Verdict::new(Role::Warning, "Polls about it get no reply. It may have ended or been renewed.".to_owned())
        }
        LeaseState::Risk => {
            let text = match left {
                Some(left) => format!("The {awaited} is overdue, and only {left} left.{usual}"),
                None => format!("The {awaited} is overdue, and little time is left.{usual}"),
            };
            let fix = "It expires unless it is renewed now. See whether the program that renews it still runs.";
            Verdict { fix: Some(fix.to_owned()), ..Verdict::new(Role::Danger, text) }
        }
        LeaseState::Late => {
            let silent =
                silent.map_or(format!("Its {awaited} is overdue."), |silent| format!("No {awaited} for {silent}."));
            Verdict::new(Role::Warning, silent + &usual)
        }
        LeaseState::Paused => {
            let text =
                left.map_or("It is not renewed.".to_owned(), |left| format!("Not renewed: it expires in {left}."));
            Verdict::new(Role::Text, text)
        }
        LeaseState::Unrenewed => unrenewed(lease, left),
        _ => match every {
            Some(every) if !every.is_zero() => renewed(lease, every, &ttl),
            _ if lease.replaced_by().is_some() => {
                Verdict::new(Role::Text, format!("{} It runs out by itself.", replaced(lease, ids)))
            }
            _ => match lease.new_lease_every() {
                Some(every) => {
                    let every = format::span(every.as_secs_f64());
                    let text = format!("Its client grants a new lease every ~{every} instead of renewing it.");
                    Verdict::new(Role::Text, text)
                }
                None => not_renewed(lease, left)?,
            },
        },
    })
}

/// Where the keys of a replaced lease are now.
fn replaced(lease: &Lease, ids: IdFormat) -> String {
    match lease.replaced_by().map(|id| ids.name(id)) {
        Some(other) if lease.has_line_ended() => {
            format!("Its keys moved to lease {other}; the last lease that had them has ended.")
        }
        Some(other) => format!("Replaced: its keys moved to the newer lease {other}."),
        None => "Replaced: its keys moved to a newer lease.".to_owned(),
    }
}

fn ended_role(cause: EndCause) -> Role {
    if cause == EndCause::RanOut { Role::Text } else { Role::Danger }
}

fn ended(lease: &Lease, cause: EndCause, ttl: &str) -> String {
    let by_whom = if lease.end().is_some_and(|end| end.is_ours) { "leasetop" } else { "another client" };
    let last = lease.end().and_then(|end| lease.last_renewal(end.at));
    match (cause, last) {
        (EndCause::Expired | EndCause::RanOut, Some(last)) => {
            format!("Expired after its TTL of {ttl}: {}.", last_renewal_in_words(last))
        }
        (EndCause::Expired | EndCause::RanOut, None) => format!("Expired after its TTL of {ttl}."),
        (EndCause::Revoked, _) => format!("Revoked by {by_whom}. etcd deleted its keys."),
        (EndCause::Replaced | EndCause::Unknown, _) => {
            "Gone: it expired or was revoked. Which of them could not be seen.".to_owned()
        }
        (EndCause::NotRestored, _) => "Not in the restored cluster: etcd was restored or wiped.".to_owned(),
    }
}

/// What the interval means for a lease that is renewed.
fn renewed(lease: &Lease, every: Duration, ttl: &str) -> Verdict {
    /// A renewal that is sent less than this before the deadline may be too late, in seconds.
    const TOO_CLOSE: f64 = 0.5;
    let seconds = lease.granted_ttl.unwrap_or_default() as f64;
    let interval = every.as_secs_f64();
    // This many renewals in a row may fail: the next one still comes well before the deadline.
    let to_spare = ((seconds - TOO_CLOSE) / interval).floor() as i64 - 1;
    let certainty = lease.others_usual_interval().map(|usual| usual.certainty);
    // The interval may be shorter.
    let is_bound = certainty == Some(Certainty::AtLeast);
    let at_least = if is_bound { "at least " } else { "" };
    let sign = certainty.map_or("", |_| if is_bound { "<=" } else { "~" });
    let every = format!("{sign}{}", format::seconds(every));
    let renews = format!("Renews every {every} s on a {ttl} TTL");
    match to_spare {
        ..=0 => {
            let third = format::seconds(Duration::from_secs_f64(seconds / 3.0));
            let longer = format::ttl(round_up(3.0 * interval));
            let kills = if is_bound { "may kill" } else { "kills" };
            Verdict {
                fix: Some(format!("Renew at TTL/3 ({third} s), or raise the TTL to {longer}.")),
                ..Verdict::new(Role::Warning, format!("{renews}: one missed renewal {kills} it."))
            }
        }
        1 => Verdict::new(Role::Text, format!("{renews}: it survives {at_least}one missed renewal.")),
        many => Verdict::new(Role::Text, format!("{renews}: it survives {at_least}{many} missed renewals.")),
    }
}

/// The verdict on a lease that nobody renews and that may be meant to expire.
fn unrenewed(lease: &Lease, left: Option<String>) -> Verdict {
    let left = left.map_or(String::new(), |left| format!(": it expires in {left}"));
    let what = if lease.is_never_renewed() { "Never renewed" } else { "Not renewed while watched" };
    let fix =
        "A cache entry expires like this. If a client should renew it, its keepalive never started or has stopped.";
    Verdict { fix: Some(fix.to_owned()), ..Verdict::new(Role::Text, format!("{what}{left}.")) }
}

/// The verdict on another client's lease of which no renewal was seen. `None` if too little was seen of it.
fn not_renewed(lease: &Lease, left: Option<String>) -> Option<Verdict> {
    // Some seconds of watching say nothing, and one renewal gives no interval.
    let was_renewed = lease.last_renewed().is_some();
    if lease.is_kept_alive || was_renewed || !lease.observed.is_unrenewed() {
        return None;
    }
    let left = left.map_or(String::new(), |left| format!(": it expires in {left}"));
    Some(Verdict::new(Role::Warning, format!("No renewal was seen{left}.")))
}

/// The next round number of seconds.
fn round_up(seconds: f64) -> i64 {
    let power = 10_f64.powf(seconds.max(1.0).log10().floor());
    let factor =
        [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].into_iter().find(|factor| factor * power >= seconds);
    (factor.unwrap_or(10.0) * power).ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_ttl_is_a_round_number() {
        assert_eq!([3.0, 24.0, 30.0, 31.5, 51.0, 121.5].map(round_up), [3, 25, 30, 40, 60, 150]);
    }
}
