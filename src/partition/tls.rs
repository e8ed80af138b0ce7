//! TLS to an engine, with the feature `tls`: who does its cryptography, and why it failed.

use std::error::Error;

/// The driver of Redis takes the cryptography that the process has chosen. Where none is chosen, and the program has several
/// compiled in, `rustls` panics; one that the program has installed stays.
#[cfg(all(feature = "tls", feature = "redis"))]
pub(super) fn prepare() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have come first: then theirs is there.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(all(not(feature = "tls"), feature = "redis"))]
pub(super) fn prepare() {}

/// Why TLS failed, if this is an error of it: never with the name of the host, which `rustls` would say.
pub(super) fn why(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(found) = reason(error) {
        return Some(found);
    }
    // What is in an error of input and output is not its source, but itself.
    let inner = error.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
    match inner {
        Some(inner) => why(inner),
        None => error.source().and_then(why),
    }
}

#[cfg(feature = "tls")]
fn reason(error: &(dyn Error + 'static)) -> Option<&'static str> {
    use rustls::{CertificateError as Certificate, Error as Tls};
    Some(match error.downcast_ref::<Tls>()? {
        Tls::InvalidCertificate(Certificate::UnknownIssuer) => {
            "TLS failed: its certificate is of an issuer that is not trusted here"
        }
        Tls::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => "TLS failed: its certificate is for another host name",
        Tls::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            "TLS failed: its certificate has expired, or the clock is wrong"
        }
        Tls::InvalidCertificate(Certificate::NotValidYet | Certificate::NotValidYetContext { .. }) => {
            "TLS failed: its certificate is not valid yet, or the clock is wrong"
        }
        Tls::InvalidCertificate(_) => "TLS failed: its certificate is not valid",
        Tls::InvalidMessage(_) => "TLS failed: what answers there does not speak it",
        _ => "TLS failed",
    })
}

#[cfg(not(feature = "tls"))]
fn reason(_: &(dyn Error + 'static)) -> Option<&'static str> {
    None
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn the_reason_is_found_within_errors_of_input_and_output() {
        let expired = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, expired));
        assert!(why(&wrapped).unwrap().contains("expired"));
        assert_eq!(why(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
    }
}
