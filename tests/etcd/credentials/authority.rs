//! A certificate authority that also signs certificates with a fault.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SigningKey as _,
};

use crate::common::certificates::Pair;

/// P-521, which rcgen makes no keys of.
const P521: (&str, &str) = (include_str!("p521.key"), include_str!("p521.pub"));

/// A certificate authority and the folder for what it signs.
pub(super) struct Authority {
    folder: PathBuf,
    name: String,
    issuer: Issuer<'static, KeyPair>,
}

/// What is at fault with a certificate.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    Expired,
    NotYetValid,
    OtherName,
    NoName,
    Version1,
    P521,
}

impl Authority {
    /// Makes one whose certificate is in `folder`.
    pub(super) fn new(folder: &Path, name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        std::fs::write(folder.join(format!("{name}.pem")), params.self_signed(&key).unwrap().pem()).unwrap();
        Authority { folder: folder.to_owned(), name: name.to_owned(), issuer: Issuer::new(params, key) }
    }

    /// The file of its own certificate.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.pem", self.name))
    }

    /// Signs a certificate for 127.0.0.1, unless that is its fault.
    pub(super) fn sign(&self, name: &str, fault: Option<Fault>) -> Pair {
        let names = match fault {
            Some(Fault::OtherName) => vec!["other.example".to_owned()],
            Some(Fault::NoName) => Vec::new(),
            _ => vec!["127.0.0.1".to_owned()],
        };
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        match fault {
            Some(Fault::Expired) => params.not_after = rcgen::date_time_ymd(2001, 1, 1),
            Some(Fault::NotYetValid) => params.not_before = rcgen::date_time_ymd(4001, 1, 1),
            _ => {}
        }
        let key = KeyPair::generate().unwrap();
        let plain = params.signed_by(&key, &self.issuer).unwrap();
        let (der, key) = match fault {
            Some(Fault::Version1) => (self.signed_again(plain.der(), without_version), key.serialize_pem()),
            Some(Fault::P521) => (self.signed_again(plain.der(), with_p521), P521.0.to_owned()),
            _ => (plain.der().to_vec(), key.serialize_pem()),
        };
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64_STANDARD.encode(der));
        Pair { cert: self.write(&format!("{name}.pem"), &pem), key: self.write(&format!("{name}.key"), &key) }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The certificate with the elements of its signed part changed (RFC 5280, 4.1).
    fn signed_again(&self, der: &[u8], change: fn(&mut Vec<Vec<u8>>)) -> Vec<u8> {
        let parts = elements(content(der));
        let mut signed = elements(content(&parts[0]));
        change(&mut signed);
        let signed = element(SEQUENCE, &signed.concat());
        let signature = self.issuer.key().sign(&signed).unwrap();
        let signature = element(BIT_STRING, &[&[0], signature.as_slice()].concat());
        element(SEQUENCE, &[signed, parts[1].clone(), signature].concat())
    }
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// A certificate without a version is of version 1, which has no extensions.
fn without_version(signed: &mut Vec<Vec<u8>>) {
    signed.retain(|element| element[0] != VERSION && element[0] != EXTENSIONS);
}

#[expect(clippy::ptr_arg, reason = "one type for all changes")]
fn with_p521(signed: &mut Vec<Vec<u8>>) {
    const PUBLIC_KEY: usize = 6;
    let base64: String = P521.1.lines().filter(|line| !line.starts_with('-')).collect();
    signed[PUBLIC_KEY] = BASE64_STANDARD.decode(base64).unwrap();
}

/// The length of the header of a DER element, and of its content.
fn lengths(der: &[u8]) -> (usize, usize) {
    match der[1] {
        short @ 0..0x80 => (2, short.into()),
        long => {
            let bytes = usize::from(long & 0x7f);
            (2 + bytes, der[2..2 + bytes].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
        }
    }
}

fn content(der: &[u8]) -> &[u8] {
    let (header, length) = lengths(der);
    &der[header..header + length]
}

/// The elements of a sequence.
fn elements(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (header, length) = lengths(rest);
        let (element, after) = rest.split_at(header + length);
        elements.push(element.to_vec());
        rest = after;
    }
    elements
}

/// DER wants the shortest form of a length.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let header = match significant[..] {
        [short @ 0..0x80] => vec![tag, short],
        _ => [&[tag, 0x80 | u8::try_from(significant.len()).unwrap()], significant.as_slice()].concat(),
    };
    [header.as_slice(), content].concat()
}
