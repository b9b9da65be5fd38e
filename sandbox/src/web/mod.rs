//! The page at `/`, and the small JSON API below `/sandbox/` that it lives on.
//!
//! Only pages that the sandbox itself served may use it: requests from elsewhere, by a foreign `Origin`
//! or a `Host` that is not loopback, are refused.

mod act;

use std::{collections::HashMap, convert::Infallible};

use axum::{
    Json, Router,
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{
        Html, IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    control,
    http::Context,
    world::{World, snowflake},
};

/// The routes of the page.
pub(crate) fn router() -> Router<Context> {
    Router::new()
        .route(
            "/sandbox/page.css",
            get(|| async {
                (
                    [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
                    include_str!("page.css"),
                )
            }),
        )
        .route(
            "/sandbox/page.js",
            get(|| async {
                (
                    [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
                    include_str!("page.js"),
                )
            }),
        )
        .route("/sandbox/state", get(state))
        .route("/sandbox/messages", get(messages))
        .route("/sandbox/traffic", get(traffic))
        .route("/sandbox/events", get(events))
        .route("/sandbox/act", post(act::act))
        .merge(control::router())
        .layer(middleware::from_fn(own_pages_only))
}

/// The page itself.
pub(crate) fn page() -> impl IntoResponse {
    let policy =
        "default-src 'self'; img-src 'self' https: data:; base-uri 'none'; frame-ancestors 'none'";
    (
        [(header::CONTENT_SECURITY_POLICY, policy)],
        Html(include_str!("page.html")),
    )
}

async fn own_pages_only(request: Request, next: Next) -> Response {
    if is_own(request.headers()) {
        next.run(request).await
    } else {
        (
            StatusCode::FORBIDDEN,
            "only the sandbox's own page may do this\n",
        )
            .into_response()
    }
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = text(header::HOST) else {
        return false;
    };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let loopback = matches!(name, "127.0.0.1" | "localhost");
    loopback && text(header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"))
}

/// Users, channels, commands and the bot, as a user sees them.
async fn state(
    State(context): State<Context>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let people: Vec<_> = world
            .users
            .cast()
            .filter(|user| !user.bot)
            .map(|user| user.name.clone())
            .collect();
        let asked = query.get("user").and_then(|name| world.user_named(name));
        let me = asked.unwrap_or(world.application.owner);
        json!({
            "me": world.name_of(me),
            "users": people,
            "bot": world.name_of(world.application.bot),
            "online": state.hub.is_ready(),
            "presence": state.hub.presence,
            "guilds": guilds(world, me),
            "commands": world.commands.values().filter(|command| command.kind.number() == 1)
                .map(|command| command.json(world.application.id)).collect::<Vec<_>>(),
            "names": names(world),
            "modal": act::open_modal(world, me),
        })
    }))
}

fn guilds(world: &World, user: u64) -> Vec<Value> {
    let visible = |guild: u64| {
        let channels = world.channels_of(guild);
        let channels = channels.filter(|channel| !world.permissions(channel.id, user).is_empty());
        channels.map(|channel| json!({"id": channel.id.to_string(), "name": channel.name, "topic": channel.topic})).collect::<Vec<_>>()
    };
    world
        .guilds_of(user)
        .map(|guild| json!({"name": guild.name, "channels": visible(guild.id)}))
        .collect()
}

/// Names and kinds by id, so that the page can write mentions and offer choices.
fn names(world: &World) -> Value {
    let entry = |id: u64, mark: char, name: &str, kind: &str| {
        let name = format!("{mark}{}", name.trim_start_matches('@'));
        (id.to_string(), json!({"name": name, "kind": kind}))
    };
    let users = world
        .users
        .cast()
        .map(|user| entry(user.id, '@', &user.name, "user"));
    let channels = world.channels.values();
    let channels = channels.filter(|channel| channel.guild().is_some());
    let channels = channels.map(|channel| entry(channel.id, '#', &channel.name, "channel"));
    let roles = world.guilds.values().flat_map(|guild| guild.roles.values());
    let roles = roles.map(|role| entry(role.id, '@', &role.name, "role"));
    Value::Object(users.chain(channels).chain(roles).collect())
}

/// The newest messages of a channel, oldest first.
async fn messages(
    State(context): State<Context>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let user = query.get("user").and_then(|name| world.user_named(name)).unwrap_or(0);
        let channel = match query.get("channel").map(String::as_str) {
            Some("dm") => world.open_direct_channel(user).unwrap_or(0),
            Some(id) => id.parse().unwrap_or(0),
            None => 0,
        };
        if world.permissions(channel, user).is_empty() {
            return json!([]);
        }
        let mut newest: Vec<_> = world.visible_messages(user, channel).rev().take(100).collect();
        newest.reverse();
        newest
            .into_iter()
            .map(|message| {
                let mut json = json!(world.view(message));
                json["time"] = json!(snowflake::created_us(message.id) / 1000);
                json["bot"] = json!(world.users.get(&message.author).is_some_and(|user| user.bot));
                json["files"] = json!(message.attachments);
                if let Some(replied) = message.reference.and_then(|id| world.message(channel, id)) {
                    json["replied"] = json!({"author": world.name_of(replied.author), "content": replied.content});
                }
                if let Some(interaction) = message.interaction.and_then(|id| world.interactions.get(&id)) {
                    json["asked"] = json!({"user": world.name_of(interaction.user), "what": interaction.title});
                }
                json
            })
            .collect()
    }))
}

/// What crossed since a number.
async fn traffic(
    State(context): State<Context>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let since = query
        .get("since")
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    Json(
        context
            .shared
            .read(|state| json!(state.traffic.since(since).collect::<Vec<_>>())),
    )
}

/// One empty event whenever something changes; the page then asks for what it shows.
async fn events(
    State(context): State<Context>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let listening = (context.shared.changes(), context.down);
    let changes = stream::unfold(
        listening,
        |(mut changes, mut down): (watch::Receiver<u64>, watch::Receiver<bool>)| async {
            tokio::select! {
                changed = changes.changed() => changed.ok()?,
                () = async { _ = down.wait_for(|down| *down).await; } => return None,
            }
            let number = *changes.borrow();
            Some((
                Ok(Event::default().data(number.to_string())),
                (changes, down),
            ))
        },
    );
    Sse::new(changes).keep_alive(KeepAlive::default())
}
