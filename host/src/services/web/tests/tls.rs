//! Tests of https, with an authority of the test's own.

use std::{path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, rustls};

use super::*;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(parameters, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A server with a certificate for this name; its port.
    async fn server(&self, name: &str) -> u16 {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let settings = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(settings));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // A client that trusts it not ends the handshake.
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\nmilk") {
                    stream.read_buf(&mut asked).await.unwrap();
                }
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\ntea";
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        port
    }
}

fn trusting(file: Option<PathBuf>) -> (Web, Caller) {
    let settings = config::Web {
        ca_file: file,
        ..config::Web::default()
    };
    web(settings, &[], &["localhost"])
}

async fn get_from(port: u16, (web, me): &(Web, Caller)) -> Result<String, String> {
    let url = format!("https://localhost:{port}/pot");
    ask(web, me, call("POST", &url)).await.map(|(_, body)| body)
}

#[tokio::test]
async fn a_server_is_trusted_if_an_authority_of_the_owners_vouches_for_it() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let port = ours.server("localhost").await;
    let answer = get_from(port, &trusting(Some(ours.file()))).await;
    assert_eq!(answer.as_deref(), Ok("tea"));
    for trusted in [None, Some(theirs.file())] {
        let error = get_from(port, &trusting(trusted)).await.unwrap_err();
        assert!(
            error.contains("UnknownIssuer") && error.contains("`[web] ca_file`"),
            "{error}"
        );
    }
    let port = ours.server("elsewhere.test").await;
    let error = get_from(port, &trusting(Some(ours.file())))
        .await
        .unwrap_err();
    assert!(
        error.contains("certificate not valid for name \"localhost\"")
            && error.contains("elsewhere.test")
            && !error.contains("ca_file"),
        "{error}"
    );
}

#[test]
fn a_file_of_authorities_that_cannot_be_used_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let why = || {
        let why = authorities(&file).unwrap_err();
        let place = format!("{} (`web.ca_file`): ", file.display());
        assert!(
            why.starts_with(&place) && why.ends_with("`-----BEGIN CERTIFICATE-----`"),
            "{why}"
        );
        why
    };
    assert!(why().contains("No such file"));
    std::fs::write(&file, "tea").unwrap();
    assert!(why().contains("there is no certificate in it"));
    let text = "-----BEGIN CERTIFICATE-----\ndGVh\n-----END CERTIFICATE-----\n";
    std::fs::write(&file, text).unwrap();
    assert!(why().contains("certificate 1: "));
    std::fs::write(&file, Authority::new("ours").issuer.pem()).unwrap();
    assert_eq!(authorities(&file).unwrap().len(), 1);
}
