//! TLS: each fault of a certificate, on either side, and TLS on one side only.

use std::path::{Path, PathBuf};

use etcd_lease::wire::{Settings, TlsFiles};

use super::always;
use super::authority::{Authority, Fault};
use crate::common::certificates::Pair;
use crate::common::etcd::{Etcd, Version};
use crate::engine::settings;

on_each_version! {
    each_fault_of_the_servers_certificate_has_its_message
    each_fault_of_the_clients_certificate_has_its_message
    tls_on_one_side_only_has_its_message
}

/// An etcd with TLS, and a second authority of which it knows nothing.
struct TlsTest {
    etcd: Etcd,
    other: Authority,
    folder: tempfile::TempDir,
}

impl TlsTest {
    async fn start(version: Version) -> TlsTest {
        let folder = tempfile::tempdir().unwrap();
        let other = Authority::new(folder.path(), "other");
        let test = TlsTest { etcd: Etcd::with_tls(version).await, other, folder };
        // etcd reports its health before it reads the files for the first time, and exits if they do not match then.
        let client = &test.etcd.certificates().client;
        assert_eq!(test.of_client(&client.cert, &client.key).await, "answered");
        test
    }

    /// Lets the server use another certificate. It reads the files again for each connection.
    fn serve(&self, pair: &Pair) {
        let server = &self.etcd.certificates().server;
        std::fs::copy(&pair.key, &server.key).unwrap();
        std::fs::copy(&pair.cert, &server.cert).unwrap();
    }

    fn with(&self, ca: PathBuf, client: Option<(&Path, &Path)>) -> Settings {
        let (cert, key) = client.map(|(cert, key)| (cert.to_owned(), key.to_owned())).unzip();
        let tls = TlsFiles { ca: Some(ca), cert, key, skip_verify: false };
        Settings { tls: Some(tls), ..settings(&self.etcd.endpoints()) }
    }

    /// What a client says that trusts the second authority.
    async fn of_server(&self, fault: Option<Fault>) -> String {
        self.serve(&self.other.sign("served", fault));
        let client = &self.etcd.certificates().client;
        always(&self.with(self.other.file(), Some((&client.cert, &client.key)))).await
    }

    /// What a client with these files says.
    async fn of_client(&self, cert: &Path, key: &Path) -> String {
        always(&self.with(self.etcd.certificates().ca.clone(), Some((cert, key)))).await
    }
}

async fn each_fault_of_the_servers_certificate_has_its_message(version: Version) {
    const TODO: &str = "; check --cacert, the host in --endpoints, and the certificate of the server";
    let test = TlsTest::start(version).await;
    assert_eq!(test.of_server(None).await, "answered");
    for (fault, why) in [
        (Fault::OtherName, "is for other.example, not for 127.0.0.1"),
        (Fault::NoName, "has no subject alternative name (SAN)"),
        (Fault::Version1, "is of X.509 version 1, which is not supported; use version 3"),
    ] {
        assert_eq!(test.of_server(Some(fault)).await, format!("the server's certificate {why}{TODO}"));
    }
    // The number of days changes each day.
    let expired = test.of_server(Some(Fault::Expired)).await;
    assert!(expired.starts_with("the server's certificate expired ") && expired.contains(" days ago; "), "{expired}");
    let early = test.of_server(Some(Fault::NotYetValid)).await;
    assert!(
        early.starts_with("the server's certificate is not valid yet, but in ") && early.ends_with(TODO),
        "{early}"
    );
    // Some versions of Go send the certificate although the client does not offer P-521.
    let p521 = test.of_server(Some(Fault::P521)).await;
    let no_handshake = "the TLS handshake found no common algorithm; a server key of P-521 is not supported; check ";
    let bad_key = "the server's certificate has a key of an unsupported type, such as P-521; use RSA, ";
    assert!([no_handshake, bad_key].iter().any(|why| p521.starts_with(why)), "{p521}");

    let (cert, key) = (test.other.sign("one", None).cert, test.other.sign("another", None).key);
    test.serve(&Pair { cert, key });
    let client = &test.etcd.certificates().client;
    let mismatched = always(&test.with(test.other.file(), Some((&client.cert, &client.key)))).await;
    assert_eq!(mismatched, format!("the server's certificate or key is unusable, as its log says{TODO}"));

    test.serve(&test.other.sign("served", None));
    let untrusted = test.of_client(&client.cert, &client.key).await;
    assert_eq!(untrusted, format!("the server's certificate is not signed by a trusted CA{TODO}"));
}

async fn each_fault_of_the_clients_certificate_has_its_message(version: Version) {
    const TODO: &str = "; check --cacert, --cert and --key";
    let test = TlsTest::start(version).await;
    let known = test.etcd.certificates();
    let client = &known.client;
    let none = always(&test.with(known.ca.clone(), None)).await;
    assert_eq!(none, "the server requires a client certificate; use --cert and --key");

    let other = test.other.sign("client", None);
    let rejected = test.of_client(&other.cert, &other.key).await;
    // Which alert etcd sends depends on its version of Go.
    let alert = ["its CA is not trusted", "BadCertificate"].iter().any(|alert| rejected.contains(alert));
    let is_named = rejected.starts_with("the server rejected the client certificate (");
    assert!(alert && is_named && rejected.ends_with("; check --cert and --key"), "{rejected}");

    let expired = test.of_client(&known.expired.cert, &known.expired.key).await;
    let why = format!("the client certificate {} expired ", known.expired.cert.display());
    assert!(expired.starts_with(&why) && expired.ends_with(TODO), "{expired}");
    let early = test.other.sign("early", Some(Fault::NotYetValid));
    let early_said = test.of_client(&early.cert, &early.key).await;
    let why = format!("the client certificate {} is not valid yet, but in ", early.cert.display());
    assert!(early_said.starts_with(&why), "{early_said}");

    let (cert, key) = (client.cert.display(), other.key.display());
    let mixed = test.of_client(&client.cert, &other.key).await;
    assert!(mixed.starts_with(&format!("{cert} and {key} do not match: ")) && mixed.ends_with(TODO), "{mixed}");
    let p521 = test.other.sign("p521", Some(Fault::P521));
    let key = p521.key.display();
    let why =
        format!("the private key {key} is of an unsupported type; use RSA, ECDSA with P-256 or P-384, or Ed25519");
    assert_eq!(test.of_client(&p521.cert, &p521.key).await, format!("{why}{TODO}"));
    let old = test.other.sign("old", Some(Fault::Version1));
    let why =
        format!("the certificate {} is of X.509 version 1, which is not supported; use version 3", old.cert.display());
    assert_eq!(test.of_client(&old.cert, &old.key).await, format!("{why}{TODO}"));

    let encrypted = test.folder.path().join("encrypted.key");
    std::fs::write(&encrypted, include_str!("encrypted.key")).unwrap();
    let name = encrypted.display();
    let why = format!("{name} is an encrypted private key; encrypted private keys are not supported");
    let todo = format!("; decrypt with `openssl pkey -in {name} -out FILE`");
    assert_eq!(test.of_client(&client.cert, &encrypted).await, format!("{why}{todo}{TODO}"));
    let missing = test.of_client(&client.cert, Path::new("/nowhere/me.key")).await;
    assert!(missing.starts_with("could not read /nowhere/me.key: "), "{missing}");
}

async fn tls_on_one_side_only_has_its_message(version: Version) {
    let secure = Etcd::with_tls(version).await;
    let bare = secure.endpoints()[0].replace("https://", "");
    let plain = "the server closed the connection without an answer; the endpoint may use TLS; try https://";
    assert_eq!(always(&settings(&[bare])).await, plain);
    let etcd = Etcd::start(version).await;
    let silent = "the server closed the connection during the TLS handshake; the endpoint may not use TLS; try http://";
    assert_eq!(always(&settings(&[format!("https://{}", etcd.endpoints()[0])])).await, silent);
    // The port of the metrics is one of the wrong ones that people take.
    let web = "a web server with HTTP/1 answers there, not etcd; \
               check the port in --endpoints: it must be the client port of an etcd";
    assert_eq!(always(&settings(&[etcd.metrics_endpoint()])).await, web);
    assert_eq!(always(&settings(&[format!("https://{}", etcd.metrics_endpoint())])).await, web);
}
