//! OAuth2: the consent page, codes, tokens, and what a user's token is good for.

mod bearer;
mod client;
mod flow;
mod page;
mod tokens;

use sandbox::{OAuthClient, Sandbox};
use serde_json::{Value, json};

use crate::bot::request;

const BACK: &str = "http://127.0.0.1:4321/login";

// https://www.rfc-editor.org/rfc/rfc7636#appendix-B
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// Pairs as a query or a form has them.
fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// A request for these scopes as a dashboard makes it, with other values for some keys; an empty value takes a key out.
fn link(client: &OAuthClient, scope: &str, other: &[(&str, &str)]) -> String {
    let id = client.id.to_string();
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", id.as_str()),
        ("redirect_uri", BACK),
        ("scope", scope),
        ("state", "a state & more"),
    ];
    for (name, value) in other {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    pairs.retain(|(_, value)| !value.is_empty());
    format!("{}?{}", client.authorize_url, encoded(&pairs))
}

/// What a query says of a key, which it must not name twice.
fn said(url: &str, key: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == key);
    let (_, value) = found.next()?;
    assert_eq!(found.next(), None, "{key} comes twice in {url}");
    Some(value.into_owned())
}

/// A form to a path below the API, by a client that says who it is in the form; gives the head, the status and the JSON.
async fn post(sandbox: &Sandbox, path: &str, pairs: &[(&str, &str)]) -> (String, u16, Value) {
    let client = sandbox.oauth_client();
    let id = client.id.to_string();
    let mut all = vec![
        ("client_id", id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    all.retain(|(known, _)| !pairs.iter().any(|(name, _)| name == known));
    all.extend(pairs);
    let path = format!("/api/v10/{path}");
    let (head, body) = request(sandbox, "POST", &path, FORM, &encoded(&all)).await;
    let status = status(&head);
    (
        head,
        status,
        serde_json::from_str(&body).unwrap_or_default(),
    )
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn exchange(sandbox: &Sandbox, code: &str, other: &[(&str, &str)]) -> (u16, Value) {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
    ];
    for (name, value) in other {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    let (_, status, answer) = post(sandbox, "oauth2/token", &pairs).await;
    (status, answer)
}

async fn refresh(sandbox: &Sandbox, token: &Value) -> (u16, Value) {
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str().unwrap()),
    ];
    let (_, status, answer) = post(sandbox, "oauth2/token", &pairs).await;
    (status, answer)
}

/// A code for these scopes.
async fn code(sandbox: &Sandbox, user: &str, scope: &str) -> String {
    let link = link(&sandbox.oauth_client(), scope, &[]);
    let back = sandbox
        .actor(user)
        .unwrap()
        .authorizes(&link)
        .await
        .unwrap();
    said(&back, "code").unwrap()
}

/// The tokens for these scopes.
async fn tokens(sandbox: &Sandbox, user: &str, scope: &str) -> Value {
    let code = code(sandbox, user, scope).await;
    let (status, tokens) = exchange(sandbox, &code, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

/// A request with an access token.
async fn with(sandbox: &Sandbox, token: &Value, method: &str, path: &str) -> (u16, Value) {
    let bearer = format!("Authorization: Bearer {}\r\n", token.as_str().unwrap());
    let (head, body) = request(sandbox, method, &format!("/api/v10/{path}"), &bearer, "").await;
    (
        status(&head),
        serde_json::from_str(&body).unwrap_or_default(),
    )
}

fn error(error: &str, description: &str) -> Value {
    json!({"error": error, "error_description": description})
}
