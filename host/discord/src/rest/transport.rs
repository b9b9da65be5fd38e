//! HTTP transport to Discord: one request, one answer, whatever it is.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use host_ops::config;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::{Client, redirect};
use twilight_http::request::Request;

/// What a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// What an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// Discord asks for a name, an address and a version
/// ([reference](https://discord.com/developers/docs/reference#user-agent)).
const AGENT: &str = concat!(
    "DiscordBot (https://twilight.rs, ",
    env!("CARGO_PKG_VERSION"),
    ") Cogwright"
);

/// A request as it is sent: twilight-http's, which says what it is and leaves the sending to others.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing(pub Request);

impl Outgoing {
    pub fn method(&self) -> Method {
        let name = self.0.method().name();
        Method::from_bytes(name.as_bytes()).expect("twilight's methods are HTTP's")
    }

    /// What stands behind `/api/v10/`.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    pub fn body(&self) -> &[u8] {
        self.0.body().unwrap_or_default()
    }

    /// Whether the bot's token goes with it.
    pub fn has_token(&self) -> bool {
        self.0.use_authorization_token()
    }
}

/// An answer, whatever it says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// No answer.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    /// Whether Discord has certainly not seen the request.
    pub is_unsent: bool,
    pub why: String,
}

/// Sender of requests.
pub(crate) trait Transport: Send + Sync {
    /// Sends one.
    fn send<'a>(&'a self, request: &'a Outgoing) -> BoxFuture<'a, Result<Answer, Lost>>;
}

/// Over HTTP.
pub(super) struct Http {
    client: Client,
    base: String,
    token: Option<HeaderValue>,
}

impl Http {
    /// The API as it is configured, with the bot's token.
    pub fn new(config: &config::Discord, token: Option<&str>) -> Self {
        let host = match (&config.http_proxy, &config.api_url) {
            (Some(proxy), _) => format!("http://{proxy}"),
            (None, Some(url)) => url.trim_end_matches('/').to_owned(),
            (None, None) => "https://discord.com".to_owned(),
        };
        let token = token.and_then(|token| {
            let mut value =
                HeaderValue::from_str(&format!("Bot {}", token.trim_start_matches("Bot "))).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Self {
            client: client(),
            base: format!("{host}/api/v10"),
            token,
        }
    }
}

impl Transport for Http {
    fn send<'a>(&'a self, request: &'a Outgoing) -> BoxFuture<'a, Result<Answer, Lost>> {
        let mut builder = self
            .client
            .request(
                request.method(),
                format!("{}/{}", self.base, request.path()),
            )
            .headers(request.0.headers().cloned().unwrap_or_default());
        if !request.body().is_empty() {
            builder = builder.body(request.body().to_vec());
        } else if request.method() != Method::GET {
            // What has no body says so: some proxies insist.
            builder = builder.header(header::CONTENT_LENGTH, 0);
        }
        if let Some(token) = self.token.as_ref().filter(|_| request.has_token()) {
            builder = builder.header(header::AUTHORIZATION, token);
        }
        Box::pin(async move {
            let lost = |error: reqwest::Error| Lost {
                is_unsent: error.is_connect() || error.is_builder(),
                why: words(&error.without_url()),
            };
            let response = builder.send().await.map_err(lost)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response.bytes().await.map_err(lost)?;
            Ok(Answer {
                status,
                headers,
                body: body.into(),
            })
        })
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// An error says little without its causes.
fn words(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn client() -> Client {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the protocols that rustls wants")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(AGENT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .pool_idle_timeout(Duration::from_secs(60))
        .build()
        .expect("what it is built from does not change")
}
