//! A certificate authority of one's own, and what it vouches for.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Files in a server's directory.
pub(crate) const AUTHORITY: &str = "authority.pem";
pub(crate) const CERTIFICATE: &str = "certificate.pem";
pub(crate) const KEY: &str = "key.pem";

/// Writes a new authority's certificate and one by it for this machine.
pub(crate) fn write_into(directory: &Path) {
    let issuer = Issuer::new(authority(), key());
    let own = key();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let params = CertificateParams::new(names).expect("proper names");
    let certificate = params.signed_by(&own, &issuer).expect("it can be signed");
    let itself = authority().self_signed(issuer.key()).expect("it can be signed");
    let files = [(AUTHORITY, itself.pem()), (CERTIFICATE, certificate.pem()), (KEY, own.serialize_pem())];
    for (name, pem) in files {
        fs::write(directory.join(name), pem).expect("the directory can be written");
    }
}

/// The certificate, in PEM, of an authority that nobody has a certificate from.
pub(crate) fn stranger() -> Vec<u8> {
    authority().self_signed(&key()).expect("it can be signed").pem().into_bytes()
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // A certificate whose issuer has its own name would count as self-signed.
    params.distinguished_name.push(DnType::CommonName, "an authority");
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a new key")
}
