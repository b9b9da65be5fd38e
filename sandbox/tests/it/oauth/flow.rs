//! Codes and what they are exchanged for: who, for what, how often and how long.

use std::time::Duration;

use sandbox::Options;
use serde_json::{Value, json};

use super::{
    BACK, CHALLENGE, FORM, VERIFIER, code, encoded, error, exchange, link, post, refresh, said,
    status, with,
};
use crate::bot::{get, request, watched};

#[tokio::test]
async fn a_user_logs_in_by_a_code_with_a_proof_key() {
    let sandbox = watched(Options::default()).await;
    let client = sandbox.oauth_client();
    let challenge = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let link = link(&client, "identify guilds email", &challenge);
    let moderator = sandbox.actor("mod").unwrap();
    let back = moderator.authorizes(&link).await.unwrap();
    assert!(back.starts_with(&format!("{BACK}?code=")), "{back}");
    assert_eq!(said(&back, "state").as_deref(), Some("a state & more"));
    let issuer = format!("http://{}", sandbox.addr());
    assert_eq!(said(&back, "iss"), Some(issuer));

    // As the documentation's example does: without a version, and by HTTP Basic.
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let basic = STANDARD.encode(format!("{}:{}", client.id, client.secret));
    let form = encoded(&[
        ("grant_type", "authorization_code"),
        ("code", &said(&back, "code").unwrap()),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ]);
    let headers = format!("Authorization: Basic {basic}\r\n{FORM}");
    let path = client
        .token_url
        .split_once(&sandbox.http_proxy())
        .unwrap()
        .1;
    let (head, body) = request(&sandbox, "POST", path, &headers, &form).await;
    assert_eq!(status(&head), 200, "{body}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    let tokens: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (
            &tokens["token_type"],
            &tokens["expires_in"],
            &tokens["scope"]
        ),
        (
            &json!("Bearer"),
            &json!(604_800),
            &json!("identify guilds email")
        )
    );
    assert!(tokens["refresh_token"].is_string());

    let access = &tokens["access_token"];
    let (_, own) = with(&sandbox, access, "GET", "users/@me").await;
    let id = moderator.id().to_string();
    assert_eq!((&own["id"], &own["username"]), (&json!(id), &json!("mod")));
    assert_eq!(
        (&own["email"], &own["verified"]),
        (&json!(format!("{id}@example.com")), &json!(true))
    );
    let (_, authorization) = with(&sandbox, access, "GET", "oauth2/@me").await;
    assert_eq!(authorization["user"]["id"], id);
    assert_eq!(authorization["application"]["id"], client.id.to_string());
    assert_eq!(
        authorization["scopes"],
        json!(["identify", "guilds", "email"])
    );
}

#[tokio::test]
async fn a_code_is_good_for_its_verifier_alone() {
    let sandbox = watched(Options::default()).await;
    let challenge = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let link = link(&sandbox.oauth_client(), "identify", &challenge);
    let back = sandbox
        .actor("member")
        .unwrap()
        .authorizes(&link)
        .await
        .unwrap();
    let code = said(&back, "code").unwrap();
    let other = VERIFIER.replace('d', "e");
    for (verifier, wanted) in [
        ("", error("invalid_request", "Missing \"code_verifier\"")),
        (
            "too short",
            error("invalid_request", "Invalid \"code_verifier\""),
        ),
        (
            other.as_str(),
            error("invalid_grant", "Code challenge failed."),
        ),
        (CHALLENGE, error("invalid_grant", "Code challenge failed.")),
    ] {
        let answer = exchange(&sandbox, &code, &[("code_verifier", verifier)]).await;
        assert_eq!(answer, (400, wanted), "{verifier}");
    }
    let (status, _) = exchange(&sandbox, &code, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(status, 200);
    let plain = self::code(&sandbox, "member", "identify").await;
    let (_, refused) = exchange(&sandbox, &plain, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(refused, error("invalid_grant", "Code challenge failed."));
}

#[tokio::test]
async fn a_code_is_good_once() {
    let sandbox = watched(Options::default()).await;
    let code = code(&sandbox, "member", "identify").await;
    assert_eq!(exchange(&sandbox, &code, &[]).await.0, 200);
    let used = error("invalid_grant", "Invalid \"code\" in request.");
    assert_eq!(exchange(&sandbox, &code, &[]).await, (400, used.clone()));
    assert_eq!(exchange(&sandbox, "invented", &[]).await, (400, used));
    let missing = error("invalid_request", "Missing \"code\" in request.");
    assert_eq!(exchange(&sandbox, "", &[]).await, (400, missing));
}

#[tokio::test]
async fn codes_and_tokens_end_by_the_clock() {
    let sandbox = watched(Options::default()).await;
    let clock = sandbox.clock();
    clock.pause();
    let codes = [
        code(&sandbox, "member", "identify").await,
        code(&sandbox, "mod", "identify").await,
    ];
    clock.advance(Duration::from_secs(599));
    let (status, tokens) = exchange(&sandbox, &codes[0], &[]).await;
    assert_eq!(status, 200, "{tokens}");
    clock.advance(Duration::from_secs(1));
    let late = error("invalid_grant", "Invalid \"code\" in request.");
    assert_eq!(exchange(&sandbox, &codes[1], &[]).await, (400, late));

    let access = &tokens["access_token"];
    clock.advance(Duration::from_secs(604_798));
    assert_eq!(with(&sandbox, access, "GET", "users/@me").await.0, 200);
    clock.advance(Duration::from_secs(1));
    let (status, over) = with(&sandbox, access, "GET", "users/@me").await;
    assert_eq!(
        (status, &over["message"]),
        (401, &json!("401: Unauthorized"))
    );
    assert_eq!(refresh(&sandbox, &tokens["refresh_token"]).await.0, 200);
}

#[tokio::test]
async fn a_code_is_bound_to_its_redirect_uri() {
    let sandbox = watched(Options::default()).await;
    let code = code(&sandbox, "member", "identify").await;
    let wrong = error("invalid_grant", "Invalid \"redirect_uri\" in request.");
    for uri in [
        "http://127.0.0.1:4321/login/",
        "http://127.0.0.1:4322/login",
        "",
    ] {
        let answer = exchange(&sandbox, &code, &[("redirect_uri", uri)]).await;
        assert_eq!(answer, (400, wrong.clone()), "{uri}");
    }
    assert_eq!(exchange(&sandbox, &code, &[]).await.0, 200);
}

#[tokio::test]
async fn a_client_says_who_it_is() {
    let sandbox = watched(Options::default()).await;
    let code = code(&sandbox, "member", "identify").await;
    for (key, wrong) in [
        ("client_secret", "guessed"),
        ("client_secret", ""),
        ("client_id", "1"),
    ] {
        for path in ["oauth2/token", "oauth2/token/revoke"] {
            let pairs = [
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", BACK),
                (key, wrong),
            ];
            let (head, status, answer) = post(&sandbox, path, &pairs).await;
            assert_eq!((status, answer), (401, json!({"error": "invalid_client"})));
            assert!(
                head.to_lowercase().contains("www-authenticate: basic"),
                "{head}"
            );
        }
    }
    // Not even a page leads back for a stranger's client.
    let stranger = link(&sandbox.oauth_client(), "identify", &[("client_id", "1")]);
    let member = sandbox.actor("member").unwrap();
    let refused = member.authorizes(&stranger).await.unwrap_err();
    assert!(
        refused.to_string().contains("Unknown Application"),
        "{refused}"
    );
    let (head, page) = get(
        &sandbox,
        stranger.split_once(&sandbox.http_proxy()).unwrap().1,
    )
    .await;
    assert!(
        status(&head) == 400 && page.contains("Unknown Application"),
        "{head}"
    );
    let elsewhere = member
        .authorizes("http://127.0.0.1:1/oauth2/authorize?a=b")
        .await;
    assert!(
        elsewhere
            .unwrap_err()
            .to_string()
            .contains("does not lead to the consent page")
    );
    assert_eq!(exchange(&sandbox, &code, &[]).await.0, 200);
}

#[tokio::test]
async fn what_is_asked_for_wrongly_leads_back_with_the_reason() {
    let sandbox = watched(Options::default()).await;
    let client = sandbox.oauth_client();
    let scope = "The requested scope is invalid, unknown, or malformed.";
    let method = "Unsupported \"code_challenge_method\"";
    for (other, error, why) in [
        (
            &[("response_type", "token")][..],
            "unsupported_response_type",
            "response_type=token is not supported",
        ),
        (
            &[("response_type", "")],
            "invalid_request",
            "Missing \"response_type\" in request.",
        ),
        (&[("scope", "")], "invalid_scope", scope),
        (&[("scope", "identify everything")], "invalid_scope", scope),
        (&[("scope", "bot")], "invalid_scope", scope),
        (
            &[("prompt", "perhaps")],
            "invalid_request",
            "Invalid \"prompt\" in request.",
        ),
        (
            &[
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "plain"),
            ],
            "invalid_request",
            method,
        ),
        (&[("code_challenge", CHALLENGE)], "invalid_request", method),
        (
            &[("code_challenge_method", "S256")],
            "invalid_request",
            "Missing \"code_challenge\"",
        ),
    ] {
        let link = link(&client, "identify", other);
        let path = link.split_once(&sandbox.http_proxy()).unwrap().1;
        let (head, _) = get(&sandbox, path).await;
        assert_eq!(status(&head), 303, "{other:?} {head}");
        let back = head
            .lines()
            .find_map(|line| line.strip_prefix("location: "))
            .unwrap();
        assert!(back.starts_with(BACK), "{back}");
        let told = ["error", "error_description", "state"].map(|key| said(back, key).unwrap());
        assert_eq!(told, [error, why, "a state & more"]);
        // An actor's browser ends at the same address.
        assert_eq!(
            sandbox
                .actor("mod")
                .unwrap()
                .authorizes(&link)
                .await
                .unwrap(),
            back
        );
    }
    let twice = format!(
        "{}&redirect_uri=http://evil.example/",
        link(&client, "identify", &[])
    );
    let refused = sandbox
        .actor("mod")
        .unwrap()
        .authorizes(&twice)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("more than one `redirect_uri`"),
        "{refused}"
    );
}
