//! REST API server: <https://discord.com/developers/docs/reference>.
//!
//! A request is read ([`call`]), limited ([`limit`]), routed here, and handled by a plain function on the
//! world in the file that is named after the resource.

mod applications;
mod audit;
mod bans;
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
mod follow;
mod guild;
mod guild_access;
mod guilds;
mod hooks;
mod interactions;
mod invites;
mod limit;
mod members;
mod message_view;
mod messages;
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
        header::{AUTHORIZATION, CONTENT_TYPE, SERVER, VIA},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use self::{
    call::{Call, id},
    error::ApiError,
    limit::BANNED,
};
pub(crate) use self::{
    commands::check as check_commands,
    limit::{Limits, Refusal, Standing},
};
use crate::state::{Settings, Shared, State};

/// Guilds for which GET `gateway/bot` recommends one more shard. The docs give no number; this is the one in use.
const GUILDS_A_SHARD: usize = 1000;

/// What a handler answers.
#[derive(Debug)]
enum Reply {
    Json(StatusCode, Value),
    /// 200 with a body that is JSON already.
    Written(String),
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
pub(crate) fn error_of(code: u32) -> (StatusCode, Value) {
    let error = ApiError::of_code(code).unwrap_or_else(ApiError::unknown_route_error);
    (error.status, error.body)
}

/// Answers a request whose path below the API's base is given.
pub(crate) async fn serve(shared: Arc<Shared>, request: Request, path: String) -> Response {
    let authorization = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let what = format!(
        "{} /{path}{}",
        request.method(),
        request
            .uri()
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default()
    );
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
    let authorized = authorization
        .is_some_and(|given| given.strip_prefix("Bot ") == Some(&shared.settings.token));
    let outcome = shared.change(|state| {
        let authorized = authorized && !state.hub.starts.token_is_reset;
        let standing = match state.limits.take(&call, authorized) {
            Ok(standing) => standing,
            Err(refusal) => return Err(Box::new(refused(state, what, call, &refusal))),
        };
        let answer = route(state, &shared.settings, &call, authorized);
        let unknown_route = answer.as_ref().is_err_and(|error| error.unknown_route);
        let (status, body) = match answer {
            Ok(Reply::Json(status, body)) => (status, Some(body.to_string())),
            Ok(Reply::Written(body)) => (StatusCode::OK, Some(body)),
            Ok(Reply::Empty) => (StatusCode::NO_CONTENT, None),
            Err(error) => (error.status, Some(error.body.to_string())),
        };
        state.limits.note(status.as_u16());
        let text = body.map(Utf8Bytes::from);
        let noted = text.clone().unwrap_or_default();
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
fn route(state: &mut State, settings: &Settings, call: &Call, authorized: bool) -> Answer {
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
        _ if !authorized => return Err(ApiError::unauthorized()),
        _ => {}
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
