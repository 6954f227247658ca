//! The table of errors: what happened, what it means for the leases, what leasetop does, and what to do.
//!
//! Messages, events and `docs/troubleshooting.md` are made from it. The library tells the causes apart
//! ([`ETCD_ERRORS`](etcd_lease::wire::ETCD_ERRORS)).

use etcd_lease::wire::{CallError, ErrorCause};

/// One error. The texts are phrases for the middle of a sentence; an empty one says nothing.
#[derive(Debug)]
pub struct ErrorRow {
    /// The cause.
    pub cause: ErrorCause,
    /// What happened.
    pub what: &'static str,
    /// What it means for the leases.
    pub leases: &'static str,
    /// What leasetop does.
    pub leasetop: &'static str,
    /// What to do. Error messages contain it too.
    pub todo: &'static str,
}

const UNKNOWN: &str = "unknown while the error lasts; they expire as usual if nobody renews them";
const UNTOUCHED: &str = "unchanged";
const RETRIES: &str = "tries the other members, and retries every second";
const REPORTS: &str = "reports it; the request is not repeated";
const REFUSED: &str = "reports it once, and retries";

const CHECK_MEMBER: &str = "check the member and the network";
const CHECK_PORT: &str = "check the port in --endpoints: it must be the client port of an etcd";

const fn row(cause: ErrorCause, texts: [&'static str; 4]) -> ErrorRow {
    let [what, leases, leasetop, todo] = texts;
    ErrorRow { cause, what, leases, leasetop, todo }
}

/// Every error that leasetop tells apart.
pub const ERRORS: [ErrorRow; 37] = [
    row(
        ErrorCause::LeaseNotFound,
        ["the lease does not exist", "it expired, was revoked or never existed", "shows its end", ""],
    ),
    row(
        ErrorCause::LeaseExists,
        ["a lease with this id exists already", UNTOUCHED, REPORTS, "drop --id to let etcd choose one"],
    ),
    row(ErrorCause::TtlTooLarge, ["the TTL is too large", "not granted", REPORTS, "use at most 9000000000 s"]),
    row(ErrorCause::Compacted, ["etcd no longer has this revision", UNTOUCHED, "reads the keys again", ""]),
    row(
        ErrorCause::NoSpace,
        [
            "the database is full",
            "existing leases are renewed and expire as usual; grants and puts fail",
            REPORTS,
            "compact and defragment etcd, then run `etcdctl alarm disarm`",
        ],
    ),
    row(
        ErrorCause::Overloaded,
        [
            "etcd applies requests too slowly",
            "renewals may be late",
            "repeats polls; grants and revocations fail",
            "check the disk of the leader",
        ],
    ),
    row(
        ErrorCause::RequestTooLarge,
        ["the request is too large for etcd", UNTOUCHED, REPORTS, "use fewer or smaller keys"],
    ),
    row(
        ErrorCause::Corrupt,
        [
            "the members' data differ",
            "grants and revocations fail",
            REPORTS,
            "restore the corrupt member (`etcdctl alarm list`)",
        ],
    ),
    row(
        ErrorCause::PermissionDenied,
        [
            "permission denied for this user",
            "unchanged; an own lease with a key that this user may not write is not renewed",
            "shows what the user may read",
            "log in as a user whose role allows it",
        ],
    ),
    row(
        ErrorCause::WrongPassword,
        [
            "etcd refuses the user name or password",
            UNKNOWN,
            "logs in again after 5 s, then after 1 min, then every 10 min",
            "check --user and --password",
        ],
    ),
    row(
        ErrorCause::LoginRequired,
        [
            "etcd requires a login",
            UNKNOWN,
            "reports it once, and retries every 10 s",
            "log in with --user NAME:PASSWORD",
        ],
    ),
    row(
        ErrorCause::LoginExpired,
        ["the login has expired", UNTOUCHED, "logs in again", "log in with --user NAME:PASSWORD"],
    ),
    row(ErrorCause::AuthDisabled, ["authentication is not enabled in etcd", UNKNOWN, REFUSED, "drop --user"]),
    row(
        ErrorCause::Learner,
        [
            "the member is a learner, which refuses requests",
            UNTOUCHED,
            "uses the other members",
            "name a voting member in --endpoints",
        ],
    ),
    row(
        ErrorCause::NoLeader,
        [
            "the member has no leader",
            "none is renewed and none expires until one is elected, which resets every TTL",
            RETRIES,
            "check that a majority of the members is running",
        ],
    ),
    row(
        ErrorCause::LeaderChanged,
        ["the leader changed during the request", "the new leader resets every TTL", RETRIES, ""],
    ),
    row(
        ErrorCause::TimedOutInEtcd,
        [
            "etcd waited too long for its members or its disk",
            "a grant or revocation may have happened",
            RETRIES,
            "check the disks and the network of the members",
        ],
    ),
    row(ErrorCause::Stopping, ["the member is shutting down", "a grant or revocation may have happened", RETRIES, ""]),
    row(
        ErrorCause::Unimplemented,
        [
            "a gRPC server answers, but does not know the request: it is not etcd, or older than 3.4",
            UNKNOWN,
            REPORTS,
            CHECK_PORT,
        ],
    ),
    row(
        ErrorCause::NoReply,
        [
            "no reply in time: the member hangs, or the network drops packets",
            "a grant or revocation may have happened; a stopped leader removes no lease",
            RETRIES,
            "check the member and the network; --command-timeout waits longer for calls",
        ],
    ),
    row(
        ErrorCause::Refused,
        [
            "nothing listens at the endpoint",
            UNKNOWN,
            RETRIES,
            "is etcd running there? (set --endpoints, or try `leasetop demo`)",
        ],
    ),
    row(
        ErrorCause::Stopped,
        ["nothing listens at the endpoint any more: the member was stopped or killed", UNKNOWN, RETRIES, ""],
    ),
    row(ErrorCause::UnknownHost, ["the host name cannot be resolved", UNKNOWN, RETRIES, "check --endpoints"]),
    row(
        ErrorCause::Unreachable,
        [
            "the host is not reachable",
            UNKNOWN,
            RETRIES,
            "check --endpoints and the network; --dial-timeout waits longer",
        ],
    ),
    row(
        ErrorCause::Closed,
        ["the member closed the connection: it is shutting down or was killed", UNKNOWN, RETRIES, ""],
    ),
    row(
        ErrorCause::CertificateMissing,
        ["the server requires a client certificate", UNKNOWN, REFUSED, "use --cert and --key"],
    ),
    row(
        ErrorCause::CertificateRejected,
        ["the server rejects the client certificate", UNKNOWN, REFUSED, "check --cert and --key"],
    ),
    row(
        ErrorCause::TlsFailed,
        ["the TLS handshake failed", UNKNOWN, REFUSED, "check --cacert, --cert, --key and https:// in --endpoints"],
    ),
    row(
        ErrorCause::ServerCertificate,
        [
            "the certificate of the server is not trusted",
            UNKNOWN,
            REFUSED,
            "check --cacert, the host in --endpoints, and the certificate of the server",
        ],
    ),
    row(
        ErrorCause::TlsFile,
        ["a certificate or key file cannot be used", UNKNOWN, "ends", "check --cacert, --cert and --key"],
    ),
    row(
        ErrorCause::NotTls,
        ["the server does not answer the TLS handshake", UNKNOWN, REFUSED, "the endpoint may not use TLS; try http://"],
    ),
    row(
        ErrorCause::UsesTls,
        ["the server does not answer without TLS", UNKNOWN, REFUSED, "the endpoint may use TLS; try https://"],
    ),
    row(ErrorCause::NotHttp2, ["another kind of server answers", UNKNOWN, REFUSED, CHECK_PORT]),
    row(
        ErrorCause::NotGrpc,
        ["a web server with HTTP/2 answers", UNKNOWN, REFUSED, "check the port in --endpoints and any proxy there"],
    ),
    row(
        ErrorCause::ProxyFailed,
        ["a proxy does not reach the server behind it", UNKNOWN, RETRIES, "check the etcd behind the proxy"],
    ),
    row(
        ErrorCause::OtherCluster,
        [
            "a different cluster answered",
            "unknown until it is clear which cluster answers",
            "asks again; starts over once only the other cluster answers",
            "check whether the endpoints or a load balancer lead to two clusters",
        ],
    ),
    row(ErrorCause::Other, ["another error of etcd", UNTOUCHED, REPORTS, "see etcd's log"]),
];

/// The row of a cause.
pub fn row_of(cause: ErrorCause) -> &'static ErrorRow {
    const ROWS: &[ErrorRow] = &ERRORS;
    // A test checks that every cause has a row.
    ROWS.iter().find(|row| row.cause == cause).unwrap_or(&ROWS[ROWS.len() - 1])
}

/// What happened and what to do, without what was tried. An error that etcd replied with comes with etcd's text.
pub fn reason(error: &CallError) -> String {
    let row = row_of(error.cause());
    let message = error.message();
    let what = match row.cause.etcd_error() {
        Some(_) => format!("{} ({message})", row.what),
        None if matches!(row.cause, ErrorCause::Stopped) || message == "the server closed the connection" => {
            row.what.to_owned()
        }
        None => message.to_owned(),
    };
    // The status is asked with a timeout of its own, which no option changes.
    let todo = if message.starts_with("no reply within ") { CHECK_MEMBER } else { row.todo };
    let has_advice = !todo.is_empty() && row.cause != ErrorCause::Other;
    if has_advice { format!("{what}; {todo}") } else { what }
}

/// The name of an alarm as etcdctl prints it.
pub fn name_of_alarm(cause: ErrorCause) -> &'static str {
    if cause == ErrorCause::Corrupt { "CORRUPT" } else { "NOSPACE" }
}

/// A raised alarm, what it means for the leases, and what to do. `members` are the names of the members that raised it, or
/// empty if the sentence does not name them.
pub fn alarm_sentence(cause: ErrorCause, members: &[String]) -> String {
    let ErrorRow { what, leases, todo, .. } = row_of(cause);
    format!("alarm {}{}: {what}; {leases}; {todo}", name_of_alarm(cause), on_members(members))
}

/// A disarmed alarm, with the names of the members that had raised it.
pub fn disarmed_sentence(cause: ErrorCause, members: &[String]) -> String {
    format!("alarm {} was disarmed{}", name_of_alarm(cause), on_members(members))
}

/// ` on etcd-1, etcd-2`; empty without members.
fn on_members(members: &[String]) -> String {
    if members.is_empty() { String::new() } else { format!(" on {}", members.join(", ")) }
}

/// The start of a sentence about a member that cannot be used: whether the connection failed or the member refuses requests.
/// The reason follows.
pub fn refusal(cause: ErrorCause, endpoint: &str) -> String {
    match cause {
        ErrorCause::NotTls
        | ErrorCause::TlsFailed
        | ErrorCause::ServerCertificate
        | ErrorCause::CertificateMissing
        | ErrorCause::CertificateRejected => format!("could not connect to {endpoint} with TLS"),
        ErrorCause::UsesTls | ErrorCause::NotHttp2 | ErrorCause::NotGrpc => format!("could not connect to {endpoint}"),
        _ => format!("{endpoint} refuses requests"),
    }
}

/// What was tried, what happened, and what to do.
pub fn sentence(error: &CallError) -> String {
    let why = reason(error);
    if error.tried().is_empty() { why } else { format!("could not {} at {}: {why}", error.tried(), error.endpoint()) }
}

/// The table as Markdown, for `docs/troubleshooting.md`.
pub fn markdown() -> String {
    let mut table = "| error | what happened | leases | leasetop | what to do |\n|---|---|---|---|---|\n".to_owned();
    for row in &ERRORS {
        let ErrorRow { what, leases, leasetop, todo, .. } = row;
        table += &format!("| {} | {what} | {leases} | {leasetop} | {todo} |\n", shown(row.cause));
    }
    table
}

/// What a log or a screen shows of a cause: etcd's codes and texts, or a message of the connection.
fn shown(cause: ErrorCause) -> String {
    if let Some(error) = cause.etcd_error() {
        let codes: Vec<String> = error.codes.iter().map(|code| format!("{code:?}")).collect();
        let texts: Vec<String> =
            error.texts.iter().filter(|text| !text.is_empty()).map(|text| format!("`{text}`")).collect();
        return [codes.join(" or "), texts.join(" or ")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(": ");
    }
    let text = match cause {
        ErrorCause::NoReply => "`no reply in time`, `no reply within … ms`",
        ErrorCause::Refused => "`Connection refused`",
        ErrorCause::Stopped => "`nothing listens at the endpoint any more`",
        ErrorCause::UnknownHost => "`failed to lookup address information`",
        ErrorCause::Unreachable => "`no connection within`, `No route to host`, `Network is unreachable`",
        ErrorCause::Closed => "`the member closed the connection`",
        ErrorCause::CertificateMissing => "`the server requires a client certificate`",
        ErrorCause::CertificateRejected => "`the server rejected the client certificate`",
        ErrorCause::TlsFailed => "`no common algorithm`, `neither TLS 1.3 nor TLS 1.2`",
        ErrorCause::ServerCertificate => "`the server's certificate`",
        ErrorCause::TlsFile => "`is not a PEM certificate`, `do not match`",
        ErrorCause::NotTls => "`the server closed the connection during the TLS handshake`",
        ErrorCause::UsesTls => "`the server closed the connection without an answer`",
        ErrorCause::NotHttp2 => "`answers there, not etcd`, `the server does not use HTTP/2`",
        ErrorCause::NotGrpc => "`a web server answers there with HTTP status`",
        ErrorCause::ProxyFailed => "`a proxy answers there with HTTP status`",
        ErrorCause::OtherCluster => "`which is not the cluster known so far`",
        _ => "any other",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests;
