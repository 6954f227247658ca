//! How to reach a cluster: endpoints, TLS files, the login, timeouts.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

use simkit::pipe::Dialer;

/// How long to wait for the reply to a call, as etcdctl does.
pub(super) const DEFAULT_COMMAND_TIMEOUT: Duration = Duration::from_secs(5);

/// How to reach a cluster.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The members. The choice among them is made here and not by etcd-client.
    pub targets: Vec<Target>,
    /// TLS files. An `https://` endpoint uses TLS without them too.
    pub tls: Option<TlsFiles>,
    /// The user to log in as.
    pub user: Option<User>,
    /// How long to wait for a connection.
    pub dial_timeout: Duration,
    /// How long to wait for the answer to a call, all attempts included. A list of the leases may take longer.
    pub command_timeout: Duration,
    /// How often each member is asked for its status. It is also asked at once when something looks wrong.
    pub probe_every: Duration,
}

impl Settings {
    /// Settings for these targets: no TLS files, no user, etcdctl's timeouts (2 s to dial, 5 s for a call), and a status
    /// request to each member every second.
    pub fn new(targets: Vec<Target>) -> Self {
        Settings {
            targets,
            tls: None,
            user: None,
            dial_timeout: Duration::from_secs(2),
            command_timeout: DEFAULT_COMMAND_TIMEOUT,
            probe_every: Duration::from_secs(1),
        }
    }
}

/// One member.
#[derive(Clone, Debug)]
pub enum Target {
    /// Over TCP, with or without TLS.
    Address(Address),
    /// Over an in-memory pipe, such as to an etcd-sandbox.
    Pipe {
        /// The name to print instead of an address.
        name: String,
        /// Opens connections over the pipe.
        dialer: Dialer,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Address(address) => address.fmt(f),
            Target::Pipe { name, .. } => f.write_str(name),
        }
    }
}

/// The TLS files of etcdctl's `--cacert`, `--cert` and `--key`, PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The CA certificates to trust; by default those of the system.
    pub ca: Option<PathBuf>,
    /// The client's certificate.
    pub cert: Option<PathBuf>,
    /// The client's private key.
    pub key: Option<PathBuf>,
    /// Accepts any server certificate. For tests only.
    pub skip_verify: bool,
}

/// A user of etcd, with its password.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password. It is not printed.
    pub password: String,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The address of a member, and whether it uses TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    place: Place,
    secure: bool,
    /// The name that the certificate must be for, if it is not the host.
    verified_as: Option<String>,
}

/// Where a member listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `host:port`.
    Tcp(String),
    /// The path of a Unix socket.
    Unix(String),
}

/// The text is not an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid endpoint \"{text}\": {rule}; expected 127.0.0.1:2379 or https://host:2379")]
pub struct BadEndpoint {
    text: String,
    rule: &'static str,
}

/// Hides the `user:password@` of a URL, which no endpoint may have.
pub fn without_login(text: &str) -> String {
    let start = text.find("://").map_or(0, |end| end + 3);
    match text.rfind('@') {
        Some(end) if end >= start => format!("{}[hidden]{}", &text[..start], &text[end..]),
        _ => text.to_owned(),
    }
}

impl Address {
    /// Reads `host:port`, `http://host:port`, `https://host:port`, `unix://path` or `unixs://path`. Without a scheme and
    /// with `unix://` the address does not use TLS.
    ///
    /// # Errors
    /// [`BadEndpoint`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        Address::parse_with_tls(text, false)
    }

    /// As [`parse`](Address::parse), but `secure` decides about TLS where the scheme does not (`schemeToCredsRequirement` of
    /// clientv3).
    ///
    /// # Errors
    /// [`BadEndpoint`] names what is wrong.
    pub fn parse_with_tls(text: &str, secure: bool) -> Result<Self, BadEndpoint> {
        let bad = |rule| BadEndpoint { text: without_login(text), rule };
        if let Some((scheme, path)) = unix(text) {
            let secure = scheme == "unixs" || secure;
            let path = path.to_owned();
            return if path.is_empty() {
                Err(bad("missing path"))
            } else {
                Ok(Address { place: Place::Unix(path), secure, verified_as: None })
            };
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        let secure = match scheme.as_deref() {
            None => secure,
            Some("http") => false,
            Some("https") => true,
            Some(_) => return Err(bad("the scheme must be http, https, unix or unixs")),
        };
        // As in etcdctl, a path after a scheme is ignored.
        let path = if scheme.is_some() { rest.find('/') } else { None };
        let authority = path.map_or(rest, |path| &rest[..path]);
        let uri: Uri = format!("http://{authority}").parse().map_err(|_| bad("not a host and a port"))?;
        if uri.path() != "/" || uri.query().is_some() || authority.contains(['/', '@']) {
            return Err(bad("only a host and a port are allowed"));
        }
        match (uri.host(), uri.port_u16()) {
            (Some(host), Some(1..)) if !host.is_empty() => {
                Ok(Address { place: Place::Tcp(authority.to_owned()), secure, verified_as: None })
            }
            (_, Some(_)) => Err(bad("missing host or port")),
            _ => Err(bad("missing or invalid port")),
        }
    }

    /// Whether the endpoint uses TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The same address, whose certificate must be for another name than the host.
    pub fn verified_as(self, name: &str) -> Self {
        Address { verified_as: Some(name.to_owned()), ..self }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The host that the certificate must be for; an IPv6 address has no brackets. For a Unix socket it is the name of the
    /// file up to a colon, as in clientv3.
    pub fn host(&self) -> &str {
        if let Some(name) = &self.verified_as {
            return name;
        }
        let name = match &self.place {
            Place::Tcp(authority) => authority,
            Place::Unix(path) => path.rsplit('/').next().unwrap_or(path),
        };
        let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// The scheme and the path of a Unix socket: `unix:path`, `unix://path` or `unix:///path`, and the same with `unixs`.
fn unix(text: &str) -> Option<(String, &str)> {
    let (scheme, path) = text.split_once(':')?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let scheme = scheme.to_ascii_lowercase();
    ["unix", "unixs"].contains(&scheme.as_str()).then_some((scheme, path))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.place, self.secure) {
            (Place::Tcp(authority), false) => f.write_str(authority),
            (Place::Tcp(authority), true) => write!(f, "https://{authority}"),
            (Place::Unix(path), false) => write!(f, "unix://{path}"),
            (Place::Unix(path), true) => write!(f, "unixs://{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_endpoints_that_etcdctl_accepts() {
        for (text, host, secure) in [
            ("127.0.0.1:2379", "127.0.0.1", false),
            ("http://localhost:2379/", "localhost", false),
            ("https://etcd-1.example:2379", "etcd-1.example", true),
            ("HTTPS://etcd-1.example:2379", "etcd-1.example", true),
            ("http://localhost:2379/path", "localhost", false),
            ("[::1]:2379", "::1", false),
            ("https://[::1]:2379", "::1", true),
            ("unix:///run/etcd.sock", "etcd.sock", false),
            ("UNIX:///run/etcd.sock", "etcd.sock", false),
            ("unix://localhost:m0", "localhost", false),
            ("unix:etcd.sock", "etcd.sock", false),
            ("unixs:///run/localhost:2379", "localhost", true),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.host(), address.is_secure()), (host, secure), "{text}");
        }
    }

    #[test]
    fn a_scheme_decides_about_tls_if_it_says_anything() {
        let printed = |text| Address::parse_with_tls(text, true).unwrap().to_string();
        assert_eq!((printed("a:1"), printed("http://a:1")), ("https://a:1".to_owned(), "a:1".to_owned()));
        assert_eq!(printed("unix://a"), "unixs://a");
    }

    #[test]
    fn an_invalid_endpoint_names_what_is_wrong() {
        for text in [
            "",
            "localhost",
            "ftp://a:1",
            "http://",
            "a:b",
            "a:0",
            "a:70000",
            "a:1/path",
            ":2379",
            "u@h:1",
            "a b:1",
            "unix://",
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains("127.0.0.1:2379"), "{text}: {error}");
        }
        let error = Address::parse("http://root:hunter2@h:1").unwrap_err().to_string();
        assert!(error.starts_with("invalid endpoint \"http://[hidden]@h:1\": "), "{error}");
    }
}
