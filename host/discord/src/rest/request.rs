//! Conversion of a host call to an HTTP request.

use std::fmt;

use host_capability::Failure;
use http::{
    HeaderName, HeaderValue,
    header::{CONTENT_TYPE, InvalidHeaderValue},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use plugin_api::abi::RequestCall;
use twilight_http::request::{Method, RequestBuilder};

use super::{
    Call,
    message::{self, Ruled},
    path::canonical,
    repeat::Repeat,
    seal::Seals,
    transport::Outgoing,
};

/// The request that a call asks for, and whether it may be sent twice.
pub(super) fn build(mut call: Call, seals: &Seals) -> Result<(Outgoing, Repeat), Failure> {
    call.request.path = canonical(&call.request.path)?;
    let number = call.number.as_deref();
    let Ruled { body, has_number } = message::ruled(&call.request, call.body, number, seals)?;
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
    let repeat = Repeat::of(&outgoing.method(), outgoing.path(), has_number);
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
        build(call, &Seals::new(None)).map(|(outgoing, _)| outgoing)
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
