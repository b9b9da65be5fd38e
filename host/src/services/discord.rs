//! Discord's REST API: any route, through the one client and its rate limiter.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use http::{HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use plugin_api::abi::{RequestCall, ResponseHead};
use serde_json::{Value, json};
use twilight_http::{
    Client,
    request::{Method, Request, RequestBuilder},
    response::marker::EmptyBody,
};

use super::{
    Completion, Failure,
    host_call::{self, Lifetime, on_the_wire},
    later::{Later, Sent},
};
use crate::metrics::Figures;

/// Discord's REST API.
pub struct Discord {
    client: Arc<Client>,
    pub(super) figures: Arc<Figures>,
}

/// One request: what [`Discord::send`] takes.
#[derive(Debug, Default)]
pub struct Call {
    /// As in [`RequestCall`].
    pub request: RequestCall,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the path itself carries the right to it (interactions and webhooks), and no token is sent.
    pub without_token: bool,
}

impl Discord {
    /// The API through `client`; requests are counted in `figures`.
    #[must_use]
    pub fn new(client: Arc<Client>, figures: Arc<Figures>) -> Self {
        Self { client, figures }
    }

    /// The client, for requests that twilight-http has methods for.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The host call `discord.request`.
    ///
    /// # Errors
    ///
    /// The parameters are wrong, or Discord refused.
    pub async fn serve(
        &self,
        later: &Arc<Later>,
        params: Value,
        body: Vec<u8>,
    ) -> Result<Completion, Failure> {
        let request: RequestCall = serde_json::from_value(params)?;
        let writes = writes_message(&request);
        let body = if request.multipart_boundary.is_none() && writes {
            without_mentions(body)
        } else {
            body
        };
        let delete_after = request.delete_after_ms.map(Duration::from_millis);
        let (status, body) = self
            .send(Call {
                request,
                body,
                without_token: false,
            })
            .await?;
        if writes && let Ok(message) = serde_json::from_slice::<Value>(&body) {
            later.watch(&message, None);
            if let (Some(after), Some(sent)) = (delete_after, Sent::read(&message)) {
                later.delete(sent, None, after);
            }
        }
        Ok(Completion {
            status: 0,
            head: serde_json::to_vec(&ResponseHead { status })?,
            body,
        })
    }

    /// Sends JSON and reads JSON; `Null` for an empty response.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach.
    pub async fn json(
        &self,
        method: &str,
        path: String,
        body: &Value,
        without_token: bool,
    ) -> Result<Value, Failure> {
        let call = Call {
            request: RequestCall {
                method: method.to_owned(),
                path,
                ..RequestCall::default()
            },
            body: if body.is_null() {
                Vec::new()
            } else {
                serde_json::to_vec(body)?
            },
            without_token,
        };
        let (_, body) = self.send(call).await?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&body)?)
    }

    /// Sends a request; HTTP status and body of the response.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach.
    pub async fn send(&self, call: Call) -> Result<(u16, Vec<u8>), Failure> {
        let (began, method, path) = (
            Instant::now(),
            call.request.method.clone(),
            call.request.path.clone(),
        );
        let result = self.exchange(call).await;
        let status = match &result {
            Ok((status, _)) | Err(Failure::Discord { status, .. }) => *status,
            // It never left the host.
            Err(Failure::Refused(_)) => return result,
            Err(_) => 0,
        };
        let took = began.elapsed();
        self.figures.rest.ended(&method, &path, status, took);
        result
    }

    async fn exchange(&self, call: Call) -> Result<(u16, Vec<u8>), Failure> {
        let (method, path) = (call.request.method.clone(), call.request.path.clone());
        let mut sending = self.client.request::<EmptyBody>(build(call)?);
        // twilight waits and tries again after a 429 alone, and tells nobody; it asks here before each try.
        let (figures, tries) = (Arc::clone(&self.figures), AtomicU64::new(0));
        let (lifetime, wire) = (host_call::lifetime(), Arc::new(Mutex::new(None)));
        let sent = Arc::clone(&wire);
        sending.set_pre_flight(move || {
            // Not once more for a plugin that is gone.
            if lifetime.as_ref().is_some_and(Lifetime::is_over) {
                return false;
            }
            if tries.fetch_add(1, Relaxed) > 0 {
                figures.rest.limited(&method, &path);
            }
            if method != "GET" {
                let what = on_the_wire(format_args!("{method} {}", without_secrets(&path)));
                *sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
            }
            true
        });
        let response = sending.await;
        let wire = wire.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(wire) = wire {
            match &response {
                Ok(response) => wire.came_back(response.status()),
                Err(error) => wire.came_back(error),
            }
        }
        let response = response?;
        let status = response.status().get();
        let body = response
            .bytes()
            .await
            .map_err(|error| Failure::Transport(error.to_string()))?;
        Ok((status, body))
    }
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Discord")
    }
}

/// A path for the log: without the tokens that interactions and webhooks carry in theirs, and without a query.
fn without_secrets(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts: Vec<&str> = path.split('/').collect();
    if let ["interactions" | "webhooks", _, token, ..] = &mut *parts {
        *token = "…";
    }
    parts.join("/")
}

/// Whether a request sends or changes a message.
fn writes_message(request: &RequestCall) -> bool {
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
fn without_mentions(body: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Object(mut message)) if !message.contains_key("allowed_mentions") => {
            message.insert("allowed_mentions".into(), json!({"parse": []}));
            Value::Object(message).to_string().into_bytes()
        }
        _ => body,
    }
}

fn build(call: Call) -> Result<Request, Failure> {
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
    let mut builder =
        RequestBuilder::raw(method, path).use_authorization_token(!call.without_token);
    if let Some(boundary) = multipart_boundary {
        let boundary: [u8; 15] = boundary
            .as_bytes()
            .try_into()
            .map_err(|_| Failure::Refused("a multipart boundary has 15 ASCII characters".into()))?;
        builder = builder.multipart(boundary, call.body);
    } else if !call.body.is_empty() {
        builder = builder.body(call.body);
    }
    if let Some(reason) = reason {
        builder = builder.headers(std::iter::once(audit_reason(&reason)?));
    }
    builder.build().map_err(Failure::from)
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
}
