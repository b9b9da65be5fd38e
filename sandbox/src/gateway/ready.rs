//! READY: <https://discord.com/developers/docs/events/gateway-events#ready>.

use serde_json::{Value, json};

use super::session::Session;
use crate::world::World;

/// READY, without its guilds' contents.
pub(super) fn ready_json(world: &World, session: &Session, guilds: &[u64], port: u16) -> Value {
    let bot = world.users.get(&world.application.bot);
    let unavailable = |guild: &u64| json!({"id": guild.to_string(), "unavailable": true});
    let mut ready = json!({
        "v": 10,
        "user": bot.map(|user| user.own_json()),
        "guilds": guilds.iter().map(unavailable).collect::<Vec<_>>(),
        "session_id": session.id,
        "session_type": "normal",
        "resume_gateway_url": format!("ws://127.0.0.1:{port}/resume"),
        "application": {"id": world.application.id.to_string(), "flags": world.application.flags()},
        "user_settings": {},
        "user_settings_proto": "",
        "relationships": [],
        "private_channels": [],
        "presences": [],
        "guild_join_requests": [],
        "geo_ordered_rtc_regions": ["rotterdam"],
        "auth": {},
        "_trace": ["[\"sandbox\"]"],
    });
    if session.login.is_sharded {
        let shard = session.login.shard;
        ready["shard"] = json!([shard.number, shard.count]);
    }
    ready
}
