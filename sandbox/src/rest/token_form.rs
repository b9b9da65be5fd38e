//! Form that the token endpoints take, and what the inspector is shown of it.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::error::ApiError;

/// What the inspector does not show of requests and answers.
const SECRETS: [&str; 6] = [
    "access_token",
    "client_secret",
    "code",
    "code_verifier",
    "refresh_token",
    "token",
];

/// Whether requests to a path below the API's base come as forms.
pub(super) fn is_taken_at(path: &str) -> bool {
    matches!(path, "oauth2/token" | "oauth2/token/revoke")
}

/// Reads a form. JSON counts as an empty one, which is what Discord takes it for.
pub(super) fn read(content_type: &str, body: &Bytes) -> Result<Map<String, Value>, ApiError> {
    let mut form = Map::new();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Ok(form);
    }
    for (name, value) in form_urlencoded::parse(body) {
        let twice = form.insert(name.clone().into_owned(), json!(value));
        if twice.is_some() {
            let why = format!("Multiple \"{name}\" in request.");
            return Err(ApiError::oauth("invalid_request", Some(&why)));
        }
    }
    Ok(form)
}

/// The same without what nobody else may know, for the inspector.
pub(super) fn veiled(fields: &Map<String, Value>) -> Value {
    let shown = fields.iter().map(|(name, value)| {
        let shown = match SECRETS.contains(&name.as_str()) {
            true => json!("…"),
            false => value.clone(),
        };
        (name.clone(), shown)
    });
    Value::Object(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inspector_is_shown_no_secret() {
        let form = Bytes::from_static(b"grant_type=refresh_token&refresh_token=a&client_secret=b");
        let form = read("application/x-www-form-urlencoded; charset=utf-8", &form).unwrap();
        let shown =
            json!({"grant_type": "refresh_token", "refresh_token": "…", "client_secret": "…"});
        assert_eq!(veiled(&form), shown);
        let twice = Bytes::from_static(b"code=a&code=b");
        let error = read("application/x-www-form-urlencoded", &twice).unwrap_err();
        assert_eq!(error.body["error"], "invalid_request");
        assert!(read("application/json", &twice).unwrap().is_empty());
    }
}
