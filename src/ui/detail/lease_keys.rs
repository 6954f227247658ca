//! Attached keys with their values.

use ratatui::text::{Line, Span};

use super::DetailPage;
use crate::app::{DetachedKey, LeaseKeys, ReadValue};
use crate::escape::printable;
use crate::inference::lease_inference::KeyDetachReason;
use crate::ui::Role;
use crate::ui::format;
use crate::ui::line::cut;
use crate::width::DisplayWidth;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let Some(LeaseKeys { count, is_all, first }) = &page.lease.keys else {
        return page.labelled("keys", Role::Dim, "not loaded yet");
    };
    let known = format::at_least(!is_all, *count);
    let head = match count {
        0 if *is_all => "no keys".to_owned(),
        0 => "unknown: this user may not read them".to_owned(),
        count if *count > first.len() => format!("{known}, first {}:", first.len()),
        _ => known,
    };
    let mut lines = page.labelled("keys", Role::Text, &head);
    let names: Vec<String> = first.iter().map(|key| cut(&printable(key), page.width / 2)).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    lines.extend(first.iter().zip(names).map(|(key, name)| line(page, key, &name, widest)));
    lines.extend(page.lease.detached_keys.iter().rev().map(|detached| gone(page, detached)));
    lines
}

/// `  /service/10  deleted 3.0 s ago`
fn gone(page: &DetailPage<'_>, detached: &DetachedKey) -> Line<'static> {
    let why = match detached.fate {
        KeyDetachReason::Moved { to } => format!("moved to lease {}", page.ctx.app.view.id_format.name(to)),
        KeyDetachReason::Detached => "detached".to_owned(),
        KeyDetachReason::Deleted | KeyDetachReason::DiedWithLease => "deleted".to_owned(),
    };
    let why = format!("  {why} {}", page.ago(detached.at));
    let name = cut(&printable(&detached.key), page.room_after(&why).saturating_sub(2));
    Line::styled(format!("  {name}{why}"), page.theme().style(Role::Dim))
}

/// `  /service/10  127.0.0.1`. The name is padded to `widest` columns.
fn line(page: &DetailPage<'_>, key: &[u8], name: &str, widest: usize) -> Line<'static> {
    let pairs = page.ctx.app.keys.values(page.lease.id);
    let value = pairs.and_then(|pairs| pairs.iter().find(|(of, _)| of == key)).map(|(_, value)| value);
    // A recording and the past have no values.
    let (text, role) = match value {
        None if page.ctx.app.config.is_replay => ("(not recorded)".to_owned(), Role::Dim),
        value => in_words(value),
    };
    let name = format!("  {name}{}  ", " ".repeat(widest.saturating_sub(name.width())));
    let text = cut(&text, page.room_after(&name));
    let style = |role| page.theme().style(role);
    Line::from(vec![Span::styled(name, style(Role::Text)), Span::styled(text, style(role))])
}

fn in_words(value: Option<&ReadValue>) -> (String, Role) {
    match value {
        None => ("(value not loaded)".to_owned(), Role::Dim),
        Some(ReadValue::Known { length: 0, .. }) => ("(empty)".to_owned(), Role::Dim),
        Some(ReadValue::Known { start, length }) if start.len() < *length => {
            (format!("({length} bytes) {}", printable(start)), Role::Text)
        }
        Some(ReadValue::Known { start, .. }) => (printable(start), Role::Text),
        Some(ReadValue::Absent) => ("(deleted)".to_owned(), Role::Dim),
        Some(ReadValue::Forbidden) => ("(this user may not read it)".to_owned(), Role::Warning),
        Some(ReadValue::Failed(text)) => (format!("(value not loaded: {})", printable(text.as_bytes())), Role::Warning),
    }
}
