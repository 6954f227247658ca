//! The line of a recording that is played, or of the past: speed, time, seek bar, keys. It is the last line of the screen.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{RenderContext, Role};
use crate::app::keymap::Action;
use crate::app::{AppState, ClickTarget, Playback, PlaybackSource};
use crate::width::DisplayWidth;
use simkit::Timestamp;

/// Minimum height of a screen with the line.
const LEAST_HEIGHT: u16 = 4;
/// Minimum width for the keys beside the seek bar.
const KEYS_FROM: u16 = 100;

/// Height of the playback line on a screen of this height: 1, or 0 if nothing is played or the screen is too low.
pub fn playback_height(app: &AppState, height: u16) -> u16 {
    u16::from(playback(app).is_some() && height >= LEAST_HEIGHT)
}

/// Where the display is in a recording, or in the last minutes.
fn playback(app: &AppState) -> Option<&Playback> {
    app.displayed(Timestamp::START).0.view.playback.as_ref()
}

/// Splits off the playback line at the bottom. It is empty if nothing is played.
pub(super) fn split(app: &AppState, area: Rect) -> (Rect, Rect) {
    let height = playback_height(app, area.height);
    let above = Rect { height: area.height - height, ..area };
    (above, Rect { y: above.bottom(), height, ..area })
}

/// The texts beside the seek bar.
fn texts(ctx: RenderContext<'_>, playback: &Playback, width: u16) -> (String, String) {
    match playback.source {
        PlaybackSource::File { is_truncated } => file_texts(ctx, playback, width, is_truncated),
        PlaybackSource::Memory { is_short } => memory_texts(ctx, playback, width, is_short),
    }
}

/// The texts while the live monitor shows the past: the time, and how far back that is.
fn memory_texts(ctx: RenderContext<'_>, playback: &Playback, width: u16, is_short: bool) -> (String, String) {
    let left = format!(" ‖ {} ", ctx.wall.time_of_day(playback.position));
    let [ago, kept] = [ctx.now - playback.position, playback.end - playback.start].map(clock);
    let limit = if is_short { " (--rewind)" } else { "" };
    let mut right = format!(" -{ago} of {kept} kept{limit} ");
    if width >= KEYS_FROM {
        right += &step_hints(ctx, "present");
    }
    (left, right)
}

/// `  p pause  , . step  E next event `. `freeze_does` says what the key `p` does.
fn step_hints(ctx: RenderContext<'_>, freeze_does: &str) -> String {
    let key = |action| ctx.app.config.keymap.key_label(action);
    let [freeze, back, forward, event] =
        [Action::Freeze, Action::StepBack, Action::StepForward, Action::NextEvent].map(key);
    format!("  {freeze} {freeze_does}  {back} {forward} step  {event} next event ")
}

/// The texts while a recording is played from a file: the speed and the time, and the position in the recording.
fn file_texts(ctx: RenderContext<'_>, playback: &Playback, width: u16, is_truncated: bool) -> (String, String) {
    let is_over = playback.position >= playback.end;
    let sign = match (is_over, playback.is_paused) {
        (true, _) => "■ end".to_owned(),
        (false, true) => "‖ paused".to_owned(),
        (false, false) => format!("▶ {}x", playback.speed),
    };
    let left = format!(" {sign:<8} {} ", ctx.wall.time_of_day(playback.position));
    let [at, of] = [playback.position, playback.end].map(|time| clock(time - playback.start));
    let cut = if is_truncated { " (the file is cut)" } else { "" };
    let mut right = format!(" {at} / {of}{cut} ");
    if width >= KEYS_FROM {
        right += &format!("{} + - speed ", step_hints(ctx, "pause"));
    }
    (left, right)
}

/// `1:02:03`
fn clock(span: Duration) -> String {
    let seconds = span.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The area of the seek bar in the line.
fn bar(ctx: RenderContext<'_>, playback: &Playback, line: Rect) -> Rect {
    let (left, right) = texts(ctx, playback, line.width);
    let [left, right] = [left, right].map(|text| text.width() as u16);
    Rect { x: line.x + left.min(line.width), width: line.width.saturating_sub(left + right), ..line }
}

pub(super) fn draw(ctx: RenderContext<'_>, line: Rect, buf: &mut Buffer) {
    let Some(playback) = playback(ctx.app).filter(|_| !line.is_empty()) else { return };
    let (left, right) = texts(ctx, playback, line.width);
    let bar = bar(ctx, playback, line);
    let role = if playback.is_paused { Role::Warning } else { Role::Title };
    buf.set_stringn(line.x, line.y, &left, usize::from(line.width), ctx.theme.style(role));
    let done = u32::from(bar.width) * u32::from(playback.permille()) / 1_000;
    for x in 0..bar.width {
        let (sign, role) = if u32::from(x) < done { ("━", Role::Title) } else { ("─", Role::Border) };
        buf.set_string(bar.x + x, bar.y, sign, ctx.theme.style(role));
    }
    let room = usize::from(line.right().saturating_sub(bar.right()));
    buf.set_stringn(bar.right(), line.y, &right, room, ctx.theme.style(Role::Dim));
}

/// The position to seek to after a click on a column of the line. `None` if the seek bar is not there.
pub(super) fn hit(ctx: RenderContext<'_>, line: Rect, x: u16) -> Option<ClickTarget> {
    let playback = playback(ctx.app)?;
    let bar = bar(ctx, playback, line);
    if !(bar.left()..bar.right()).contains(&x) {
        return None;
    }
    let share = (f64::from(x - bar.x) + 0.5) / f64::from(bar.width);
    Some(ClickTarget::Seek((share * 1_000.0) as u16))
}
