//! Retry rules after a lost answer: idempotent requests may be sent again, and messages, which carry a nonce.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, UNIX_EPOCH},
};

use http::{Method, StatusCode};
use plugin_api::abi::RequestCall;
use serde_json::{Value, json};

use super::body::edited;

/// What is waited before the second try, unless Discord says more.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// Permission to send a request once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Only if it has never arrived.
    Never,
    /// Once.
    Once,
}

impl Repeat {
    /// Of a request with that body.
    pub fn of(method: &Method, path: &str, has_nonce: bool) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        match *method {
            // Each says what is to be the case, and not what is to be done.
            Method::GET | Method::PUT | Method::PATCH | Method::DELETE => Self::Once,
            _ if has_nonce || path == "users/@me/channels" || path.ends_with("/typing") => {
                Self::Once
            }
            _ => Self::Never,
        }
    }
}

/// Whether that status means that another try may go better.
pub(super) fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 502..=504)
}

/// Gives a new message a number, by which Discord knows it when it comes twice; whether the body has one now
/// ([reference](https://discord.com/developers/docs/resources/message#create-message)).
pub(super) fn numbered(request: &RequestCall, body: Vec<u8>) -> (Vec<u8>, bool) {
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let ("POST", ["channels", _, "messages"]) = (&*request.method, &*parts) else {
        return (body, false);
    };
    let mut has_nonce = false;
    let number = |message: &mut Value| {
        let Some(message) = message.as_object_mut() else {
            return;
        };
        let own = message.get("nonce").is_some_and(|nonce| !nonce.is_null());
        if !own {
            message.insert("nonce".into(), nonce().into());
            message.insert("enforce_nonce".into(), json!(true));
        }
        // One of the author's own, not enforced, is for the author.
        has_nonce = message.get("enforce_nonce") == Some(&json!(true));
    };
    match edited(&body, request.multipart_boundary.as_deref(), number) {
        Ok(body) => (body, has_nonce),
        Err(_) => (body, false),
    }
}

/// A number that no other message has: 25 characters at most.
fn nonce() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let since = UNIX_EPOCH.elapsed().unwrap_or_default();
    format!("{:x}-{:x}", since.as_micros(), LAST.fetch_add(1, Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, path: &str) -> RequestCall {
        RequestCall {
            method: method.into(),
            path: path.into(),
            ..RequestCall::default()
        }
    }

    #[test]
    fn messages_get_a_number_and_nothing_else_does() {
        let send = call("POST", "channels/1/messages");
        let (first, has) = numbered(&send, br#"{"content":"a"}"#.to_vec());
        let first: Value = serde_json::from_slice(&first).unwrap();
        assert!(has && first["enforce_nonce"] == true && first["content"] == "a");
        let nonce = first["nonce"].as_str().unwrap();
        assert!((10..=25).contains(&nonce.len()), "{nonce}");
        let (second, _) = numbered(&send, br#"{"content":"a"}"#.to_vec());
        let second: Value = serde_json::from_slice(&second).unwrap();
        assert_ne!(first["nonce"], second["nonce"]);
        for other in [
            call("PATCH", "channels/1/messages/2"),
            call("POST", "webhooks/1/t"),
            call("POST", "channels/1/messages/2/threads"),
        ] {
            let body = br#"{"content":"a"}"#.to_vec();
            assert_eq!(numbered(&other, body.clone()), (body, false));
        }
        // The author's own, and what is no message.
        let own = br#"{"nonce":7}"#.to_vec();
        assert!(!numbered(&send, own).1);
        let enforced = br#"{"enforce_nonce":true,"nonce":7}"#.to_vec();
        assert!(numbered(&send, enforced).1);
        assert!(!numbered(&send, b"no json".to_vec()).1);
    }

    #[test]
    fn what_is_done_twice_by_two_requests_is_never_repeated() {
        let of = |method: Method, path: &str| Repeat::of(&method, path, false);
        assert_eq!(of(Method::POST, "interactions/1/t/callback"), Repeat::Never);
        assert_eq!(of(Method::POST, "webhooks/1/t?wait=true"), Repeat::Never);
        assert_eq!(of(Method::POST, "channels/1/messages"), Repeat::Never);
        assert_eq!(
            Repeat::of(&Method::POST, "channels/1/messages", true),
            Repeat::Once
        );
        assert_eq!(of(Method::DELETE, "channels/1/messages/2"), Repeat::Once);
        assert_eq!(of(Method::PUT, "guilds/1/members/2/roles/3"), Repeat::Once);
    }
}
