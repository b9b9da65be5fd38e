//! Tests of a request's whole way, over a transport that says what the test wants.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use host_loader::{Caller, Completion};
use http::{HeaderMap, HeaderValue};
use tokio_util::sync::CancellationToken;

use super::*;

/// Says one thing after the other, and remembers what it was sent.
#[derive(Default)]
struct Script {
    says: Mutex<VecDeque<Result<Answer, Lost>>>,
    sent: Mutex<Vec<(Instant, Outgoing)>>,
}

impl Transport for Arc<Script> {
    fn send<'a>(&'a self, request: &'a Outgoing) -> BoxFuture<'a, Result<Answer, Lost>> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push((Instant::now(), request.clone()));
        let mut says = self.says.lock().unwrap_or_else(PoisonError::into_inner);
        let says = says.pop_front().unwrap_or_else(|| answer(200, &[], "{}"));
        Box::pin(async move { says })
    }
}

fn answer(
    status: u16,
    headers: &[(&'static str, &'static str)],
    body: &str,
) -> Result<Answer, Lost> {
    let header = |(name, value): &(&'static str, &'static str)| {
        let name = http::HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    };
    Ok(Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers.iter().map(header).collect::<HeaderMap>(),
        body: body.as_bytes().to_vec(),
    })
}

fn lost() -> Result<Answer, Lost> {
    Err(Lost {
        is_unsent: false,
        why: "connection reset".into(),
    })
}

struct Kit {
    script: Arc<Script>,
    discord: Discord,
}

fn kit(says: impl IntoIterator<Item = Result<Answer, Lost>>) -> Kit {
    let script = Arc::new(Script {
        says: Mutex::new(says.into_iter().collect()),
        ..Script::default()
    });
    let config = config::Discord::default();
    let discord = Discord::over(Box::new(Arc::clone(&script)), &config, Arc::default());
    Kit { script, discord }
}

impl Kit {
    async fn send(&self, method: &str, path: &str) -> Result<u16, String> {
        let request = RequestCall {
            method: method.into(),
            path: path.into(),
            ..RequestCall::default()
        };
        let body = match method {
            "POST" | "PATCH" => br#"{"content":"tea"}"#.to_vec(),
            _ => Vec::new(),
        };
        let call = Call {
            request,
            body,
            ..Call::default()
        };
        let sent = self.discord.send(call).await;
        sent.map(|(status, _)| status)
            .map_err(|error| error.to_string())
    }

    fn sent(&self) -> Vec<(Instant, Outgoing)> {
        self.script.sent.lock().unwrap().clone()
    }

    /// The numbers of the messages that were sent.
    fn nonces(&self) -> Vec<Value> {
        let body = |(_, outgoing): &(Instant, Outgoing)| {
            serde_json::from_slice::<Value>(outgoing.body()).unwrap()["nonce"].take()
        };
        self.sent().iter().map(body).collect()
    }
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_sent_once_more_with_the_same_number() {
    for trouble in [lost(), answer(502, &[], "<html>"), answer(503, &[], "")] {
        let kit = kit([trouble]);
        assert_eq!(kit.send("POST", "channels/1/messages").await, Ok(200));
        let nonces = kit.nonces();
        assert_eq!(nonces.len(), 2);
        assert!(nonces[0].is_string() && nonces[0] == nonces[1]);
        let apart = kit.sent()[1].0 - kit.sent()[0].0;
        assert!(apart >= PAUSE, "{apart:?}");
    }
}

#[tokio::test]
async fn twice_is_enough() {
    let kit = kit([lost(), lost()]);
    let error = kit.send("POST", "channels/1/messages").await.unwrap_err();
    assert!(error.contains("connection reset"), "{error}");
    assert_eq!(kit.sent().len(), 2);
    let kit = self::kit([lost(), answer(503, &[], "")]);
    assert!(kit.send("PUT", "guilds/1/bans/2").await.is_err());
    assert_eq!(kit.sent().len(), 2);
}

#[tokio::test]
async fn what_would_be_done_twice_is_sent_once_unless_it_never_left() {
    for path in ["interactions/1/t/callback", "webhooks/1/t"] {
        let kit = kit([lost()]);
        assert!(kit.send("POST", path).await.is_err());
        assert_eq!(kit.sent().len(), 1, "{path}");
        let kit = self::kit([Err(Lost {
            is_unsent: true,
            why: "connection refused".into(),
        })]);
        assert_eq!(kit.send("POST", path).await, Ok(200));
        assert_eq!(kit.sent().len(), 2, "{path}");
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_told_from_what_has_not() {
    let unsent = || {
        Err(Lost {
            is_unsent: true,
            why: "connection refused".into(),
        })
    };
    let headers = async |says: Vec<Result<Answer, Lost>>| {
        let kit = kit(says);
        kit.send("POST", "webhooks/1/t").await.unwrap_err()
    };
    let lost = headers(vec![lost()]).await;
    assert!(lost.contains("answer was lost"), "{lost}");
    let half = headers(vec![unsent(), self::lost()]).await;
    assert!(half.contains("answer was lost"), "{half}");
    let never = headers(vec![unsent(), unsent()]).await;
    assert!(never.contains("out of reach"), "{never}");
}

#[tokio::test]
async fn what_the_first_try_has_deleted_is_deleted() {
    let gone = r#"{"message":"Unknown Message","code":10008}"#;
    let kit = kit([lost(), answer(404, &[], gone)]);
    assert_eq!(kit.send("DELETE", "channels/1/messages/2").await, Ok(204));
    let kit = self::kit([answer(404, &[], gone)]);
    let error = kit
        .send("DELETE", "channels/1/messages/2")
        .await
        .unwrap_err();
    assert!(error.contains("Unknown Message (code 10008)"), "{error}");
}

#[tokio::test]
async fn a_short_wait_is_waited_to_its_end() {
    let limit = answer(
        429,
        &[("x-ratelimit-scope", "user"), ("retry-after", "1")],
        r#"{"retry_after":0.2}"#,
    );
    let kit = kit([limit]);
    assert_eq!(kit.send("POST", "channels/1/messages").await, Ok(200));
    let sent = kit.sent();
    assert_eq!(sent.len(), 2);
    let apart = sent[1].0 - sent[0].0;
    assert!(apart >= Duration::from_millis(200), "{apart:?}");
    assert_eq!(kit.nonces()[0], kit.nonces()[1]);
}

#[tokio::test]
async fn a_long_wait_fails_with_a_sentence_and_nothing_is_sent_meanwhile() {
    let page = answer(429, &[("retry-after", "3600")], "<html>rate limited</html>");
    let kit = kit([page]);
    let error = kit.send("PATCH", "channels/1").await.unwrap_err();
    assert!(
        error.contains("lets `PATCH channels/1` through in 3600s")
            && error.contains("longest_wait_s"),
        "{error}"
    );
    // The page is Cloudflare's: nothing goes out, and no one tries.
    for path in ["channels/1", "guilds/7", "webhooks/1/t/messages/@original"] {
        let error = kit.send("PATCH", path).await.unwrap_err();
        assert!(error.contains("3600s"), "{error}");
    }
    assert_eq!(kit.sent().len(), 1);
}

#[tokio::test]
async fn a_limit_within_a_route_stops_the_route_and_no_other() {
    let headers = [
        ("x-ratelimit-scope", "user"),
        ("x-ratelimit-remaining", "8"),
        ("x-ratelimit-reset-after", "5"),
        ("retry-after", "547"),
    ];
    let kit = kit([answer(429, &headers, r#"{"retry_after":546.8}"#)]);
    for _ in 0..20 {
        let error = kit.send("PATCH", "channels/1").await.unwrap_err();
        assert!(error.contains("54"), "{error}");
    }
    assert_eq!(kit.sent().len(), 1);
    assert_eq!(kit.send("PATCH", "channels/2").await, Ok(200));
    assert_eq!(kit.send("POST", "channels/1/messages").await, Ok(200));
}

#[tokio::test]
async fn a_plugin_that_is_refused_again_and_again_is_stopped_and_the_owner_is_told() {
    let kit = kit((0..3_000).map(|_| {
        answer(
            403,
            &[],
            r#"{"code":50013,"message":"Missing Permissions"}"#,
        )
    }));
    let headers = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&headers);
    kit.discord
        .governor
        .tell(move |notice| hears.lock().unwrap().push(words_of_notice(notice)));
    let caller = Caller::new("loop", 1);
    let over = CancellationToken::new();
    let served = host_call::serve(&caller, &over, async {
        for n in 0..3_000 {
            let error = kit
                .send("PATCH", &format!("channels/{n}"))
                .await
                .unwrap_err();
            if !error.contains("Missing Permissions") {
                assert!(
                    error.contains("2000 requests of the plugin `loop`"),
                    "{error}"
                );
            }
        }
        // A member still gets an answer.
        kit.script.says.lock().unwrap().clear();
        let callback = kit.send("POST", "interactions/1/t/callback").await;
        assert_eq!(callback, Ok(200));
        Completion::default()
    });
    assert!(served.await.is_some());
    assert_eq!(kit.sent().len(), 2_001);
    let told = headers.lock().unwrap().clone();
    let [warned, stopped] = &*told else {
        panic!("once each: {told:#?}")
    };
    assert_eq!(
        warned,
        "1000 requests of the plugin `loop` in ten minutes were refused (401, 403, 429), most were `PATCH channels/:x` with status 403 \
         (1000 of them). From 2,000 on it sends nothing but answers to interactions (`limits.plugin_invalid_requests_percent`): \
         Discord bans a bot with 10,000"
    );
    assert!(
        stopped.starts_with("2000 requests of the plugin `loop`")
            && stopped.ends_with("; most were `PATCH channels/:x` with status 403 (2000 of them)"),
        "{stopped}"
    );
    // The others go on.
    assert_eq!(kit.send("PATCH", "channels/1").await, Ok(200));
    // More may be allowed while it runs.
    let limits = config::Limits {
        plugin_invalid_requests_percent: 30,
        ..config::Limits::default()
    };
    kit.discord.bound_invalid(&limits);
    let served = host_call::serve(&caller, &over, async {
        assert_eq!(kit.send("PATCH", "channels/1").await, Ok(200));
        Completion::default()
    });
    assert!(served.await.is_some());
}

#[tokio::test]
async fn no_secret_goes_out_in_a_body_or_a_reason_whoever_says_it() {
    let (kit, secret) = (kit([]), "qq7-said-by-mistake");
    redact::keep_out_of("said", secret);
    let send = |body: String| {
        let request = RequestCall {
            method: "PATCH".into(),
            path: "guilds/1".into(),
            reason: Some(format!("for\n{secret}\u{202e}")),
            ..RequestCall::default()
        };
        kit.discord.send(Call {
            request,
            body: body.into_bytes(),
            ..Call::default()
        })
    };
    let escaped = secret.replace('q', "\\u0071");
    let long = format!("{}{secret}", "x".repeat(1 << 20));
    for said in [secret, &escaped, &long, "cXE3LXNhaWQtYnktbWlzdGFrZQ=="] {
        send(format!("{{\"name\":\"{said}\"}}")).await.unwrap();
    }
    for (_, sent) in kit.sent() {
        let body = String::from_utf8(sent.body().to_vec()).unwrap();
        assert!(body.contains("<redacted>"), "{body:.200}");
        assert!(!redact::holds(body.as_bytes()));
        let reason = &sent.0.headers().unwrap()["x-audit-log-reason"];
        assert_eq!(reason, "for%5Cn%3Credacted%3E%5Cu%7B202e%7D");
    }
}
