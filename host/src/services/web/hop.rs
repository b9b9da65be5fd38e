//! Redirects: the requests of one call, one after the other.

use std::fmt;

use host_loader::host_call::on_the_wire;
use plugin_api::abi::WebCall;
use reqwest::{
    Method, Response, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};

use super::{Failure, refused};

/// The longest address with its query: common servers take no longer ones
/// ([RFC 9110, 4.1](https://www.rfc-editor.org/rfc/rfc9110#section-4.1) asks for 8,000 at least).
const LONGEST_URL: usize = 16_000;

/// Most headers of a request: as many as common servers take.
const MOST_HEADERS: usize = 100;

/// One request of those that redirects make of a call.
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Hop {
    pub(super) fn of(call: &WebCall, body: Vec<u8>) -> Result<Self, Failure> {
        let wrong = |what: &str, why: &dyn fmt::Display| refused(format!("{what}: {why}"));
        let mut url = Url::parse(&call.url)
            .map_err(|error| wrong(&format!("address `{}`", without_query(&call.url)), &error))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        if url.as_str().len() > LONGEST_URL {
            return Err(refused(format!(
                "an address of {} bytes: {LONGEST_URL} are the most",
                url.as_str().len()
            )));
        }
        let method = Method::from_bytes(call.method.as_bytes())
            .map_err(|error| wrong(&format!("method `{}`", call.method), &error))?;
        if call.headers.len() > MOST_HEADERS {
            return Err(refused(format!(
                "{} headers: a request has {MOST_HEADERS} at most",
                call.headers.len()
            )));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &call.headers {
            let name: HeaderName = name
                .parse()
                .map_err(|error| wrong(&format!("header `{name}`"), &error))?;
            // Its value may be a secret: it is in no message.
            let value = HeaderValue::from_str(value)
                .map_err(|error| wrong(&format!("header `{name}`"), &error))?;
            headers.append(name, value);
        }
        Ok(Self {
            method,
            url,
            headers,
            body,
        })
    }

    /// Waits for the response. What may change something is not called back when the plugin goes meanwhile.
    pub(super) async fn on_the_wire<E: fmt::Display>(
        &self,
        sending: impl Future<Output = Result<Response, E>>,
    ) -> Result<Response, E> {
        if self.method.is_safe() {
            return sending.await;
        }
        let wire = on_the_wire(format_args!("{} {}", self.method, shown(&self.url)));
        let response = sending.await;
        match &response {
            Ok(response) => wire.came_back(response.status()),
            Err(error) => wire.came_back(error),
        }
        response
    }

    /// Where a redirect leads ([RFC 9110, 15.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.4)).
    pub(super) fn next(&self, response: &Response) -> Result<Option<Self>, Failure> {
        let status = response.status().as_u16();
        let location = response.headers().get(header::LOCATION);
        let (301 | 302 | 303 | 307 | 308, Some(location)) = (status, location) else {
            return Ok(None);
        };
        let location = String::from_utf8_lossy(location.as_bytes());
        let url = self.url.join(&location);
        let from = shown(&self.url);
        let url = url.map_err(|error| Failure::Web(format!("{from} leads nowhere: {error}")))?;
        if self.url.scheme() == "https" && url.scheme() != "https" {
            return Err(Failure::Web(format!(
                "{from} leads to {}, which is not encrypted: not followed",
                shown(&url)
            )));
        }
        let mut headers = self.headers.clone();
        if url.origin() != self.url.origin() {
            for secret in [
                header::AUTHORIZATION,
                header::COOKIE,
                header::PROXY_AUTHORIZATION,
            ] {
                headers.remove(secret);
            }
        }
        let keeps_body = matches!(status, 307 | 308);
        let is_read = self.method == Method::GET || self.method == Method::HEAD;
        if !keeps_body && !is_read {
            headers.remove(header::CONTENT_TYPE);
        }
        Ok(Some(Self {
            method: if keeps_body || is_read {
                self.method.clone()
            } else {
                Method::GET
            },
            url,
            headers,
            body: if keeps_body {
                self.body.clone()
            } else {
                Vec::new()
            },
        }))
    }
}

/// An address for messages: what stands in a query may be a secret.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("").and(url.set_password(None));
    url.into()
}

pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
