//! From a call to a request.

use std::fmt;

use http::{
    HeaderName, HeaderValue,
    header::{CONTENT_TYPE, InvalidHeaderValue},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use plugin_api::abi::RequestCall;
use serde_json::{Value, json};
use twilight_http::request::{Method, RequestBuilder};

use super::{
    Call,
    repeat::{Repeat, numbered},
    transport::Outgoing,
};
use crate::services::Failure;

/// Whether a request sends or changes a message.
pub(super) fn writes_message(request: &RequestCall) -> bool {
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    matches!(
        (&*request.method, &*parts),
        ("POST", ["channels", _, "messages"] | ["webhooks", _, _])
            | (
                "PATCH",
                ["channels", _, "messages", _] | ["webhooks", _, _, "messages", _]
            )
    )
}

/// A message that says nothing of mentions notifies nobody, by whatever way it goes.
pub(super) fn without_mentions(body: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Object(mut message)) if !message.contains_key("allowed_mentions") => {
            message.insert("allowed_mentions".into(), json!({"parse": []}));
            Value::Object(message).to_string().into_bytes()
        }
        _ => body,
    }
}

/// The request that a call asks for, and whether it may be sent twice.
pub(super) fn build(call: Call) -> Result<(Outgoing, Repeat), Failure> {
    let (body, has_nonce) = numbered(&call.request, call.body);
    let RequestCall {
        method,
        path,
        multipart_boundary,
        reason,
        delete_after_ms: _,
    } = call.request;
    let method = match &*method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => {
            return Err(Failure::Refused(format!(
                "`{other}` is no method of Discord's"
            )));
        }
    };
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return Err(Failure::Refused(format!(
            "`{path}`: a path is what stands behind /api/v10/, without a leading slash"
        )));
    }
    let mut headers = Vec::new();
    let wrong = |error: InvalidHeaderValue| Failure::Refused(error.to_string());
    if let Some(boundary) = multipart_boundary {
        if boundary.len() != 15 || !boundary.is_ascii() {
            return Err(Failure::Refused(
                "a multipart boundary has 15 ASCII characters".into(),
            ));
        }
        let form = format!("multipart/form-data; boundary={boundary}");
        headers.push((CONTENT_TYPE, HeaderValue::from_str(&form).map_err(wrong)?));
    } else if !body.is_empty() {
        headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    }
    if let Some(reason) = reason {
        headers.push(audit_reason(&reason)?);
    }
    let request = RequestBuilder::raw(method, path)
        .body(body)
        .headers(headers.into_iter())
        .use_authorization_token(!call.without_token)
        .build()
        .map_err(|error| Failure::Refused(error.to_string()))?;
    let outgoing = Outgoing(request);
    let repeat = Repeat::of(&outgoing.method(), outgoing.path(), has_nonce);
    Ok((outgoing, repeat))
}

/// The header that puts a reason into the server's audit log
/// ([reference](https://discord.com/developers/docs/resources/audit-log)).
fn audit_reason(reason: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let length = reason.chars().count();
    if length > 512 {
        return Err(Failure::Refused(format!(
            "an audit log reason has 512 characters at most, this one has {length}"
        )));
    }
    let encoded = utf8_percent_encode(reason, NON_ALPHANUMERIC).to_string();
    let value =
        HeaderValue::from_str(&encoded).map_err(|error| Failure::Refused(error.to_string()))?;
    Ok((HeaderName::from_static("x-audit-log-reason"), value))
}

/// For people: without the tokens that interactions and webhooks carry in their paths, and without a query.
impl fmt::Display for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path().split('?').next().unwrap_or_default();
        let mut parts: Vec<&str> = path.split('/').collect();
        if let ["interactions" | "webhooks", _, token, ..] = &mut *parts {
            *token = "…";
        }
        write!(f, "{} {}", self.method(), parts.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_by_any_route_notifies_nobody_unless_it_says_so() {
        let writes = |method: &str, path: &str| {
            writes_message(&RequestCall {
                method: method.into(),
                path: path.into(),
                ..RequestCall::default()
            })
        };
        assert!(writes("POST", "channels/1/messages") && writes("PATCH", "channels/1/messages/2"));
        assert!(writes("POST", "webhooks/1/t?wait=true"));
        assert!(!writes("PUT", "channels/1/messages/2/reactions/x/@me"));
        let body = without_mentions(br#"{"content":"@everyone"}"#.to_vec());
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["allowed_mentions"], json!({"parse": []}));
        let own = br#"{"allowed_mentions":{"parse":["everyone"]}}"#;
        assert_eq!(without_mentions(own.to_vec()), own);
    }

    fn built(method: &str, path: &str) -> Result<Outgoing, Failure> {
        let request = RequestCall {
            method: method.into(),
            path: path.into(),
            ..RequestCall::default()
        };
        let call = Call {
            request,
            ..Call::default()
        };
        build(call).map(|(outgoing, _)| outgoing)
    }

    #[test]
    fn what_leads_elsewhere_is_no_request_and_no_token_is_shown() {
        for path in ["/users/@me", "channels/../users/@me"] {
            assert!(built("GET", path).is_err(), "{path}");
        }
        assert!(built("BREW", "tea").is_err());
        let callback = built("POST", "interactions/1/secret/callback?with_response=true").unwrap();
        assert_eq!(callback.to_string(), "POST interactions/1/…/callback");
    }
}
