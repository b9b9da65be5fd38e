//! Web requests, through the host's HTTP client.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use super::{Host, Method};
use crate::{
    abi::{DownloadCall, DownloadReply, WebCall, WebReply},
    error::{Error, Result},
};

impl Host {
    /// Other servers on the web: those that the plugin declares with [`Plugin::web_hosts`](crate::Plugin::web_hosts), and
    /// those that the owner grants it.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Weather { temperature: f64 }
    ///
    /// async fn weather(ctx: CommandContext) -> Result {
    ///     let town: String = ctx.option("town")?;
    ///     let url = "https://api.example.com/weather";
    ///     let weather: Weather = ctx.host().web().get(url).query("town", town).json().await?;
    ///     ctx.reply(format!("{} degrees", weather.temperature)).await
    /// }
    /// let plugin = Plugin::new()
    ///     .web_hosts(["api.example.com"])
    ///     .command(Command::new("weather", "How warm it is").option(CommandOption::string("town", "Where")).run(weather));
    /// ```
    #[must_use]
    pub fn web(&self) -> Web {
        Web(self.clone())
    }
}

/// Other servers on the web. The host keeps connections for all plugins, follows redirects to allowed hosts, refuses
/// addresses of the local network, and drops requests whose plugin has gone.
#[derive(Debug, Clone)]
pub struct Web(Host);

/// A request on its way to being sent.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct WebRequest {
    host: Host,
    call: WebCall,
    body: Result<Vec<u8>>,
}

/// Response of a server, whatever its status.
#[derive(Debug, Clone)]
pub struct WebResponse {
    head: WebReply,
    body: Vec<u8>,
}

impl Web {
    /// Reads.
    pub fn get(&self, url: impl Into<String>) -> WebRequest {
        self.request(Method::Get, url)
    }

    /// Sends something new.
    pub fn post(&self, url: impl Into<String>) -> WebRequest {
        self.request(Method::Post, url)
    }

    /// Any method.
    pub fn request(&self, method: Method, url: impl Into<String>) -> WebRequest {
        WebRequest {
            host: self.0.clone(),
            call: WebCall {
                method: method.name().to_owned(),
                url: url.into(),
                ..WebCall::default()
            },
            body: Ok(Vec::new()),
        }
    }
}

impl WebRequest {
    /// Adds to the address's query; encoded by the host.
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.call.query.push((name.into(), value.to_string()));
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.call.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `authorization: Bearer …`. It is not sent on to another host that the first one redirects to.
    pub fn bearer(self, token: impl std::fmt::Display) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Ok(body.into());
        self
    }

    /// Sets the body to `value` as JSON, and says so in `content-type`.
    pub fn body_json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.body = serde_json::to_vec(value).map_err(Error::from);
        self.header("content-type", "application/json")
    }

    /// How long it may take, redirects and body included. Default 30 s (`[web] timeout_ms`), at most `[web] max_timeout_ms`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.call.timeout_ms = Some(timeout.as_millis().try_into().unwrap_or(u64::MAX).max(1));
        self
    }

    /// The largest body that is taken, below the host's limit (`[web] max_response_bytes`, 8 MiB).
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.call.max_bytes = Some(bytes.max(1));
        self
    }

    /// Sends it. A response is a response, also with status 404 or 500.
    ///
    /// # Errors
    ///
    /// The host is not declared or granted, its address is one of the local network, it was out of reach, took too long or sent
    /// too much, or the body could not be written as JSON.
    pub async fn send(self) -> Result<WebResponse> {
        let reply = self.host.ask("web.request", &self.call, self.body?).await?;
        Ok(WebResponse {
            head: serde_json::from_slice(&reply.head)?,
            body: reply.body,
        })
    }

    /// Sends it, and keeps the response as a file in the plugin's own folder, piece by piece: it may be larger than what
    /// [`send`](Self::send) takes, 256 MiB at most (`[web] max_download_bytes`), or what [`max_bytes`](Self::max_bytes) says. With a
    /// `sha256` (hex digits), only if it has that. It is at its path when it is whole and on the disk, and not before. May take as
    /// long as any request (`[web] max_timeout_ms`).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn fetch(ctx: CommandContext) -> Result {
    ///     let sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    ///     let request = ctx.host().web().get("https://files.example.com/menu.pdf");
    ///     let file = request.download("menu.pdf", Some(sha256)).await?;
    ///     ctx.reply(format!("{} bytes", file.bytes)).await
    /// }
    /// let plugin = Plugin::new()
    ///     .web_hosts(["files.example.com"])
    ///     .command(Command::new("fetch", "Fetches the menu").run(fetch));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); the status is none of success, the file is too large or another one, or the plugin has no room
    /// for it. What was at the path before is untouched.
    pub async fn download(
        self,
        file: impl Into<String>,
        sha256: Option<&str>,
    ) -> Result<DownloadReply> {
        let call = DownloadCall {
            request: self.call,
            file: file.into(),
            sha256: sha256.map(str::to_owned),
        };
        let reply = self.host.ask("web.download", &call, self.body?).await?;
        Ok(serde_json::from_slice(&reply.head)?)
    }

    /// Sends it and reads the response as JSON.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); the status is none of success; the body is no `T`.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T> {
        self.send().await?.success()?.json()
    }
}

impl WebResponse {
    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// Where it came from in the end, after redirects.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.head.url
    }

    /// A header's first value; names are compared without case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.headers.iter();
        let mut named = headers.filter(|(it, _)| it.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| &**value)
    }

    /// The body.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; what is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// This response, if its status is one of success (200 to 299).
    ///
    /// # Errors
    ///
    /// It is not; the error has the address, the status and the beginning of the body.
    pub fn success(self) -> Result<Self> {
        if (200..300).contains(&self.status()) {
            return Ok(self);
        }
        let beginning: String = self.text().chars().take(200).collect();
        Err(Error::new(format!(
            "{} answered {}: {}",
            self.place(),
            self.status(),
            beginning.trim()
        )))
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// It is no `T`; the error has the address and the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::new(format!(
                "{} answered with something else than expected: {error}",
                self.place()
            ))
        })
    }

    /// The address for messages: what stands in a query may be a secret.
    fn place(&self) -> &str {
        self.url().split(['?', '#']).next().unwrap_or_default()
    }
}
