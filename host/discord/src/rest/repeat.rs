//! Retry rules after a lost answer: idempotent requests may be sent again, and messages, which carry a nonce.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, UNIX_EPOCH},
};

use http::{Method, StatusCode};
use plugin_api::abi::RequestCall;
use serde_json::{Value, json};

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

/// Whether a request sends a new message into a channel: Discord knows it by its number when it comes twice
/// ([reference](https://discord.com/developers/docs/resources/message#create-message)).
pub(super) fn takes_number(request: &RequestCall) -> bool {
    let path = request.path.split('?').next().unwrap_or_default();
    let mut parts = path.split('/');
    let parts = [parts.next(), parts.next(), parts.next(), parts.next()];
    request.method == "POST" && matches!(parts, [Some("channels"), Some(_), Some("messages"), None])
}

/// Gives a new message a number, unless its author has given it one; whether it has one now by which Discord knows it.
pub(super) fn number(message: &mut Value, number: Option<&str>) -> bool {
    let Some(message) = message.as_object_mut() else {
        return false;
    };
    let own = message.get("nonce").is_some_and(|nonce| !nonce.is_null());
    if !own {
        let number = number.map_or_else(nonce, str::to_owned);
        message.insert("nonce".into(), number.into());
        message.insert("enforce_nonce".into(), json!(true));
    }
    // One of the author's own, not enforced, is for the author.
    message.get("enforce_nonce") == Some(&json!(true))
}

/// A number that no other message has: 25 characters at most.
fn nonce() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let since = UNIX_EPOCH.elapsed().unwrap_or_default();
    format!("{:x}-{:x}", since.as_micros(), LAST.fetch_add(1, Relaxed))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
        assert!(takes_number(&call("POST", "channels/1/messages")));
        assert!(takes_number(&call("POST", "channels/1/messages?x=1")));
        for other in [
            call("PATCH", "channels/1/messages/2"),
            call("POST", "webhooks/1/t"),
            call("POST", "channels/1/messages/2/threads"),
            call("GET", "channels/1/messages"),
        ] {
            assert!(!takes_number(&other), "{other:?}");
        }
        let mut numbers = HashSet::new();
        for _ in 0..3 {
            let mut message = json!({"content": "a"});
            assert!(number(&mut message, None));
            assert!(message["enforce_nonce"] == true && message["content"] == "a");
            let nonce = message["nonce"].as_str().unwrap().to_owned();
            assert!((10..=25).contains(&nonce.len()), "{nonce}");
            numbers.insert(nonce);
        }
        assert_eq!(numbers.len(), 3);
        let mut message = json!({"content": "a", "nonce": null});
        assert!(number(&mut message, Some("the caller's")));
        assert_eq!(message["nonce"], "the caller's");
        // The author's own, and what is no message.
        let mut own = json!({"nonce": 7});
        assert!(!number(&mut own, Some("the caller's")) && own["nonce"] == 7);
        assert!(number(
            &mut json!({"enforce_nonce": true, "nonce": 7}),
            None
        ));
        assert!(!number(&mut json!("no message"), None));
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
