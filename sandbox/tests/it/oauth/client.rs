//! The client: its redirect URIs and its secret, in code and in the file of a world, and what is told of it.

use sandbox::{Effect, Error, ErrorBody, Fault, Options, Sandbox, World};
use serde_json::{Value, json};

use super::{BACK, code, exchange, link, post, refresh, said, status};
use crate::bot::{get, request, watched};

#[tokio::test]
async fn the_redirect_uri_is_loopback_or_registered() {
    let sandbox = watched(Options::default()).await;
    let client = sandbox.oauth_client();
    let member = sandbox.actor("member").unwrap();
    let goes = async |uri: &str| {
        let link = link(&client, "identify", &[("redirect_uri", uri)]);
        let path = link.split_once(&sandbox.http_proxy()).unwrap().1.to_owned();
        let (head, page) = get(&sandbox, &path).await;
        let shown = status(&head);
        assert!(!head.contains("location:"), "{head}");
        let taken = match member.authorizes(&link).await {
            Ok(back) => back.starts_with(&format!("{uri}?code=")),
            Err(Error::Refused(why)) => {
                assert!(
                    why.contains("redirect_uri") && page.contains("redirect_uri"),
                    "{why} {page}"
                );
                false
            }
            Err(other) => panic!("{other}"),
        };
        assert_eq!(shown == 200, taken, "{uri} {head}");
        taken
    };
    assert!(goes("http://localhost:9/a").await && goes(BACK).await);
    for uri in [
        "https://evil.example/",
        "http://127.0.0.1@evil.example/",
        "javascript:alert(1)",
        "",
    ] {
        assert!(!goes(uri).await, "{uri}");
    }
    sandbox.add_redirect_uri("https://bot.example/login");
    assert!(goes("https://bot.example/login").await);
    for uri in [
        "https://bot.example/login/",
        "https://bot.example/Login",
        BACK,
    ] {
        assert!(!goes(uri).await, "{uri}");
    }
    // Discord takes the first that is registered then.
    let link = link(&client, "identify", &[("redirect_uri", "")]);
    let back = member.authorizes(&link).await.unwrap();
    assert!(back.starts_with("https://bot.example/login?"), "{back}");
    let (status, _) = exchange(
        &sandbox,
        &said(&back, "code").unwrap(),
        &[("redirect_uri", "")],
    )
    .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_client_can_be_fixed_in_the_worlds_file() {
    let text =
        "[application]\nclient_secret = 'made up'\nredirect_uris = ['https://bot.example/login']\n";
    let world = World::from_toml(text).unwrap();
    let sandbox = watched(Options {
        world,
        ..Options::default()
    })
    .await;
    let client = sandbox.oauth_client();
    assert_eq!(
        (client.secret.as_str(), client.id),
        ("made up", sandbox.application_id())
    );
    let link = link(&client, "identify", &[("redirect_uri", "")]);
    let back = sandbox
        .actor("owner")
        .unwrap()
        .authorizes(&link)
        .await
        .unwrap();
    assert!(
        back.starts_with("https://bot.example/login?code="),
        "{back}"
    );
    let headers = format!("Authorization: Bot {}\r\n", sandbox.token());
    let (_, own) = request(
        &sandbox,
        "GET",
        "/api/v10/oauth2/applications/@me",
        &headers,
        "",
    )
    .await;
    let own: Value = serde_json::from_str(&own).unwrap();
    assert_eq!(own["redirect_uris"], json!(["https://bot.example/login"]));
    let wrong = World::from_toml("[application]\nredirect_uris = ['/login']").unwrap_err();
    assert!(
        wrong
            .to_string()
            .starts_with("line 2, column 18: `/login` is no redirect URI"),
        "{wrong}"
    );
}

#[tokio::test]
async fn the_metadata_names_what_is_served() {
    let sandbox = watched(Options::default()).await;
    let (_, body) = get(&sandbox, "/.well-known/oauth-authorization-server").await;
    let told: Value = serde_json::from_str(&body).unwrap();
    let client = sandbox.oauth_client();
    assert_eq!(told["token_endpoint"], client.token_url);
    assert_eq!(told["revocation_endpoint"], client.revoke_url);
    assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
    assert_ne!(
        client.secret,
        Sandbox::start(Options::default())
            .await
            .unwrap()
            .oauth_client()
            .secret
    );
}

#[tokio::test]
async fn the_inspector_shows_requests_without_their_secrets() {
    let sandbox = watched(Options::default()).await;
    let code = code(&sandbox, "member", "identify").await;
    let (_, tokens) = exchange(&sandbox, &code, &[("code_verifier", "")]).await;
    let (_, renewed) = refresh(&sandbox, &tokens["refresh_token"]).await;
    let revoked = [("token", renewed["access_token"].as_str().unwrap())];
    post(&sandbox, "oauth2/token/revoke", &revoked).await;
    let crossed = sandbox.traffic();
    let of_tokens: Vec<_> = crossed.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(
        of_tokens,
        [
            "POST /oauth2/token",
            "POST /oauth2/token",
            "POST /oauth2/token/revoke"
        ]
    );
    assert_eq!(crossed[0].body["grant_type"], "authorization_code");
    assert_eq!(crossed[0].answer["scope"], "identify");
    let all = serde_json::to_string(&crossed).unwrap();
    let texts = [&tokens, &renewed]
        .map(|pair| [pair["access_token"].clone(), pair["refresh_token"].clone()]);
    for secret in texts
        .iter()
        .flatten()
        .filter_map(Value::as_str)
        .chain([code.as_str(), &sandbox.oauth_client().secret])
    {
        assert!(!all.contains(secret), "{secret}");
    }
    assert!(!format!("{:?}", sandbox.oauth_client()).contains(&sandbox.oauth_client().secret));
}

#[tokio::test]
async fn token_requests_meet_faults_as_all_others_do() {
    let sandbox = watched(Options::default()).await;
    let code = code(&sandbox, "member", "identify").await;
    let effect = Effect::Status {
        status: 503,
        body: ErrorBody::Html,
    };
    let fault = Fault::Request {
        route: "POST /oauth2/token".to_owned(),
        effect,
    };
    sandbox.faults().add(fault, Some(1)).unwrap();
    assert_eq!(exchange(&sandbox, &code, &[]).await.0, 503);
    assert_eq!(exchange(&sandbox, &code, &[]).await.0, 200);
}
