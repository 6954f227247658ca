//! A certificate authority of a test's own, a server's and a client's certificate.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

/// Paths of PEM files.
pub(crate) struct Certificates {
    pub(crate) ca: PathBuf,
    pub(crate) server: Pair,
    pub(crate) client: Pair,
}

/// A certificate and its key.
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// Makes them all in a folder, for 127.0.0.1 and localhost.
pub(crate) fn write_to(folder: &Path) -> Certificates {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca_params = params("test authority");
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = write(folder, "ca.pem", &ca_params.self_signed(&ca_key).unwrap().pem());
    let issuer = Issuer::new(ca_params, ca_key);
    Certificates { ca, server: signed(folder, "server", &issuer), client: signed(folder, "client", &issuer) }
}

fn signed(folder: &Path, name: &str, issuer: &Issuer<'_, KeyPair>) -> Pair {
    let key = KeyPair::generate().unwrap();
    let mut params = params(name);
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
