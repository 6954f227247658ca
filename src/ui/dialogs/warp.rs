//! Menu of clock speeds for restarting the exercise, each with its renewal interval and first drop.

use std::time::Duration;

use crate::app::dialog::{ClockSpeed, no_speed, speeds};
use crate::ui::Role;

use super::{DialogPage, Popup, Title};

impl<'a> DialogPage<'a> {
    /// `3  60x`, followed by a sentence on the effect.
    pub(super) fn warp(&self) -> Popup<'a> {
        let title = Title::of("Restart the exercise?");
        if let Some(why) = no_speed(&self.ctx.app.config) {
            let foot = self.answers(&[self.close()], Some(0));
            return Popup { foot, ..Popup::new(title, self.text(Role::Warning, why)) };
        }
        let config = &self.ctx.app.config;
        let mut body = self.text(Role::Dim, "All sandbox leases are deleted. A lease of 1 h then:");
        for speed in speeds(config.pace) {
            let is_current = self.ctx.app.view.clock_speed == speed.warp;
            body.push(self.choice(speed.key, &name(&speed, is_current)));
            body.extend(self.text(Role::Dim, &effect_text(&speed)));
        }
        Popup { foot: self.answers(&[self.cancel()], Some(0)), ..Popup::new(title, body) }
    }
}

fn name(speed: &ClockSpeed, is_current: bool) -> String {
    let current = if is_current { " (current)" } else { "" };
    match speed.warp {
        1 => format!("1x real time{current}"),
        warp => format!("{warp}x{current}"),
    }
}

fn effect_text(speed: &ClockSpeed) -> String {
    let (renewed, dropped) = (in_words(speed.renewed), in_words(speed.dropped));
    format!("Renews every {renewed}; if unread, first drop after {dropped}.")
}

/// `20 s`, `2 min`, `5 h 20 min`: a waiting time, rounded to what helps to plan.
fn in_words(span: Duration) -> String {
    let (seconds, minutes) = (span.as_secs(), (span.as_secs() + 30) / 60);
    match (minutes / 60, minutes % 60) {
        _ if seconds < 100 => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::RenewalSchedule;

    #[test]
    fn what_is_waited_for_is_told_in_words() {
        let told = speeds(RenewalSchedule::Clientv3).map(|speed| (in_words(speed.renewed), in_words(speed.dropped)));
        let expected = [("20 min", "5 h 20 min"), ("2 min", "32 min"), ("20 s", "5 min")];
        assert_eq!(told, expected.map(|(renewed, dropped)| (renewed.to_owned(), dropped.to_owned())));
        assert_eq!(in_words(Duration::from_secs(7_200)), "2 h");
    }
}
