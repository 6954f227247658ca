//! Finds the client endpoints of an etcd cluster in the SRV records of a domain, as etcdctl's `--discovery-srv` does.
//!
//! It is a crate of its own because few people need it: leasetop has it only with the cargo feature `srv`.

use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

use domain::base::iana::{Rcode, Rtype};
use domain::base::{Name, ParsedName};
use domain::rdata::Srv;
use domain::resolv::StubResolver;
use domain::resolv::stub::conf::{ResolvConf, ServerConf, Transport};
use futures_util::future::join;

/// The services of etcd's clients with their schemes (`srv.GetClient` of etcd).
const SERVICES: [(&str, &str); 2] = [("etcd-client-ssl", "https"), ("etcd-client", "http")];

/// Why no endpoints were found.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The text is not a domain name.
    #[error("“{0}” is not a domain name")]
    BadDomain(String),
    /// There are no SRV records.
    #[error("there are no SRV records {0} and {1}")]
    NoRecords(String, String),
    /// No name server gave a usable answer.
    #[error("could not look up the SRV records {name}: {error}")]
    Lookup {
        /// The name of the records.
        name: String,
        /// The cause.
        error: io::Error,
    },
}

/// Looks up SRV records at name servers.
#[derive(Debug)]
pub struct Resolver(StubResolver);

impl Resolver {
    /// Uses the name servers of the system, from `/etc/resolv.conf`.
    pub fn system() -> Self {
        Resolver(StubResolver::new())
    }

    /// Uses one name server. It is asked over UDP, and over TCP if the answer does not fit.
    pub fn at(server: SocketAddr) -> Self {
        let mut config = ResolvConf::new();
        config.servers = vec![ServerConf::new(server, Transport::UdpTcp)];
        config.finalize();
        Resolver(StubResolver::from_conf(config))
    }

    /// Finds the endpoints of a domain. Returns them as URLs: those with TLS first, each group in the order of the
    /// records' priorities. `name` is etcdctl's `--discovery-srv-name`: it is appended to the names of the services.
    ///
    /// # Errors
    /// A [`DiscoveryError`] if neither service has an endpoint.
    pub async fn endpoints(&self, domain: &str, name: Option<&str>) -> Result<Vec<String>, DiscoveryError> {
        // Checked without the service, so that the error names what the caller gave.
        if Name::<Vec<u8>>::from_str(domain).is_err() {
            return Err(DiscoveryError::BadDomain(domain.to_owned()));
        }
        let suffix = name.map_or_else(String::new, |name| format!("-{name}"));
        let [secure, plain] = SERVICES.map(|(service, scheme)| (format!("_{service}{suffix}._tcp.{domain}"), scheme));
        let found = join(self.lookup(&secure.0, secure.1), self.lookup(&plain.0, plain.1)).await;
        let endpoints = match found {
            (Ok(secure), Ok(plain)) => [secure, plain].concat(),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => found,
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        if endpoints.is_empty() { Err(DiscoveryError::NoRecords(secure.0, plain.0)) } else { Ok(endpoints) }
    }

    /// Looks up the endpoints of one service. Returns none if it has no records.
    async fn lookup(&self, name: &str, scheme: &str) -> Result<Vec<String>, DiscoveryError> {
        let question: Name<Vec<u8>> = Name::from_str(name).map_err(|_| DiscoveryError::BadDomain(name.to_owned()))?;
        let failed = |error| DiscoveryError::Lookup { name: name.to_owned(), error };
        let unreadable = || failed(io::Error::new(io::ErrorKind::InvalidData, "the answer cannot be read"));
        let answer = self.0.query((question, Rtype::SRV)).await.map_err(failed)?;
        let rcode = answer.header().rcode();
        if ![Rcode::NOERROR, Rcode::NXDOMAIN].contains(&rcode) {
            return Err(failed(io::Error::other(format!("the name server replied {rcode}"))));
        }
        let records = answer.answer().map_err(|_| unreadable())?.limit_to_in::<Srv<ParsedName<_>>>();
        let mut found = Vec::new();
        for record in records {
            let record = record.map_err(|_| unreadable())?;
            let (target, port) = (record.data().target().to_string(), record.data().port());
            found.push((record.data().priority(), target.trim_end_matches('.').to_owned(), port));
        }
        found.sort();
        // A record without a target means that there is no such service (RFC 2782).
        found.retain(|(_, target, _)| !target.is_empty());
        Ok(found.into_iter().map(|(_, target, port)| format!("{scheme}://{target}:{port}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use domain::base::{Message, MessageBuilder};
    use tokio::net::UdpSocket;

    use super::*;

    const RECORDS: [(&str, u16, u16, &str); 4] = [
        ("_etcd-client-ssl._tcp.example.com", 20, 2379, "b.example.com."),
        ("_etcd-client-ssl._tcp.example.com", 10, 2380, "a.example.com."),
        ("_etcd-client._tcp.example.com", 0, 2379, "c.example.com."),
        ("_etcd-client-blue._tcp.example.com", 0, 2379, "."),
    ];

    /// The reply to a query: the records of its name, or that there is no such name; an error for `broken.example`.
    fn reply(query: &[u8]) -> Vec<u8> {
        let query = Message::from_octets(query).unwrap();
        let question = query.first_question().unwrap();
        let name = question.qname().to_string();
        let matching = RECORDS.iter().filter(|record| record.0 == name);
        let rcode = match matching.clone().count() {
            _ if name.ends_with("broken.example") => Rcode::REFUSED,
            0 => Rcode::NXDOMAIN,
            _ => Rcode::NOERROR,
        };
        let mut answer = MessageBuilder::new_vec().start_answer(&query, rcode).unwrap();
        for (_, priority, port, target) in matching {
            let target: Name<Vec<u8>> = Name::from_str(target).unwrap();
            answer.push((question.qname(), 60, Srv::new(*priority, 0, *port, target))).unwrap();
        }
        answer.finish()
    }

    /// The outcome for a domain at a name server of each IP version that this machine has.
    async fn found(domain: &str, name: Option<&str>) -> Result<Vec<String>, String> {
        let mut outcomes = Vec::new();
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(socket) = UdpSocket::bind(address).await else { continue };
            let resolver = Resolver::at(socket.local_addr().unwrap());
            let serving = async {
                let mut query = [0; 512];
                loop {
                    let (length, client) = socket.recv_from(&mut query).await.unwrap();
                    socket.send_to(&reply(&query[..length]), client).await.unwrap();
                }
            };
            outcomes.push(tokio::select! {
                outcome = resolver.endpoints(domain, name) => outcome.map_err(|error| error.to_string()),
                () = serving => unreachable!("it serves until the outcome is there"),
            });
        }
        assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "{outcomes:?}");
        outcomes.swap_remove(0)
    }

    #[tokio::test]
    async fn the_records_of_both_services_become_endpoints_by_priority() {
        let endpoints = found("example.com", None).await.unwrap();
        assert_eq!(
            endpoints,
            ["https://a.example.com:2380", "https://b.example.com:2379", "http://c.example.com:2379"]
        );
        assert_eq!(found("example.com.", None).await.unwrap(), endpoints);
    }

    #[tokio::test]
    async fn without_endpoints_the_error_names_the_records() {
        let missing = |suffix: &str| {
            format!(
                "there are no SRV records _etcd-client-ssl{suffix}._tcp.example.com and \
                 _etcd-client{suffix}._tcp.example.com"
            )
        };
        assert_eq!(found("example.com", Some("red")).await, Err(missing("-red")));
        assert_eq!(found("example.com", Some("blue")).await, Err(missing("-blue")), "a record without a target");
        let refused =
            "could not look up the SRV records _etcd-client-ssl._tcp.broken.example: the name server replied REFUSED";
        assert_eq!(found("broken.example", None).await, Err(refused.to_owned()));
    }

    #[tokio::test]
    async fn a_bad_domain_is_named_without_the_service() {
        assert_eq!(found("a..b", None).await, Err("“a..b” is not a domain name".to_owned()));
        assert_eq!(found("a..b", Some("red")).await, Err("“a..b” is not a domain name".to_owned()));
        let bad_name = "“_etcd-client-ssl-x..y._tcp.example.com” is not a domain name";
        assert_eq!(found("example.com", Some("x..y")).await, Err(bad_name.to_owned()));
    }
}
