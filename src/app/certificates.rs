//! Certificates that end soon: those of the members, and our own.

use std::time::{Duration, SystemTime};

use super::{ClusterState, MemberRole};
use crate::plural::plural;

const DAY: u64 = 86_400;
/// How long before its end a certificate is reported.
const SOON: Duration = Duration::from_secs(30 * DAY);

/// A certificate that ends soon, or has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateWarning {
    /// The member that has it, not escaped. `None` for the client certificate.
    pub member: Option<String>,
    /// `expires in 12 days, 1 more soon`
    pub expiry: String,
    /// Whether it has ended.
    pub is_expired: bool,
}

/// `expires in 12 days` or `expired 3 h ago`. `None` if a certificate is valid for more than 30 days.
pub fn certificate_expiry(end: SystemTime, now: SystemTime) -> Option<String> {
    match end.duration_since(now) {
        Ok(left) if left > SOON => None,
        Ok(left) => Some(format!("expires in {}", span(left))),
        Err(past) => Some(format!("expired {} ago", span(past.duration()))),
    }
}

/// A time span, rounded down: in minutes below 2 hours, in hours below 2 days, then in days.
fn span(span: Duration) -> String {
    match span.as_secs() {
        seconds if seconds < 2 * 3_600 => format!("{} min", seconds / 60),
        seconds if seconds < 2 * DAY => format!("{} h", seconds / 3_600),
        seconds => plural(seconds / DAY, "day"),
    }
}

impl ClusterState {
    /// Warnings about certificates that expire within 30 days or have expired: one for all members, which names the member
    /// whose certificate expires first, and one for the client certificate.
    pub fn certificate_warnings(&self, now: SystemTime) -> Vec<CertificateWarning> {
        let warn = |member: Option<String>, end: SystemTime| {
            let expiry = certificate_expiry(end, now)?;
            Some(CertificateWarning { member, expiry, is_expired: end < now })
        };
        let rows = self.members.rows(&self.view);
        let present = rows.iter().filter(|row| row.role != MemberRole::Removed);
        let mut ends: Vec<(SystemTime, &str)> =
            present.filter_map(|row| Some((row.certificate_end?, row.name()))).collect();
        ends.sort();
        let mut warnings = ends.into_iter().map_while(|(end, name)| warn(Some(name.to_owned()), end));
        let first = warnings.next().map(|mut first| {
            let (expired, soon): (Vec<_>, Vec<_>) = warnings.partition(|warning| warning.is_expired);
            for (count, what) in [(expired.len(), "expired"), (soon.len(), "soon")] {
                if count > 0 {
                    first.expiry += &format!(", {count} more {what}");
                }
            }
            first
        });
        first.into_iter().chain(self.view.client_certificate_end.and_then(|end| warn(None, end))).collect()
    }
}
