//! `oauth2/token` and `oauth2/token/revoke`: forms in, RFC 6749's errors out.
//! <https://discord.com/developers/docs/topics/oauth2>.
//!
//! The words of errors are those of Authlib, which Discord's answers are known to have.

use axum::http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{Answer, ApiError, Reply, call::Call, ok};
use crate::world::{Denied, Exchange, Scopes, TOKEN_LIFE, Tokens, World};

/// What Discord's answers here have besides: nobody keeps them, and a client that is not known is told how to say who it is.
pub(super) fn add_headers(status: StatusCode, headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    if status == StatusCode::UNAUTHORIZED {
        let how = HeaderValue::from_static("Basic error=\"invalid_client\"");
        headers.insert(WWW_AUTHENTICATE, how);
    }
}

/// Gives tokens.
pub(super) fn token(world: &mut World, call: &Call, method: &str) -> Answer {
    let field = fields(call, method)?;
    let grant_type = field("grant_type");
    let client = |world: &World| check_client(world, call);
    let given = match grant_type {
        Some("authorization_code") => {
            client(world)?;
            let code = field("code").ok_or_else(|| missing("code"))?;
            world.exchange_code(Exchange {
                code,
                redirect_uri: field("redirect_uri"),
                verifier: field("code_verifier"),
            })
        }
        Some("refresh_token") => {
            client(world)?;
            let refresh = field("refresh_token").ok_or_else(|| missing("refresh_token"))?;
            world.refresh_tokens(refresh, field("scope"))
        }
        Some("client_credentials") => {
            client(world)?;
            let scopes = field("scope").and_then(Scopes::read_for_client);
            scopes
                .map(|scopes| world.owner_tokens(scopes))
                .ok_or(Denied::Scope)
        }
        other => {
            let named = other.unwrap_or("None");
            let why = format!("Grant type {named} is not supported");
            return Err(ApiError::oauth("unsupported_grant_type", Some(&why)));
        }
    };
    given
        .map(|tokens| Reply::Secret(fields_of(&tokens)))
        .map_err(denied)
}

/// Takes all that a user has granted back, by any token of theirs: <https://www.rfc-editor.org/rfc/rfc7009>.
pub(super) fn revoke(world: &mut World, call: &Call, method: &str) -> Answer {
    let field = fields(call, method)?;
    check_client(world, call)?;
    let token = field("token").ok_or_else(|| missing("token"))?;
    match field("token_type_hint") {
        None | Some("access_token" | "refresh_token") => {}
        Some(_) => return Err(ApiError::oauth("unsupported_token_type", None)),
    }
    world.oauth.revoke(token);
    ok(json!({}))
}

/// The form's fields, if this is the method that there is; an empty one is as good as none.
fn fields<'a>(call: &'a Call, method: &str) -> Result<impl Fn(&str) -> Option<&'a str>, ApiError> {
    if method != "POST" {
        return Err(ApiError::method_not_allowed());
    }
    Ok(|name: &str| {
        let value = call.form.get(name)?.as_str()?;
        (!value.is_empty()).then_some(value)
    })
}

/// Whether the client is who it says, by HTTP Basic or in the form.
fn check_client(world: &World, call: &Call) -> Result<(), ApiError> {
    let in_form = || {
        let text = |name: &str| Some(call.form.get(name)?.as_str()?.to_owned());
        Some((text("client_id")?, text("client_secret")?))
    };
    let told = call.authorization.as_deref().and_then(basic);
    let known = (world.application.id.to_string(), world.oauth.secret.clone());
    if told.or_else(in_form) == Some(known) {
        return Ok(());
    }
    Err(ApiError {
        status: StatusCode::UNAUTHORIZED,
        ..ApiError::oauth("invalid_client", None)
    })
}

/// Name and password: <https://www.rfc-editor.org/rfc/rfc7617>.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = plain.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// The token answer: <https://discord.com/developers/docs/topics/oauth2#authorization-code-grant-access-token-response>.
fn fields_of(tokens: &Tokens) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("token_type".to_owned(), json!("Bearer"));
    fields.insert("access_token".to_owned(), json!(tokens.access));
    fields.insert("expires_in".to_owned(), json!(TOKEN_LIFE.as_secs()));
    if let Some(refresh) = &tokens.refresh {
        fields.insert("refresh_token".to_owned(), json!(refresh));
    }
    fields.insert("scope".to_owned(), json!(tokens.grant.scopes.joined()));
    fields
}

fn denied(why: Denied) -> ApiError {
    let (error, description) = match why {
        Denied::Code => ("invalid_grant", "Invalid \"code\" in request."),
        Denied::RedirectUri => ("invalid_grant", "Invalid \"redirect_uri\" in request."),
        Denied::VerifierMissing => ("invalid_request", "Missing \"code_verifier\""),
        Denied::VerifierMalformed => ("invalid_request", "Invalid \"code_verifier\""),
        Denied::VerifierWrong => ("invalid_grant", "Code challenge failed."),
        Denied::RefreshToken => ("invalid_grant", "Invalid \"refresh_token\" in request"),
        Denied::Scope => (
            "invalid_scope",
            "The requested scope is invalid, unknown, or malformed.",
        ),
    };
    ApiError::oauth(error, Some(description))
}

fn missing(field: &str) -> ApiError {
    let why = format!("Missing \"{field}\" in request.");
    ApiError::oauth("invalid_request", Some(&why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_are_decoded() {
        // https://www.rfc-editor.org/rfc/rfc7617#section-2
        let known = Some(("Aladdin".to_owned(), "open sesame".to_owned()));
        assert_eq!(basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), known);
        assert_eq!(basic("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), known);
        for wrong in [
            "Basic",
            "Basic !",
            "Basic QWxhZGRpbg==",
            "Bearer QWxhZGRpbjpvcGVu",
            "",
        ] {
            assert_eq!(basic(wrong), None, "{wrong}");
        }
    }
}
