//! Web page at `/`, its files below `/page/`, and the small JSON API below `/sandbox/` that it lives on.
//!
//! Only pages that the sandbox itself served may use it ([`crate::origin`]).
//!
//! | file | what it gives |
//! | --- | --- |
//! | `files.rs` | the page: HTML, CSS and JavaScript, as they lie in `page/` |
//! | `events.rs` | a ring whenever something changes |
//! | `state.rs`, `places.rs`, `resolver.rs`, `messages.rs`, `commands.rs` | the world as one user sees it |
//! | `traffic.rs` | the inspector: what crossed, and what the bot reports of its parts |
//! | `act.rs` | what the user does |
//! | `consent.rs` | the consent page of OAuth2, a page of its own |

mod act;
mod commands;
pub(crate) mod consent;
mod events;
mod files;
mod messages;
mod people;
mod places;
mod state;
mod traffic;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use serde::Deserialize;

pub(crate) use self::files::page;
use crate::{
    context::Context,
    control,
    world::{MAX_FILE_BYTES, World},
};

/// The routes of the page.
pub(crate) fn router() -> Router<Context> {
    Router::new()
        .route("/page/{name}", get(files::file))
        .route("/sandbox/events", get(events::events))
        .route("/sandbox/state", get(state::state))
        .route("/sandbox/guilds", get(places::guilds))
        .route("/sandbox/guild", get(places::guild))
        .route("/sandbox/users", get(people::users))
        .route("/sandbox/members", get(people::members))
        .route("/sandbox/messages", get(messages::messages))
        .route("/sandbox/commands", get(commands::commands))
        .route("/sandbox/find", get(commands::find))
        .route("/sandbox/traffic", get(traffic::traffic))
        .route("/sandbox/crossing", get(traffic::crossing))
        .route("/sandbox/reports", get(traffic::reports))
        .route("/sandbox/report", post(traffic::report))
        .route("/sandbox/act", post(act::act))
        .route(
            "/sandbox/upload",
            // One byte more than is taken: the refusal is in Discord's words.
            post(act::upload).layer(DefaultBodyLimit::max(MAX_FILE_BYTES + 1)),
        )
        .merge(control::router())
}

/// What the page asks: whose eyes, where, and which part of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ask {
    /// An id or a name; the application's owner if it is nobody's.
    user: String,
    guild: u64,
    /// An id, or `dm`.
    channel: String,
    /// What names must contain, whatever the case.
    find: String,
    offset: usize,
    /// Messages before this one.
    before: Option<u64>,
    /// Crossings from this number on.
    since: u64,
    /// What is looked for: `user`, `role`, `mentionable`, `channel`.
    kind: String,
    /// Discord's numbers of channel types, separated by commas.
    types: String,
}

impl Ask {
    fn user(&self, world: &World) -> u64 {
        let by_id = self.user.parse().ok();
        by_id
            .filter(|id| world.users.contains_key(id))
            .or_else(|| world.user_named(&self.user))
            .unwrap_or(world.application.owner)
    }

    /// The channel that is meant; 0 if there is none.
    fn channel(&self, world: &World) -> u64 {
        match self.channel.as_str() {
            "dm" => world
                .open_direct_channel(self.user(world))
                .unwrap_or_default(),
            id => id.parse().unwrap_or_default(),
        }
    }

    /// Whether a name is looked for.
    fn wants(&self, name: &str) -> bool {
        self.find.is_empty() || name.to_lowercase().contains(&self.find.to_lowercase())
    }
}
