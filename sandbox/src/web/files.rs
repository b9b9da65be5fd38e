//! Static files of the page, as they lie in `page/`: nothing is built, nothing comes from elsewhere.

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

/// What the page may load and do. Pictures of embeds may come from anywhere; all else is the sandbox's own.
const POLICY: &str = "default-src 'self'; img-src 'self' https: data: blob:; object-src 'none'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("page/", $name)))),*]
    };
}

const FILES: &[(&str, &str)] = &files![
    "base.css",
    "layout.css",
    "message.css",
    "markdown.css",
    "form.css",
    "inspector.css",
    "consent.css",
    "theme.js",
    "main.js",
    "api.js",
    "ask.js",
    "command.js",
    "components.js",
    "composer.js",
    "controls.js",
    "dom.js",
    "drawer.js",
    "embed.js",
    "faults.js",
    "identity.js",
    "inline.js",
    "inspector.js",
    "json.js",
    "listbox.js",
    "markdown.js",
    "members.js",
    "menu.js",
    "message.js",
    "messages.js",
    "modal.js",
    "parts.js",
    "roving.js",
    "select.js",
    "sidebar.js",
    "slash.js",
    "state.js",
    "suggest.js",
    "timestamp.js",
    "traffic.js",
];

/// The page itself.
pub(crate) fn page() -> impl IntoResponse {
    (
        [(header::CONTENT_SECURITY_POLICY, POLICY)],
        Html(include_str!("page/index.html")),
    )
}

/// One of its files.
pub(super) async fn file(Path(name): Path<String>) -> Response {
    let Some((_, text)) = FILES.iter().find(|(known, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        _ => "text/javascript; charset=utf-8",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        // Another sandbox may soon listen at this address.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, *text).into_response()
}
