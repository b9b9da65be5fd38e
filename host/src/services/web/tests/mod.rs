//! Tests of web requests against a server in this process.

mod download;
mod tls;

use std::{io::Write, time::Duration};

use axum::{
    Router,
    extract::RawQuery,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use flate2::{Compression, write::GzEncoder};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// A server that answers in every way there is; its port.
async fn server() -> u16 {
    let shown = |headers: HeaderMap, RawQuery(query): RawQuery, body: String| async move {
        let header = |name| {
            headers
                .get(name)
                .map(|it| it.to_str().unwrap_or("?").to_owned())
        };
        json!({
            "agent": header("user-agent"), "token": header("authorization"), "query": query, "body": body,
        })
        .to_string()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new()
        .route("/shown", get(shown).post(shown))
        .route(
            "/missing",
            get(|| async { (StatusCode::NOT_FOUND, "no tea") }),
        )
        .route("/large", get(|| async { "x".repeat(5_000) }))
        .route("/slow", get(std::future::pending::<String>))
        .route("/moved", post(|| async { Redirect::to("/shown") }))
        .route(
            "/packed",
            get(|| async { packed(gzip(&"tea ".repeat(100))) }),
        )
        .route(
            "/bomb",
            get(|| async { packed(gzip(&" ".repeat(10 << 20))) }),
        )
        .route(
            "/torn",
            get(|| async { packed(gzip(&"tea ".repeat(100))[..20].to_vec()) }),
        )
        .route("/round", get(|| async { Redirect::to("/round") }))
        .route(
            "/away",
            get(|| async { Redirect::to("http://elsewhere.test/") }),
        )
        .route(
            "/other",
            get(move || async move { Redirect::to(&format!("http://localhost:{port}/shown")) }),
        );
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

fn packed(body: Vec<u8>) -> impl IntoResponse {
    ([(header::CONTENT_ENCODING, "gzip")], body)
}

fn web(settings: config::Web, declared: &[&str], granted: &[&str]) -> (Web, Caller) {
    let own = |hosts: &[&str]| hosts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut config = config::Config {
        web: settings,
        ..config::Config::default()
    };
    config.grants.entry("tea".into()).or_default().web = own(granted);
    let web = Web::new(Live::new(config));
    let manifest = json!({"name": "tea", "version": "1.0.0", "web_hosts": own(declared)});
    let caller = Caller::new("tea", 1);
    web.generation_starts(&caller, &serde_json::from_value(manifest).unwrap());
    (web, caller)
}

async fn ask(web: &Web, caller: &Caller, call: Value) -> Result<(WebReply, String), String> {
    let answered = web.serve(caller, call, b"milk".to_vec()).await;
    let completion = answered.map_err(|failure| failure.to_string())?;
    let head = serde_json::from_slice(&completion.head).unwrap();
    Ok((head, String::from_utf8(completion.body).unwrap()))
}

#[tokio::test]
async fn a_request_that_is_too_much_is_refused_and_nothing_panics() {
    let (web, me) = web(config::Web::default(), &[], &["127.0.0.1"]);
    // More than a map of headers can hold.
    let mut headers = call("GET", "http://127.0.0.1:9/");
    headers["headers"] = (0..40_000).map(|n| json!([format!("h{n}"), "1"])).collect();
    let mut query = call("GET", "http://127.0.0.1:9/");
    query["query"] = (0..40_000).map(|n| json!([format!("q{n}"), "1"])).collect();
    let address = call(
        "GET",
        &format!("http://127.0.0.1:9/{}", "a".repeat(50_000_000)),
    );
    for (asked, said) in [
        (headers, "40000 headers: a request has 100 at most"),
        (query, "are the most"),
        (address, "are the most"),
    ] {
        let error = ask(&web, &me, asked).await.unwrap_err().to_string();
        assert!(error.contains(said), "{}", &error[..error.len().min(200)]);
    }
}

fn call(method: &str, url: &str) -> Value {
    json!({"method": method, "url": url})
}

#[tokio::test]
async fn requests_go_out_and_answers_come_in() {
    let port = server().await;
    let (web, me) = web(config::Web::default(), &[], &["127.0.0.1", "localhost"]);
    let at = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    let mut asked = call("POST", &at("shown?a=1"));
    asked["query"] = json!([["b", "ü &"]]);
    asked["headers"] = json!([["Authorization", "Bearer secret"]]);
    let (head, body) = ask(&web, &me, asked).await.unwrap();
    let shown: Value = serde_json::from_str(&body).unwrap();
    let agent = concat!("Cogwright/", env!("CARGO_PKG_VERSION"));
    let expected = json!({"agent": agent, "token": "Bearer secret", "query": "a=1&b=%C3%BC+%26", "body": "milk"});
    assert_eq!((head.status, shown), (200, expected));
    let (head, body) = ask(&web, &me, call("GET", &at("missing"))).await.unwrap();
    assert_eq!((head.status, &*body), (404, "no tea"));

    // A POST that is redirected becomes a GET; a token goes to its own host alone.
    let (head, body) = ask(&web, &me, call("POST", &at("moved"))).await.unwrap();
    assert!(
        head.url.ends_with("/shown") && body.contains(r#""body":"""#),
        "{body}"
    );
    let mut asked = call("GET", &at("other"));
    asked["headers"] = json!([["authorization", "Bearer secret"]]);
    let (head, body) = ask(&web, &me, asked).await.unwrap();
    assert!(
        head.url.starts_with("http://localhost") && body.contains(r#""token":null"#),
        "{body}"
    );
}

#[tokio::test]
async fn what_is_too_much_or_too_slow_is_cut() {
    let port = server().await;
    let settings = config::Web {
        max_response_bytes: 1_000,
        max_timeout_ms: 200,
        max_concurrent: 1,
        ..config::Web::default()
    };
    let (web, me) = web(settings, &[], &["127.0.0.1"]);
    let at = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    let error = ask(&web, &me, call("GET", &at("large"))).await.unwrap_err();
    assert!(error.contains("has more than 1000 bytes"), "{error}");
    let error = ask(&web, &me, call("GET", &at("round"))).await.unwrap_err();
    assert!(error.ends_with("more than 10 redirects"), "{error}");
    let error = ask(&web, &me, call("GET", &at("slow"))).await.unwrap_err();
    assert!(error.ends_with("/slow: no answer within 200 ms"), "{error}");
    let error = ask(&web, &me, call("GET", "http://127.0.0.1:1/"))
        .await
        .unwrap_err();
    assert!(error.contains("refused"), "with its causes: {error}");
}

#[tokio::test]
async fn a_request_that_gets_no_place_in_its_time_ends() {
    let port = server().await;
    let settings = config::Web {
        max_concurrent: 1,
        ..config::Web::default()
    };
    let (web, me) = web(settings, &[], &["127.0.0.1"]);
    let at = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    // The first has the only place, for as long as nobody ends it.
    let first = ask(&web, &me, call("GET", &at("slow")));
    let mut hurried = call("GET", &at("shown"));
    hurried["timeout_ms"] = json!(200);
    tokio::select! {
        biased;
        answer = first => panic!("{answer:?}"),
        answer = ask(&web, &me, hurried) => {
            let error = answer.unwrap_err();
            assert!(error.ends_with("no answer within 200 ms"), "{error}");
        }
    }
    ask(&web, &me, call("GET", &at("shown"))).await.unwrap();
}

#[tokio::test]
async fn only_what_is_declared_and_public_or_granted_is_reached() {
    let port = server().await;
    let (web, me) = web(
        config::Web::default(),
        &["127.0.0.1", "localhost", "*.tea.test"],
        &["127.0.0.2"],
    );
    let refusal = async |url: String| ask(&web, &me, call("GET", &url)).await.unwrap_err();
    let error = refusal(format!("http://127.0.0.1:{port}/shown")).await;
    assert!(
        error.starts_with("`127.0.0.1` is an address of the local network"),
        "{error}"
    );
    // The same by a name.
    let error = refusal(format!("http://localhost:{port}/shown")).await;
    assert!(
        error.contains("`localhost` is an address of the local network"),
        "{error}"
    );
    let error = refusal("https://coffee.test/".into()).await;
    assert!(
        error.starts_with("the plugin may not reach `coffee.test`"),
        "{error}"
    );
    assert!(error.contains("web = [\"coffee.test\"]"), "{error}");
    for url in ["ftp://a.tea.test/", "file:///etc/passwd", "nonsense"] {
        assert!(!refusal(url.into()).await.is_empty());
    }
    // A redirect is looked at, too.
    let (web, me) = self::web(config::Web::default(), &[], &["127.0.0.1"]);
    let error = ask(
        &web,
        &me,
        call("GET", &format!("http://127.0.0.1:{port}/away")),
    )
    .await;
    assert!(
        error
            .unwrap_err()
            .contains("may not reach `elsewhere.test`")
    );
    // Where the owner wants to grant each host, declaring is not enough.
    let strict = config::Web {
        require_grants: true,
        ..config::Web::default()
    };
    let (web, me) = self::web(strict, &["coffee.test"], &[]);
    let error = ask(&web, &me, call("GET", "https://coffee.test/"))
        .await
        .unwrap_err();
    assert!(error.contains("may not reach `coffee.test`"), "{error}");
}

#[tokio::test]
async fn what_is_packed_is_unpacked_and_counts_as_what_it_unpacks_to() {
    let port = server().await;
    let settings = config::Web {
        max_response_bytes: 100_000,
        ..config::Web::default()
    };
    let (web, me) = web(settings, &[], &["127.0.0.1"]);
    let at = |path: &str| call("GET", &format!("http://127.0.0.1:{port}/{path}"));
    let (head, body) = ask(&web, &me, at("packed")).await.unwrap();
    assert_eq!((head.status, body), (200, "tea ".repeat(100)));
    assert!(
        head.headers
            .iter()
            .all(|(name, _)| name != "content-encoding")
    );
    // Ten megabytes of blanks are ten kilobytes on their way.
    assert!(gzip(&" ".repeat(10 << 20)).len() < 20_000);
    let error = ask(&web, &me, at("bomb")).await.unwrap_err();
    assert!(error.contains("has more than 100000 bytes"), "{error}");
    let error = ask(&web, &me, at("torn")).await.unwrap_err();
    assert!(
        error.contains("/torn: ") && error.contains("decod"),
        "{error}"
    );
}

#[tokio::test]
async fn more_requests_at_once_are_let_through_as_soon_as_they_may() {
    let port = server().await;
    let settings = config::Web {
        max_concurrent: 1,
        ..config::Web::default()
    };
    let (web, me) = web(settings, &[], &["127.0.0.1"]);
    let at = |path: &str| call("GET", &format!("http://127.0.0.1:{port}/{path}"));
    let more = async {
        while web.generations()[&me].places(1).available_permits() == 1 {
            tokio::task::yield_now().await;
        }
        let mut config = (*web.live.now()).clone();
        config.web.max_concurrent = 2;
        web.live.replace(config);
        let (head, _) = ask(&web, &me, at("large")).await.unwrap();
        head.status
    };
    let both = async {
        tokio::select! {
            _ = ask(&web, &me, at("slow")) => unreachable!("it is never answered"),
            status = more => status,
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .unwrap();
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_generation_that_is_over_sends_no_request() {
    let port = server().await;
    let (web, me) = web(config::Web::default(), &[], &["127.0.0.1"]);
    web.generation_ended(&me);
    assert!(web.generations().is_empty());
    let url = format!("http://127.0.0.1:{port}/slow");
    let error = ask(&web, &me, call("GET", &url)).await.unwrap_err();
    assert!(error.contains("is over"), "{error}");
}

#[test]
fn hosts_fit_whole_names() {
    let allowed = Allowed {
        declared: &["api.tea.test".into(), "*.Tea.org".into()],
        granted: &["10.0.0.5".into()],
    };
    let judge = |url: &str| allowed.judge(&Url::parse(url).unwrap());
    for url in [
        "https://api.tea.test/x",
        "http://API.TEA.TEST:8080",
        "https://a.tea.org",
        "https://b.a.tea.org.",
    ] {
        assert_eq!(judge(url), Verdict::Declared, "{url}");
    }
    assert_eq!(judge("http://10.0.0.5/"), Verdict::Granted);
    for url in [
        "https://tea.test",
        "https://xapi.tea.test",
        "https://tea.org",
        "https://eviltea.org",
        "https://api.tea.test.evil.com",
        "https://api.tea.test@evil.com/",
        "http://10.0.0.6",
        "http://[::1]/",
    ] {
        assert!(matches!(judge(url), Verdict::Refused(_)), "{url}");
    }
}

#[test]
fn local_addresses_are_known_in_every_guise() {
    for local in [
        "127.0.0.1",
        "127.9.9.9",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.0.8",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
        "::127.0.0.1",
    ] {
        assert!(!address::is_public(local.parse().unwrap()), "{local}");
    }
    for public in [
        "1.1.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "192.0.1.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ] {
        assert!(address::is_public(public.parse().unwrap()), "{public}");
    }
    // What a URL makes of numbers.
    for guise in [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://[::ffff:7f00:1]/",
    ] {
        let url = Url::parse(guise).unwrap();
        let host = url.host_str().unwrap().trim_matches(['[', ']']);
        assert!(!address::is_public(host.parse().unwrap()), "{guise}");
    }
}
