//! What is wrong with a certificate, in words: the server's as rustls rejects it, and the dates of our own.

use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

/// Why a TLS handshake failed.
pub(super) fn handshake_text(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => format!("the server's certificate {}", server_fault(error)),
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the TLS handshake found no common algorithm; a server key of P-521 is not supported".to_owned()
        }
        // Go's servers send it if they cannot load their certificate and key, which etcd reads for each connection.
        rustls::Error::AlertReceived(AlertDescription::InternalError) => {
            "the server's certificate or key is unusable, as its log says".to_owned()
        }
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the server supports neither TLS 1.3 nor TLS 1.2".to_owned()
        }
        rustls::Error::AlertReceived(alert) => format!("the server ended the TLS handshake ({alert:?})"),
        error => error.to_string(),
    }
}

/// Why the server rejected a client certificate. Older servers send `BadCertificate` for any reason.
pub(super) fn alert_text(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateExpired => "it has expired by the server's clock".to_owned(),
        AlertDescription::UnknownCA => "its CA is not trusted".to_owned(),
        alert => format!("{alert:?}"),
    }
}

fn server_fault(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired => "has expired".to_owned(),
        CertificateError::ExpiredContext { time, not_after } => expired(*time, *not_after),
        CertificateError::NotValidYet => "is not valid yet".to_owned(),
        CertificateError::NotValidYetContext { time, not_before } => not_yet(*time, *not_before),
        CertificateError::UnknownIssuer => "is not signed by a trusted CA".to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "has no subject alternative name (SAN)".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<_> = presented.iter().map(|name| plain_name(name)).collect();
            format!("is for {}, not for {}", names.join(", "), expected.to_str())
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not meant for servers (extended key usage)".to_owned()
        }
        error => match error.to_string() {
            text if text.contains("UnsupportedCertVersion") => {
                "is of X.509 version 1, which is not supported; use version 3".to_owned()
            }
            // Some servers send a certificate of P-521 although it was not offered.
            text if text.contains("UnsupportedSignatureAlgorithm") => {
                "has a key of an unsupported type, such as P-521; use RSA, ECDSA with P-256 or P-384, or Ed25519"
                    .to_owned()
            }
            text if text.contains("CaUsedAsEndEntity") => {
                "is that of a CA, which is not supported; use one that is signed by the CA".to_owned()
            }
            text => format!("is invalid: {text}"),
        },
    }
}

/// When a certificate ends (`notAfter`). `None` if it cannot be read.
pub(super) fn end_of_certificate(der: &[u8]) -> Option<SystemTime> {
    Some(system_time(since_unix_epoch(validity(der)?.1)))
}

/// When the server's certificate ended, if that is why a handshake failed.
pub(super) fn end_of_expired(error: &rustls::Error) -> Option<SystemTime> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            Some(system_time(*not_after))
        }
        _ => None,
    }
}

fn system_time(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs())
}

/// A time of a certificate in Unix seconds. One before 1970 counts as 1970.
fn since_unix_epoch(time: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(time).unwrap_or(0)))
}

/// A name without its kind: webpki presents `DnsName("etcd.example")` and `IpAddress(10.0.0.1)`.
fn plain_name(presented: &str) -> &str {
    let inner = presented.split_once('(').and_then(|(_, name)| name.strip_suffix(')'));
    inner.map_or(presented, |name| name.trim_matches('"'))
}

/// What is wrong with the dates of a certificate at `now`; `None` if it is valid or cannot be read.
pub(super) fn fault_of_dates(der: &[u8], now: UnixTime) -> Option<String> {
    let (not_before, not_after) = validity(der)?;
    let (not_before, not_after) = (since_unix_epoch(not_before), since_unix_epoch(not_after));
    if now > not_after {
        return Some(expired(now, not_after));
    }
    if now < not_before { Some(not_yet(now, not_before)) } else { None }
}

fn expired(now: UnixTime, not_after: UnixTime) -> String {
    format!("expired {} ago", span(now.as_secs().saturating_sub(not_after.as_secs())))
}

fn not_yet(now: UnixTime, not_before: UnixTime) -> String {
    format!("is not valid yet, but in {}", span(not_before.as_secs().saturating_sub(now.as_secs())))
}

/// A duration in minutes if it is below two hours, in hours if it is below two days, otherwise in days.
fn span(seconds: u64) -> String {
    match seconds {
        0..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `notBefore` and `notAfter` in Unix seconds (RFC 5280, 4.1).
fn validity(der: &[u8]) -> Option<(i64, i64)> {
    const VERSION: u8 = 0xa0;
    let (_, certificate, _) = element(der)?;
    let (_, mut rest, _) = element(certificate)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // The serial number, the algorithm and the issuer come first.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (tag, not_before, rest) = element(validity)?;
    let (tag_after, not_after, _) = element(rest)?;
    Some((time(tag, not_before)?, time(tag_after, not_after)?))
}

/// The tag and content of the first DER element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// A UTCTime or GeneralizedTime in Unix seconds.
fn time(tag: u8, text: &[u8]) -> Option<i64> {
    const UTC_TIME: u8 = 0x17;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match tag {
        // RFC 5280: two digits from 50 on are of the 20th century.
        UTC_TIME if text >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        _ => text.to_owned(),
    };
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let clock = part(8, 10)? * 3_600 + part(10, 12)? * 60 + part(12, 14)?;
    // Days since 1970 of a year that starts in March.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + clock)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn the_dates_of_a_certificate_are_read_from_the_file() {
        let mut params = CertificateParams::default();
        params.not_before = rcgen::date_time_ymd(2000, 3, 1);
        params.not_after = rcgen::date_time_ymd(2051, 1, 1);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let fault = |seconds| fault_of_dates(certificate.der(), at(seconds));
        let (from, to) = (951_868_800, 2_556_144_000);
        assert_eq!((fault(from), fault(to)), (None, None));
        assert_eq!(fault(from - 3_600).as_deref(), Some("is not valid yet, but in 60 min"));
        assert_eq!(fault(to + 3 * 86_400).as_deref(), Some("expired 3 days ago"));
        assert_eq!(fault_of_dates(b"no certificate", at(0)), None);
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(to);
        assert_eq!((end_of_certificate(certificate.der()), end_of_certificate(b"none")), (Some(end), None));
    }

    #[test]
    fn each_fault_of_the_servers_certificate_has_its_own_name() {
        let text = |error| handshake_text(&rustls::Error::InvalidCertificate(error));
        let (time, not_after) = (at(864_000), at(0));
        assert_eq!(
            text(CertificateError::ExpiredContext { time, not_after }),
            "the server's certificate expired 10 days ago"
        );
        assert_eq!(text(CertificateError::UnknownIssuer), "the server's certificate is not signed by a trusted CA");
        let expected = "10.0.0.1".try_into().unwrap();
        let nameless = CertificateError::NotValidForNameContext { expected, presented: Vec::new() };
        assert_eq!(text(nameless), "the server's certificate has no subject alternative name (SAN)");
        let unsupported = CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: Vec::new(),
            public_key_algorithm_id: Vec::new(),
        };
        assert!(
            text(unsupported).starts_with("the server's certificate has a key of an unsupported type, such as P-521")
        );
        let expected = "10.0.0.1".try_into().unwrap();
        let presented = ["DnsName(\"etcd.example\")", "IpAddress(10.0.0.2)", "other"].map(str::to_owned).to_vec();
        assert_eq!(
            text(CertificateError::NotValidForNameContext { expected, presented }),
            "the server's certificate is for etcd.example, 10.0.0.2, other, not for 10.0.0.1"
        );
    }
}
