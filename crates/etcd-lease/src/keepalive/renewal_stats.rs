//! The statistics of one lease, in half the memory of a [`Cadence`].

use std::time::Duration;

use crate::Cadence;
use simkit::Timestamp;

/// A duration, stored as a time after the start of the clock, so that `None` needs no extra memory.
type Span = Option<Timestamp>;

/// The statistics of the renewals of one lease, without their number. [`Cadence`] has the meaning of each field.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RenewalStats {
    last: Span,
    min: Span,
    max: Span,
    sum: Timestamp,
    last_left: Span,
    least_left: Span,
}

impl RenewalStats {
    /// Adds a reply, as [`Cadence::record`] does.
    pub(super) fn record(&mut self, interval: Option<Duration>, left: Option<Duration>) {
        self.last_left = left.map(Timestamp::at);
        if let Some(interval) = interval {
            let span = Timestamp::at(interval);
            self.last = Some(span);
            self.min = Some(self.min.map_or(span, |least| least.min(span)));
            self.max = self.max.max(Some(span));
            self.sum = self.sum + interval;
        }
        if let Some(left) = self.last_left {
            self.least_left = Some(self.least_left.map_or(left, |least| least.min(left)));
        }
    }

    /// Converts these statistics, which are those of `answers` replies.
    pub(super) fn cadence(&self, answers: u32) -> Cadence {
        let duration = |span: Span| span.map(Timestamp::since_start);
        Cadence {
            answers: u64::from(answers),
            last: duration(self.last),
            min: duration(self.min),
            max: duration(self.max),
            sum: self.sum.since_start(),
            last_left: duration(self.last_left),
            least_left: duration(self.least_left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_records_as_a_cadence_does() {
        let (mut stats, mut cadence) = (RenewalStats::default(), Cadence::default());
        let ms = |millis: u64| Some(Duration::from_millis(millis));
        let replies = [(None, None), (ms(3_500), ms(6_500)), (ms(3_400), None), (ms(0), ms(7_000))];
        for (answers, (interval, left)) in (1..).zip(replies) {
            stats.record(interval, left);
            cadence.record(interval, left);
            assert_eq!(stats.cadence(answers), cadence);
        }
    }
}
