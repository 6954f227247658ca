//! How to reach a cluster: endpoints, TLS files, the login, timeouts.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

use simkit::pipe::Dialer;

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
    /// How long to wait for the answer to a call, all attempts included.
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
            command_timeout: Duration::from_secs(5),
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

/// The address of a member: host, port, and whether it uses TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    authority: String,
    secure: bool,
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
    /// Reads `host:port`, `http://host:port` or `https://host:port`.
    ///
    /// # Errors
    /// [`BadEndpoint`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        let bad = |rule| BadEndpoint { text: without_login(text), rule };
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            None => ("http", text),
        };
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(bad("the scheme must be http or https")),
        };
        // As in etcdctl, a path after a scheme is ignored.
        let path = if text.contains("://") { rest.find('/') } else { None };
        let authority = path.map_or(rest, |path| &rest[..path]);
        let uri: Uri = format!("http://{authority}").parse().map_err(|_| bad("not a host and a port"))?;
        if uri.path() != "/" || uri.query().is_some() || authority.contains(['/', '@']) {
            return Err(bad("only a host and a port are allowed"));
        }
        match (uri.host(), uri.port_u16()) {
            (Some(host), Some(1..)) if !host.is_empty() => Ok(Address { authority: authority.to_owned(), secure }),
            (_, Some(_)) => Err(bad("missing host or port")),
            _ => Err(bad("missing or invalid port")),
        }
    }

    /// Whether the endpoint starts with `https://`.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// `host:port`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host; an IPv6 address has no brackets.
    pub fn host(&self) -> &str {
        let host = self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https://" } else { "" };
        write!(f, "{scheme}{}", self.authority)
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
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.host(), address.is_secure()), (host, secure), "{text}");
        }
    }

    #[test]
    fn an_invalid_endpoint_names_what_is_wrong() {
        for text in
            ["", "localhost", "ftp://a:1", "http://", "a:b", "a:0", "a:70000", "a:1/path", ":2379", "u@h:1", "a b:1"]
        {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains("127.0.0.1:2379"), "{text}: {error}");
        }
        let error = Address::parse("http://root:hunter2@h:1").unwrap_err().to_string();
        assert!(error.starts_with("invalid endpoint \"http://[hidden]@h:1\": "), "{error}");
    }
}
