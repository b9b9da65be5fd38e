//! Tokens: refreshed, revoked, and given for the client's credentials.

use sandbox::Options;
use serde_json::{Value, json};

use super::{FORM, error, post, refresh, status, tokens, with};
use crate::bot::{get, request, watched};

#[tokio::test]
async fn refreshing_makes_new_tokens_and_ends_the_old_ones() {
    let sandbox = watched(Options::default()).await;
    let old = tokens(&sandbox, "member", "identify guilds").await;
    let (status, new) = refresh(&sandbox, &old["refresh_token"]).await;
    assert_eq!(
        (status, &new["scope"]),
        (200, &json!("identify guilds")),
        "{new}"
    );
    assert_eq!(
        with(&sandbox, &old["access_token"], "GET", "users/@me")
            .await
            .0,
        401
    );
    assert_eq!(
        with(&sandbox, &new["access_token"], "GET", "users/@me")
            .await
            .0,
        200
    );
    let over = error("invalid_grant", "Invalid \"refresh_token\" in request");
    assert_eq!(
        refresh(&sandbox, &old["refresh_token"]).await,
        (400, over.clone())
    );
    // An access token is none.
    assert_eq!(refresh(&sandbox, &new["access_token"]).await, (400, over));

    let refresh = new["refresh_token"].as_str().unwrap();
    let ask = async |scope: &str| {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("scope", scope),
        ];
        post(&sandbox, "oauth2/token", &pairs).await
    };
    let more = "The requested scope is invalid, unknown, or malformed.";
    assert_eq!(ask("identify email").await.2, error("invalid_scope", more));
    assert_eq!(ask("guilds").await.2["scope"], "guilds");
    let (_, _, missing) = post(&sandbox, "oauth2/token", &[("grant_type", "refresh_token")]).await;
    assert_eq!(
        missing,
        error("invalid_request", "Missing \"refresh_token\" in request.")
    );
}

#[tokio::test]
async fn revoking_a_token_ends_all_of_the_user() {
    let sandbox = watched(Options::default()).await;
    let [first, second] = [
        tokens(&sandbox, "member", "identify").await,
        tokens(&sandbox, "member", "identify guilds").await,
    ];
    let others = tokens(&sandbox, "mod", "identify").await;
    let revoke = async |pairs: &[(&str, &str)]| {
        let (_, status, answer) = post(&sandbox, "oauth2/token/revoke", pairs).await;
        (status, answer)
    };
    assert_eq!(revoke(&[("token", "unknown")]).await, (200, json!({})));
    let missing = error("invalid_request", "Missing \"token\" in request.");
    assert_eq!(revoke(&[]).await, (400, missing));
    let hint = json!({"error": "unsupported_token_type"});
    assert_eq!(
        revoke(&[("token", "a"), ("token_type_hint", "cookie")]).await,
        (400, hint)
    );
    assert_eq!(
        with(&sandbox, &first["access_token"], "GET", "users/@me")
            .await
            .0,
        200
    );

    let token = first["refresh_token"].as_str().unwrap();
    let by_refresh = [("token", token), ("token_type_hint", "access_token")];
    assert_eq!(revoke(&by_refresh).await, (200, json!({})));
    for pair in [&first, &second] {
        assert_eq!(
            with(&sandbox, &pair["access_token"], "GET", "users/@me")
                .await
                .0,
            401
        );
        assert_eq!(refresh(&sandbox, &pair["refresh_token"]).await.0, 400);
    }
    assert_eq!(
        with(&sandbox, &others["access_token"], "GET", "users/@me")
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn the_owner_gets_a_token_for_the_clients_credentials() {
    let sandbox = watched(Options::default()).await;
    let ask = async |scope: &str| {
        let pairs = [("grant_type", "client_credentials"), ("scope", scope)];
        let (_, status, answer) = post(&sandbox, "oauth2/token", &pairs).await;
        (status, answer)
    };
    let (status, tokens) = ask("identify applications.commands.update").await;
    assert_eq!(
        (status, tokens.get("refresh_token")),
        (200, None),
        "{tokens}"
    );
    let (_, own) = with(&sandbox, &tokens["access_token"], "GET", "users/@me").await;
    assert_eq!(own["id"], sandbox.owner_id().to_string());
    let scope = error(
        "invalid_scope",
        "The requested scope is invalid, unknown, or malformed.",
    );
    assert_eq!(ask("").await, (400, scope.clone()));
    assert_eq!(ask("everything").await, (400, scope));
}

#[tokio::test]
async fn token_requests_are_forms() {
    let sandbox = watched(Options::default()).await;
    let unsupported = |named: &str| {
        let why = format!("Grant type {named} is not supported");
        error("unsupported_grant_type", &why)
    };
    let (_, told, answer) = post(&sandbox, "oauth2/token", &[("grant_type", "password")]).await;
    assert_eq!((told, answer), (400, unsupported("password")));
    let json = json!({"grant_type": "refresh_token"}).to_string();
    for body in [json.as_str(), "", "{"] {
        let (head, answer) = request(&sandbox, "POST", "/api/oauth2/token", "", body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status(&head), answer), (400, unsupported("None")));
    }
    let (head, answer) =
        request(&sandbox, "POST", "/api/oauth2/token", FORM, "code=a&code=b").await;
    assert!(
        status(&head) == 400 && answer.contains("Multiple \\\"code\\\""),
        "{answer}"
    );
    for path in ["/api/oauth2/token", "/api/v10/oauth2/token/revoke"] {
        let (head, _) = get(&sandbox, path).await;
        assert!(status(&head) == 405, "{head}");
    }
}
