//! Answers that say no: a page for whoever looks at one, a sentence for a script.

use std::time::Duration;

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

/// An answer that says no.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    text: String,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
            headers: Vec::new(),
        }
    }

    /// So many requests that no more are taken for a while.
    pub(super) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        let text =
            format!("That was more than this server takes. Please try again in {seconds} s.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, text)
            .with(header::RETRY_AFTER, &seconds.to_string())
    }

    /// Nothing is there.
    pub(super) fn nothing() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing at this address.")
    }

    /// The same with a header.
    pub(super) fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether somebody looks at what comes.
    pub(super) fn wants_page(method: &Method, headers: &HeaderMap) -> bool {
        let accept = headers.get(header::ACCEPT);
        let accept = accept
            .and_then(|accept| accept.to_str().ok())
            .unwrap_or_default();
        let is_script = headers
            .get("sec-fetch-mode")
            .is_some_and(|mode| mode != "navigate");
        *method == Method::GET && accept.contains("text/html") && !is_script
    }

    pub(super) fn answer(self, wants_page: bool) -> Response {
        let mut response = match wants_page {
            true => {
                let title = self.status.canonical_reason().unwrap_or("Refused");
                let link = match self.status {
                    StatusCode::UNAUTHORIZED => ("/login", "Log in"),
                    _ => ("/", "Back to the beginning"),
                };
                let body = format!(
                    "<h1>{title}</h1><p>{}</p><p><a class=\"button\" href=\"{}\">{}</a></p>",
                    escaped(&self.text),
                    link.0,
                    link.1
                );
                (self.status, page(title, &body)).into_response()
            }
            false => {
                let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
                (self.status, kind, self.text).into_response()
            }
        };
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// A page of the host's own.
pub(super) fn page(title: &str, body: &str) -> Html<String> {
    page_with(title, "", body)
}

/// The same with more in its head.
pub(super) fn page_with(title: &str, head: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{} · Cogwright</title><link rel=\"stylesheet\" href=\"/login/style.css\">{head}</head>\
         <body><main>{body}</main></body></html>",
        escaped(title)
    ))
}

/// Somebody's words inside of HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_are_no_html() {
        assert_eq!(
            escaped("<img onerror='x' a=\"b\">&"),
            "&lt;img onerror=&#39;x&#39; a=&quot;b&quot;&gt;&amp;"
        );
    }
}
