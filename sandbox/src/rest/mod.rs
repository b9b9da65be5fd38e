//! REST API server: <https://discord.com/developers/docs/reference>.
//!
//! A request is read ([`call`]), limited ([`limit`]), routed here, and handled by a plain function on the
//! world in the file that is named after the resource.

mod applications;
mod audit;
mod bans;
mod bearer;
mod call;
mod channel_access;
mod channels;
mod commands;
mod community;
mod emojis;
mod error;
mod events;
mod execute;
mod expressions;
mod faults;
mod follow;
mod guild;
mod guild_access;
mod guilds;
mod hooks;
mod interactions;
mod invites;
mod members;
mod message_view;
mod messages;
mod oauth;
mod pins;
mod places;
mod polls;
mod prune;
mod reactions;
mod reserved_name;
mod roles;
mod rules;
mod search;
mod send;
mod settings;
mod shop;
mod slack;
mod sounds;
mod stages;
mod stickers;
mod templates;
mod thread;
mod threads;
mod token_form;
mod users;
mod validate;
mod voice;
mod webhooks;

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Request, ws::Utf8Bytes},
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, SERVER, VIA},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use self::{
    call::{Call, id},
    error::ApiError,
};
pub(crate) use self::{commands::check as check_commands, faults::serve};
use crate::{
    limit::{BANNED, Refusal, RequestParts},
    state::{Settings, Shared, State},
};

/// Guilds for which GET `gateway/bot` recommends one more shard. The docs give no number; this is the one in use.
const GUILDS_A_SHARD: usize = 1000;

/// What a handler answers.
#[derive(Debug)]
enum Reply {
    Json(StatusCode, Value),
    /// 200 with a body that is JSON already.
    Written(String),
    /// 200 with a body whose secrets the inspector is not shown.
    Secret(Map<String, Value>),
    Empty,
}

/// The header of every answer with a body.
const JSON: (HeaderName, &str) = (CONTENT_TYPE, "application/json");

type Answer = Result<Reply, ApiError>;

/// 200 with a body.
fn ok(body: Value) -> Answer {
    Ok(Reply::Json(StatusCode::OK, body))
}

/// Whether an error of Discord's is known by its code.
pub(crate) fn knows_error(code: u32) -> bool {
    ApiError::of_code(code).is_some()
}

/// Status and body of Discord's error with this code.
fn error_of(code: u32) -> (StatusCode, Value) {
    let error = ApiError::of_code(code).unwrap_or_else(ApiError::unknown_route_error);
    (error.status, error.body)
}

/// Who sends a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Caller<'a> {
    Bot,
    /// Somebody with a user's access token, which may be good or not.
    Bearer(&'a str),
    Nobody,
}

impl<'a> Caller<'a> {
    fn of(state: &State, settings: &Settings, call: &'a Call) -> Self {
        let given = call.authorization.as_deref().unwrap_or_default();
        match given.split_once(' ') {
            Some(("Bot", token)) if token == settings.token => {
                if state.hub.starts.token_is_reset {
                    Self::Nobody
                } else {
                    Self::Bot
                }
            }
            Some(("Bearer", token)) => Self::Bearer(token),
            _ => Self::Nobody,
        }
    }
}

/// Answers a request whose path below the API's base is given.
async fn handle(shared: Arc<Shared>, request: Request, path: String) -> Response {
    let what = format!(
        "{} /{path}{}",
        request.method(),
        request
            .uri()
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default()
    );
    let is_oauth = token_form::is_taken_at(&path);
    let call = match Call::read(request, &path).await {
        Ok(call) => call,
        Err(error) => {
            let status = error.status;
            let text = Utf8Bytes::from(error.body.to_string());
            let noted = text.clone();
            shared.change(|state| {
                state
                    .traffic
                    .rest(what, status.as_u16(), Utf8Bytes::default(), noted, false)
            });
            return (status, [JSON], Bytes::from(text)).into_response();
        }
    };
    let asked = std::time::Instant::now();
    let outcome = shared.change(|state| {
        let caller = Caller::of(state, &shared.settings, &call);
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let parts = RequestParts {
            method: call.method.as_str(),
            path: &path,
            body: &call.body,
        };
        let standing = match state.limits.take(&parts, caller == Caller::Bot) {
            Ok(standing) => standing,
            Err(refusal) => return Err(Box::new(refused(state, what, call, &refusal))),
        };
        let answer = route(state, &shared.settings, &call, caller);
        let unknown_route = answer.as_ref().is_err_and(|error| error.unknown_route);
        let mut shown = None;
        let (status, body) = match answer {
            Ok(Reply::Json(status, body)) => (status, Some(body.to_string())),
            Ok(Reply::Written(body)) => (StatusCode::OK, Some(body)),
            Ok(Reply::Secret(fields)) => {
                shown = Some(token_form::veiled(&fields).to_string());
                (StatusCode::OK, Some(Value::Object(fields).to_string()))
            }
            Ok(Reply::Empty) => (StatusCode::NO_CONTENT, None),
            Err(error) => (error.status, Some(error.body.to_string())),
        };
        state.limits.note(status.as_u16());
        let text = body.map(Utf8Bytes::from);
        let shown = shown.map(Utf8Bytes::from);
        let noted = shown.or_else(|| text.clone()).unwrap_or_default();
        state
            .traffic
            .rest(what, status.as_u16(), call.raw, noted, unknown_route);
        state.traffic.answered(asked.elapsed(), standing);
        Ok((status, text, standing))
    });
    // What needs no lock is made without it.
    let mut response = match outcome {
        Ok((status, text, standing)) => {
            let mut response = match text {
                Some(text) => (status, [JSON], Bytes::from(text)).into_response(),
                None => status.into_response(),
            };
            if let Some(standing) = standing {
                standing.headers(response.headers_mut());
            }
            response
        }
        Err(refused) => *refused,
    };
    if is_oauth {
        oauth::add_headers(response.status(), response.headers_mut());
    }
    if !response.headers().contains_key(SERVER) {
        // discord.py takes a 429 without this for Cloudflare's.
        let google = HeaderValue::from_static("1.1 google");
        response.headers_mut().insert(VIA, google);
    }
    response
}

/// The answer to one request too many.
fn refused(state: &mut State, what: String, call: Call, refusal: &Refusal) -> Response {
    let status = StatusCode::TOO_MANY_REQUESTS;
    if refusal.counts_as_invalid() {
        state.limits.note(status.as_u16());
    }
    let body = refusal.body().map(|body| body.to_string());
    let noted = body.clone().unwrap_or_else(|| json!(BANNED).to_string());
    state
        .traffic
        .rest(what, status.as_u16(), call.raw, noted.into(), false);
    let mut response = match body {
        Some(body) => (status, [JSON], body).into_response(),
        None => (status, BANNED).into_response(),
    };
    refusal.headers(response.headers_mut());
    response
}

/// All routes. A path that is known with other methods only gives 405, any other 404.
fn route(state: &mut State, settings: &Settings, call: &Call, caller: Caller<'_>) -> Answer {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let world = &mut state.world;
    world.asked = Some(tokio::time::Instant::now());
    // The token in these paths is the authorization.
    match (call.method.as_str(), path.as_slice()) {
        ("POST", ["interactions", interaction, token, "callback"]) => {
            return interactions::respond(world, call, interaction, token);
        }
        (method, ["webhooks", application, token, rest @ ..]) => {
            return webhooks::route(world, settings, call, method, application, token, rest);
        }
        ("GET", ["gateway"]) => {
            return ok(json!({"url": format!("ws://127.0.0.1:{}", settings.port)}));
        }
        ("GET", ["guilds", guild, "widget.json"]) => {
            return guild::widget_json(world, id(guild)?);
        }
        // The client says who it is in its own way.
        (method, ["oauth2", "token"]) => return oauth::token(world, call, method),
        (method, ["oauth2", "token", "revoke"]) => return oauth::revoke(world, call, method),
        _ => {}
    }
    match caller {
        Caller::Bot => {}
        Caller::Bearer(token) => {
            return bearer::route(world, call, call.method.as_str(), &path, token);
        }
        Caller::Nobody => return Err(ApiError::unauthorized()),
    }
    match (call.method.as_str(), path.as_slice()) {
        ("GET", ["gateway", "bot"]) => ok(json!({
            "url": format!("ws://127.0.0.1:{}", settings.port),
            "shards": world.bot_guilds().count().div_ceil(GUILDS_A_SHARD).max(1),
            "session_start_limit": state.hub.starts.json(&settings.gateway_limits, world.clock.now_us()),
        })),
        (method, ["users", rest @ ..]) => users::route(world, call, method, rest),
        ("GET", ["oauth2", "applications", "@me"]) => ok(users::application(world)),
        // Only a user's own token tells of an authorization.
        ("GET", ["oauth2", "@me"]) => Err(ApiError::unauthorized()),
        (method, ["skus", sku, rest @ ..]) => shop::skus(world, method, id(sku)?, rest),
        (method, ["applications", application, rest @ ..]) => {
            applications::route(world, call, method, application, rest)
        }
        (method, ["webhooks", webhook]) => hooks::owned(world, call, method, id(webhook)?),
        ("GET", ["guilds", "templates", code]) => templates::by_code(world, code),
        (method, ["guilds", guild, rest @ ..]) => {
            guilds::route(world, call, method, id(guild)?, rest)
        }
        (method, ["channels", channel, rest @ ..]) => {
            channels::route(world, call, method, id(channel)?, rest)
        }
        (method, ["invites", code]) => invites::route(world, call, method, code),
        (method, ["stage-instances", rest @ ..]) => stages::route(world, call, method, rest),
        ("GET", ["stickers", sticker]) => stickers::any(world, id(sticker)?),
        (method, ["sticker-packs", rest @ ..]) => stickers::packs(method, rest),
        ("GET", ["soundboard-default-sounds"]) => sounds::defaults(),
        ("GET", ["voice", "regions"]) => guild::regions(),
        _ => Err(ApiError::unknown_route()),
    }
}
