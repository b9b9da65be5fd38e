//! Reply of a route.

use serde::Serialize;

use crate::{
    abi::{RouteAnswer, pages},
    error::Result,
};

/// What a route answers. The host adds the headers that keep pages safe; scripts and styles come from routes of the plugin, never from
/// within a page.
///
/// ```
/// use plugin_api::RouteReply;
///
/// let page = RouteReply::html("<h1>Tea</h1>");
/// let style = RouteReply::bytes("text/css", "h1 { color: green }").lasting();
/// let elsewhere = RouteReply::see("/p/tea/rooms");
/// ```
#[derive(Debug, Clone)]
pub struct RouteReply {
    head: RouteAnswer,
    body: Vec<u8>,
}

impl RouteReply {
    /// Bytes of a [media type](https://www.iana.org/assignments/media-types/media-types.xhtml).
    #[must_use]
    pub fn bytes(media_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let reply = Self {
            head: RouteAnswer::default(),
            body: body.into(),
        };
        reply.header("content-type", media_type)
    }

    /// A page, or a part of one, as HTML. What others have written has to be escaped before: a template library does that.
    #[must_use]
    pub fn html(body: impl Into<String>) -> Self {
        Self::bytes("text/html; charset=utf-8", body.into())
    }

    /// Plain text.
    #[must_use]
    pub fn text(body: impl Into<String>) -> Self {
        Self::bytes("text/plain; charset=utf-8", body.into())
    }

    /// A value as JSON.
    ///
    /// # Errors
    ///
    /// It can't be written as JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        Ok(Self::bytes("application/json", serde_json::to_vec(value)?))
    }

    /// Leads the browser to another path of this server (303).
    #[must_use]
    pub fn see(path: impl Into<String>) -> Self {
        Self::text("").status(303).header("location", path)
    }

    /// Nothing is to be said (204).
    #[must_use]
    pub fn nothing() -> Self {
        Self::text("").status(204)
    }

    /// Sets the [status](https://www.rfc-editor.org/rfc/rfc9110#name-status-codes). Default 200.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.head.status = status;
        self
    }

    /// Sets a header of those that the host takes: `content-type`, `cache-control`, `etag`, `location`, `content-disposition`.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.head.headers.insert(name.to_owned(), value.into());
        self
    }

    /// May be kept for a year: for what has a hash of its content in its path. Default: nothing is kept.
    #[must_use]
    pub fn lasting(self) -> Self {
        self.header("cache-control", "private, max-age=31536000, immutable")
    }

    /// Is saved as a file of this name, and not shown.
    #[must_use]
    pub fn download(self, name: &str) -> Self {
        let plain: String = name
            .chars()
            .map(|c| match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => c,
                _ => '_',
            })
            .take(120)
            .collect();
        self.header(
            "content-disposition",
            format!("attachment; filename=\"{plain}\""),
        )
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        pages::joined(&self.head, &self.body)
    }
}
