//! A certificate authority of a test's own, a server's and a client's certificate.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

/// Paths of PEM files.
pub(crate) struct Certificates {
    pub(crate) ca: PathBuf,
    pub(crate) server: Pair,
    pub(crate) client: Pair,
    /// The client's, past its time.
    pub(crate) expired: Pair,
    /// For a server or a client; it ends in twelve and a half days.
    pub(crate) ending: Pair,
}

/// A certificate and its key.
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// Makes them all in a folder, for 127.0.0.1 and localhost.
#[expect(clippy::disallowed_methods, reason = "etcd checks certificates against the real time")]
pub(crate) fn write_to(folder: &Path) -> Certificates {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca_params = params("test authority");
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = write(folder, "ca.pem", &ca_params.self_signed(&ca_key).unwrap().pem());
    let issuer = Issuer::new(ca_params, ca_key);
    let signed = |name| sign(folder, name, params(name), &issuer);
    let mut past = params("expired");
    past.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let expired = sign(folder, "expired", past, &issuer);
    let mut ending = params("ending");
    ending.not_after = (SystemTime::now() + Duration::from_secs(25 * 43_200)).into();
    let ending = sign(folder, "ending", ending, &issuer);
    Certificates { ca, ending, server: signed("server"), client: signed("client"), expired }
}

fn sign(folder: &Path, name: &str, mut params: CertificateParams, issuer: &Issuer<'_, KeyPair>) -> Pair {
    let key = KeyPair::generate().unwrap();
    // etcd's server is also its own client.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let cert = params.signed_by(&key, issuer).unwrap();
    Pair {
        cert: write(folder, &format!("{name}.pem"), &cert.pem()),
        key: write(folder, &format!("{name}.key"), &key.serialize_pem()),
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn write(folder: &Path, name: &str, pem: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, pem).unwrap();
    path
}
