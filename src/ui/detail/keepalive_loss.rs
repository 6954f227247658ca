//! How a lease lost its keepalive, and when a Go client would have noticed.

use ratatui::text::Line;

use super::DetailPage;
use crate::app::keymap::Action;
use crate::app::{EndCause, KeepaliveLoss, LeaseState, Ownership};
use crate::escape::printable;
use crate::ui::Role;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let Some(loss) = &page.lease.loss else { return Vec::new() };
    let is_absent = page.lease.end().is_some_and(|end| end.cause == EndCause::NotRestored);
    let why = if is_absent { "not found in the restored cluster".to_owned() } else { loss.why.to_string() };
    let why = printable(why.as_bytes());
    let at = page.ctx.wall.time_of_day(loss.at);
    let mut lines = page.labelled("lost", Role::Danger, &format!("at {at}, {}: {why}", page.ago(loss.at)));
    lines.extend(page.labelled("programs", Role::Text, &channel_close(page, loss)));
    if page.lease.ownership == Ownership::Own && !page.ctx.app.config.is_read_only {
        lines.extend(page.labelled("recovery", Role::Text, &recovery(page)));
    }
    lines
}

/// What the user can do: a lease that is still alive can be kept alive again, an ended one can only be
/// replaced, and for an unseen one neither is known.
fn recovery(page: &DetailPage<'_>) -> String {
    let [keep, new] = [Action::KeepAlive, Action::New].map(|action| page.ctx.app.config.keymap.key_label(action));
    let replace = format!("{new} grants a new lease (the form is prefilled)");
    match page.lease.state(page.ctx.now) {
        LeaseState::Ended(_) | LeaseState::Dying => replace,
        _ if page.lease.is_kept_alive => replace,
        LeaseState::Unseen => {
            format!("it may be gone: no reply since its deadline; {keep} tries to keep it alive; {replace}")
        }
        _ => format!("the lease still exists: {keep} keeps it alive again; {replace}"),
    }
}

/// When clientv3 would have closed the keepalive channel, as precisely as the observations allow.
fn channel_close(page: &DetailPage<'_>, loss: &KeepaliveLoss) -> String {
    let wall = |at| page.ctx.wall.time_of_day(at);
    match loss.closed(page.lease.granted_ttl) {
        Some((at, _)) if loss.next.is_some() && at > page.ctx.now => {
            format!("not notified yet: the keepalive channel closes with the next renewal's reply, at {}", wall(at))
        }
        Some((from, to)) if from == to => {
            format!("see the keepalive channel close at {}, when etcd replied that the lease is gone", wall(from))
        }
        Some((from, to)) => format!(
            "see the keepalive channel close between {} and {}: one TTL plus up to 1 s after the last reply",
            wall(from),
            wall(to)
        ),
        None => "see the keepalive channel close without any response".to_owned(),
    }
}
