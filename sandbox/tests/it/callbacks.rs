//! Tests of what goes wrong with first responses to interactions, on request.

use sandbox::{Effect, ErrorBody, Fault, Forestaller, Options, Sandbox};
use serde_json::{Value, json};

use crate::bot::{Watched, send, watched};

const CALLBACK: &str = "POST /interactions/*/*/callback";

struct Asked {
    sandbox: Watched,
    id: u64,
}

impl Asked {
    /// A sandbox with an interaction that waits, and this fault.
    async fn with(effect: Effect) -> Self {
        let sandbox = watched(Options::default()).await;
        let fault = Fault::request(CALLBACK, effect);
        sandbox.faults().add(fault, Some(1)).unwrap();
        let asked = json!({"id": "5", "token": "t", "type": 2, "data": {"name": "tea"}});
        let id = sandbox.raw_event("INTERACTION_CREATE", asked).unwrap();
        Self { sandbox, id }
    }

    async fn responds(&self, response: Value) -> (u16, Value) {
        let path = format!("interactions/{}/t/callback", self.id);
        send(&self.sandbox, "POST", &path, Some(&response)).await
    }

    async fn original(&self) -> (u16, Value) {
        let application = self.sandbox.application_id();
        let path = format!("webhooks/{application}/t/messages/@original");
        send(&self.sandbox, "GET", &path, None).await
    }
}

fn said(sandbox: &Sandbox) -> Vec<(String, bool)> {
    let messages = sandbox.actor("owner").unwrap().messages("general");
    let shown = messages.into_iter();
    shown
        .map(|message| (message.content, message.loading))
        .collect()
}

fn tea() -> Value {
    json!({"type": 4, "data": {"content": "tea"}})
}

#[tokio::test]
async fn somebody_else_responds_first() {
    for (by, flags) in [
        (Forestaller::Thinking, 128),
        (Forestaller::PrivateThinking, 128 + 64),
        (Forestaller::Message, 0),
    ] {
        let asked = Asked::with(Effect::Forestall { by }).await;
        let (status, body) = asked.responds(tea()).await;
        assert_eq!((status, &body["code"]), (400, &json!(40060)));
        let (status, original) = asked.original().await;
        assert_eq!((status, &original["flags"]), (200, &json!(flags)));
    }
}

#[tokio::test]
async fn discord_refuses_with_the_code_that_is_wanted() {
    let asked = Asked::with(Effect::Refuse { code: 10062 }).await;
    let (status, body) = asked.responds(tea()).await;
    let expected = json!({"message": "Unknown interaction", "code": 10062});
    assert_eq!((status, body), (404, expected));
    assert!(said(&asked.sandbox).is_empty());
    // Nobody has responded: there is no webhook yet.
    let (status, body) = asked.original().await;
    assert_eq!((status, &body["code"]), (404, &json!(10015)));
    assert_eq!(asked.responds(tea()).await.0, 204);
    let unknown = Fault::request(CALLBACK, Effect::Refuse { code: 1 });
    assert!(asked.sandbox.faults().add(unknown, None).is_err());
}

#[tokio::test]
async fn what_is_answered_with_an_error_was_done_all_the_same() {
    let effect = Effect::FailAnswer {
        status: 502,
        body: ErrorBody::Html,
    };
    let asked = Asked::with(effect).await;
    assert_eq!(asked.responds(tea()).await.0, 502);
    assert_eq!(said(&asked.sandbox), [("tea".to_owned(), false)]);
    let (status, body) = asked.responds(tea()).await;
    assert_eq!((status, &body["code"]), (400, &json!(40060)));
}
