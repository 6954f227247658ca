//! TLS with the same files as etcdctl: a CA, and a client certificate with its key.
//!
//! The files are read and checked before anything is dialled, so that an error names the file.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::certificate_text::{end_of_certificate, fault_of_dates};
use super::config::{Settings, Target, TlsFiles};
use super::error::CallError;
use super::error_cause::ErrorCause;

/// The client configuration for a target. `None` without TLS.
///
/// # Errors
/// As [`client_config`].
pub(super) fn config_for(target: &Target, settings: &Settings) -> Result<Option<Arc<ClientConfig>>, CallError> {
    match target {
        Target::Address(address) if address.is_secure() => {
            client_config(&settings.tls.clone().unwrap_or_default()).map(Some)
        }
        _ => Ok(None),
    }
}

/// Reads the files and returns a client configuration for HTTP/2.
///
/// # Errors
/// [`ErrorKind::Tls`](super::error_cause::ErrorKind::Tls), naming the file and what is wrong with it.
pub(super) fn client_config(files: &TlsFiles) -> Result<Arc<ClientConfig>, CallError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| tls_error(format!("TLS is not available in this build: {error}")))?;
    let builder = if files.skip_verify {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AcceptAnyCertificate(provider)))
    } else {
        builder.with_root_certificates(roots(files.ca.as_deref())?)
    };
    let mut config = match (&files.cert, &files.key) {
        (Some(cert), Some(key)) => {
            let chain = certificates(cert)?;
            if let Some(fault) = fault_of_dates(&chain[0], UnixTime::now()) {
                return Err(tls_error(format!("the client certificate {} {fault}", cert.display())));
            }
            builder
                .with_client_auth_cert(chain, private_key(key)?)
                .map_err(|error| tls_error(unusable(cert, key, &error)))?
        }
        (None, None) => builder.with_no_client_auth(),
        (Some(_), None) => return Err(tls_error("the client certificate is given without its key".to_owned())),
        (None, Some(_)) => return Err(tls_error("the client key is given without its certificate".to_owned())),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session shows the certificate of its first connection, which the server may have replaced.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// When the client certificate ends. `None` without one, and without TLS.
///
/// # Errors
/// As [`client_config`].
pub(super) fn client_certificate_end(settings: &Settings) -> Result<Option<SystemTime>, CallError> {
    let is_secure = |target: &Target| matches!(target, Target::Address(address) if address.is_secure());
    let path = settings.tls.as_ref().and_then(|files| files.cert.as_ref());
    match path {
        Some(path) if settings.targets.iter().any(is_secure) => Ok(end_of_certificate(&certificates(path)?[0])),
        _ => Ok(None),
    }
}

fn tls_error(message: String) -> CallError {
    CallError::new(ErrorCause::TlsFile, "", "", message)
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, CallError> {
    let mut store = RootCertStore::empty();
    let Some(path) = ca else {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(store);
    };
    for certificate in certificates(path)? {
        store.add(certificate).map_err(|error| tls_error(format!("{}: {error}", path.display())))?;
    }
    Ok(store)
}

fn read_file(path: &Path) -> Result<Vec<u8>, CallError> {
    std::fs::read(path).map_err(|error| tls_error(format!("could not read {}: {error}", path.display())))
}

/// Reads the certificates in a PEM file. Returns at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CallError> {
    let unreadable =
        |error: &dyn std::fmt::Display| tls_error(format!("{} is not a PEM certificate: {error}", path.display()));
    let pem = read_file(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| unreadable(&error))?;
    if certificates.is_empty() {
        return Err(unreadable(&"the file has no certificate"));
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, CallError> {
    let pem = read_file(path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| {
        let name = path.display();
        tls_error(if String::from_utf8_lossy(&pem).contains("ENCRYPTED") {
            format!(
                "{name} is an encrypted private key; encrypted private keys are not supported; \
                 decrypt with `openssl pkey -in {name} -out FILE`"
            )
        } else {
            format!("{name} is not a PEM private key: {error}")
        })
    })
}

/// Why a client certificate and its key cannot be used, although both files are PEM.
fn unusable(cert: &Path, key: &Path, error: &rustls::Error) -> String {
    let (cert, key) = (cert.display(), key.display());
    match error {
        rustls::Error::InconsistentKeys(_) => format!("{cert} and {key} do not match: {error}"),
        rustls::Error::General(_) => {
            format!("the private key {key} is of an unsupported type; use RSA, ECDSA with P-256 or P-384, or Ed25519")
        }
        _ if error.to_string().contains("UnsupportedCertVersion") => {
            format!("the certificate {cert} is of X.509 version 1, which is not supported; use version 3")
        }
        _ => format!("the certificate {cert} cannot be used: {error}"),
    }
}

/// Accepts any certificate, but still verifies that the server has its key (`--insecure-skip-tls-verify`).
#[derive(Debug)]
struct AcceptAnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
