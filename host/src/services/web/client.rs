//! HTTP client of plugins' web requests: certificates, resolver, errors.

use std::{io, path::Path, sync::Arc, time::Duration};

use reqwest::{Client, Url, redirect};
use rustls::{
    CertificateError, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::{Failure, hop::shown};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// A client that trusts the authorities that browsers trust, and `own`.
pub(super) fn new(
    resolver: impl reqwest::dns::Resolve + 'static,
    own: &[CertificateDer<'static>],
) -> Client {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    roots.add_parsable_certificates(own.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the protocols that rustls wants")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("Cogwright/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(60))
        .dns_resolver(resolver)
        .build()
        .expect("what it is built from does not change")
}

/// The certificates of `[web] ca_file`.
///
/// # Errors
///
/// The file can't be read, has no certificate, or one that is none: with its place and the next step.
pub(crate) fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |why: &dyn std::fmt::Display| {
        format!(
            "{} (`web.ca_file`): {why}; it has to hold certificates in PEM, as `-----BEGIN CERTIFICATE-----`",
            file.display()
        )
    };
    let found = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&error))?;
    if found.is_empty() {
        return Err(wrong(&"there is no certificate in it"));
    }
    for (number, certificate) in found.iter().enumerate() {
        let mut store = RootCertStore::empty();
        if let Err(error) = store.add(certificate.clone()) {
            return Err(wrong(&format!("certificate {}: {error}", number + 1)));
        }
    }
    Ok(found)
}

/// reqwest's own words say little without their causes.
pub(super) fn failed(url: &Url, error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut text = format!("{}: {error}", shown(url));
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        if is_unknown(cause) {
            text.push_str(
                " (nobody who is trusted here has signed its certificate; an authority of your own goes into `[web] ca_file`)",
            );
        }
        source = cause.source();
    }
    Failure::Web(text)
}

/// Whether the certificate's authority is not known. Each layer wraps it into an error of input and output once more.
fn is_unknown(cause: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return error.get_ref().is_some_and(|inner| is_unknown(inner));
    }
    matches!(
        cause.downcast_ref(),
        Some(rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer
        ))
    )
}
