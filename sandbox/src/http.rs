//! HTTP server on the one port: gateway, REST, files and the page.

use std::collections::HashMap;

use crate::{context::Context, gateway, origin::own_only, rest, state::Shared, web, wire::Line};
use axum::{
    Json, Router,
    extract::{
        ConnectInfo, FromRequestParts, Path, Query, Request, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{StatusCode, header::CONTENT_TYPE},
    middleware,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde_json::{Value, json};

/// All that is served.
pub(crate) fn router(context: Context) -> Router {
    Router::new()
        .route("/", any(root))
        .route("/resume", any(root))
        .route("/resume/", any(root))
        .route("/api/{*path}", any(api))
        .route("/oauth2/authorize", any(consent))
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/attachments/{channel}/{id}/{name}", get(file))
        .route("/emojis/{name}", get(picture))
        .route("/stickers/{name}", get(picture))
        .route("/icons/{guild}/{name}", get(icon))
        .route("/role-icons/{role}/{name}", get(icon))
        .merge(web::router())
        .fallback(|| async {
            (
                StatusCode::NOT_FOUND,
                "nothing lies here; the page is at /\n",
            )
        })
        // Around everything: bots and the page come from this machine.
        .layer(middleware::from_fn(own_only))
        .with_state(context)
}

/// The gateway, or the page for browsers.
async fn root(
    State(context): State<Context>,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection> =
        WebSocketUpgrade::from_request_parts(&mut parts, &context).await;
    match upgrade {
        Ok(_) if is_refused(&context.shared, parts.uri.path()) => {
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        // What a client may send fits; each look for more of it clears a buffer of this size.
        Ok(upgrade) => upgrade.read_buffer_size(8192).on_upgrade(move |socket| {
            gateway::serve(context.shared, socket, line, query, context.down)
        }),
        Err(_) => web::page().into_response(),
    }
}

/// Whether a fault refuses a connection to the gateway at this path.
fn is_refused(shared: &Shared, path: &str) -> bool {
    let to_resume = path.starts_with("/resume");
    shared.change(|state| {
        state
            .faults
            .refuses_connection(to_resume, &mut state.traffic)
    })
}

/// REST, with or without a version in the path.
async fn api(
    State(context): State<Context>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let path = request.uri().path().trim_start_matches("/api/").to_owned();
    let path = match path.split_once('/') {
        Some((version, rest)) if is_version(version) => rest.to_owned(),
        _ => path,
    };
    if path == "oauth2/authorize" {
        return web::consent::serve(&context.shared, request).await;
    }
    rest::serve(context.shared, request, path, line).await
}

/// The page on which users consent to what an application asks for.
async fn consent(State(context): State<Context>, request: Request) -> Response {
    web::consent::serve(&context.shared, request).await
}

/// What there is of OAuth2, as <https://discord.com/.well-known/oauth-authorization-server> tells it of Discord.
async fn metadata(State(context): State<Context>) -> Json<Value> {
    let base = context.shared.read(|state| state.world.issuer().to_owned());
    let methods = ["client_secret_basic", "client_secret_post"];
    Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/api/oauth2/authorize"),
        "token_endpoint": format!("{base}/api/oauth2/token"),
        "revocation_endpoint": format!("{base}/api/oauth2/token/revoke"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .is_some_and(|number| number.parse::<u8>().is_ok())
}

/// An uploaded file.
async fn file(
    State(context): State<Context>,
    Path((_, id, _)): Path<(u64, u64, String)>,
) -> Response {
    served(&context, Some(id))
}

/// The picture of an emoji or a sticker.
async fn picture(State(context): State<Context>, Path(name): Path<String>) -> Response {
    let id = name.split('.').next().and_then(|id| id.parse().ok());
    served(&context, id)
}

/// The icon of a server or of a role, by its hash.
async fn icon(State(context): State<Context>, Path((_, name)): Path<(u64, String)>) -> Response {
    let hash = name.split('.').next();
    let id = hash.and_then(|hash| u128::from_str_radix(hash, 16).ok());
    served(&context, id.and_then(|id| u64::try_from(id).ok()))
}

fn served(context: &Context, id: Option<u64>) -> Response {
    let Some(id) = id else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let file = context
        .shared
        .read(|state| state.world.files.get(&id).cloned());
    match file {
        // As Discord's CDN: a page that somebody uploaded must not run here.
        Some(file)
            if file.content_type.starts_with("image/") && !file.content_type.contains("svg") =>
        {
            ([(CONTENT_TYPE, file.content_type)], file.bytes).into_response()
        }
        Some(file) => (
            [(CONTENT_TYPE, "application/octet-stream".to_owned())],
            file.bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
