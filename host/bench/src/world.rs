//! Simulated servers, and the payloads about them: what Discord sends, as JSON.

use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

/// The bot's own user and application.
pub const BOT: u64 = 1_100_000_000_000_000_001;

/// Who owns the bot. Nobody in the servers, so that its owner's commands are registered nowhere.
pub const OWNER: u64 = 1_100_000_000_000_000_002;

/// Ids below it are servers', channels' and roles'; each server has a thousand of them.
const SERVERS: u64 = 1_200_000_000_000_000_000;

/// Members of the servers.
const PEOPLE: u64 = 1_300_000_000_000_000_000;

/// Id of what happens now: Discord's ids say when
/// ([reference](https://discord.com/developers/docs/reference#snowflakes)).
pub fn now() -> u64 {
    /// Milliseconds of 2015, from which Discord counts.
    const EPOCH: u64 = 1_420_070_400_000;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |it| it.as_millis() as u64);
    millis.saturating_sub(EPOCH) << 22
}

/// Rights of `@everyone`: all that are harmless.
const RIGHTS: &str = "2248473465835073";

/// How large the servers are.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Servers.
    pub guilds: u64,
    /// Text channels of each.
    pub channels: u64,
    /// Members of each that come with it.
    pub members: u64,
}

fn guild_id(guild: u64) -> u64 {
    SERVERS + guild * 1_000
}

/// A text channel of the first server.
pub fn channel_id(channel: u64) -> u64 {
    guild_id(0) + 1 + channel
}

/// Payload of READY.
pub fn ready(size: Size, gateway: &str) -> String {
    let guilds: Vec<Value> = (0..size.guilds)
        .map(|it| json!({"id": guild_id(it).to_string(), "unavailable": true}))
        .collect();
    json!({
        "v": 10, "user": bot(), "guilds": guilds, "session_id": "b0b5", "session_type": "normal", "resume_gateway_url": gateway,
        "shard": [0, 1], "application": {"id": BOT.to_string(), "flags": 1 << 18 | 1 << 19}, "private_channels": [],
        "relationships": [], "presences": [], "user_settings": {}, "guild_join_requests": [], "geo_ordered_rtc_regions": ["rotterdam"],
        "auth": {}, "_trace": ["[\"bench\"]"],
    })
    .to_string()
}

/// The bot's user.
pub fn bot() -> Value {
    let mut user = user(BOT, "bench");
    user["bot"] = json!(true);
    user["verified"] = json!(true);
    user["mfa_enabled"] = json!(true);
    user
}

/// The bot's application.
pub fn application() -> Value {
    json!({
        "id": BOT.to_string(), "name": "bench", "icon": null, "description": "", "bot_public": true, "bot_require_code_grant": false,
        "verify_key": "0", "flags": 1 << 18 | 1 << 19, "team": null, "owner": user(OWNER, "owner"), "bot": bot(), "tags": [],
        "redirect_uris": [], "interactions_endpoint_url": null, "integration_types_config": {"0": {}}, "approximate_guild_count": 1,
        "summary": "", "is_monetized": false, "hook": true, "type": null,
    })
}

fn user(id: u64, name: &str) -> Value {
    json!({
        "id": id.to_string(), "username": name, "global_name": null, "discriminator": "0", "avatar": "5f4dcc3b5aa765d61d8327deb882cf99",
        "public_flags": 0, "flags": 0, "bot": false, "avatar_decoration_data": null, "clan": null, "primary_guild": null,
        "banner": null, "accent_color": null,
    })
}

/// Payload of GUILD_CREATE of one server.
pub fn guild(guild: u64, size: Size) -> String {
    let id = guild_id(guild);
    let channels: Vec<Value> = (0..size.channels)
        .map(|it| channel(id, it, &format!("channel-{it}")))
        .collect();
    let mut members: Vec<Value> = vec![member(&bot(), 0)];
    members.extend((0..size.members).map(|it| {
        let user = user(PEOPLE + guild * 1_000 + it, &format!("user{it}"));
        member(&user, id + 900 + it % 4)
    }));
    let mut roles = vec![role(id, 0, "@everyone", RIGHTS)];
    roles.extend((0..4).map(|it| role(id + 900 + it, it + 1, &format!("role {it}"), RIGHTS)));
    let mut whole = json!({
        "id": id.to_string(), "name": format!("Server {guild}"), "icon": null, "splash": null, "discovery_splash": null, "banner": null,
        "description": null, "owner_id": (PEOPLE + guild * 1_000).to_string(), "application_id": null, "region": "rotterdam",
        "afk_channel_id": null, "afk_timeout": 300, "system_channel_id": (id + 1).to_string(), "system_channel_flags": 0,
        "widget_enabled": false, "widget_channel_id": null, "verification_level": 1, "default_message_notifications": 1,
        "explicit_content_filter": 0, "mfa_level": 0, "max_presences": null, "max_members": 500_000, "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50, "vanity_url_code": null, "premium_tier": 0, "premium_subscription_count": 0,
        "premium_progress_bar_enabled": false, "preferred_locale": "en-US", "rules_channel_id": null,
        "public_updates_channel_id": null, "safety_alerts_channel_id": null, "nsfw": false, "nsfw_level": 0, "hub_type": null,
        "joined_at": "2024-03-01T12:00:00.000000+00:00", "large": false, "unavailable": false, "member_count": size.members + 1,
        "voice_states": [], "threads": [], "presences": [], "stage_instances": [], "guild_scheduled_events": [],
        "soundboard_sounds": [], "embedded_activities": [], "features": ["COMMUNITY", "NEWS"], "emojis": [], "stickers": [],
        "lazy": true, "latest_onboarding_question_id": null, "incidents_data": null, "inventory_settings": null,
    });
    whole["channels"] = Value::Array(channels);
    whole["members"] = Value::Array(members);
    whole["roles"] = Value::Array(roles);
    whole.to_string()
}

fn channel(guild: u64, number: u64, name: &str) -> Value {
    json!({
        "id": (guild + 1 + number).to_string(), "type": 0, "name": name, "position": number, "parent_id": null, "topic": null,
        "nsfw": false, "rate_limit_per_user": 0, "last_message_id": null, "last_pin_timestamp": null, "flags": 0, "version": 1_709_294_400_000_u64,
        "icon_emoji": {"id": null, "name": "👋"}, "theme_color": null,
        "permission_overwrites": [{"id": guild.to_string(), "type": 0, "allow": "0", "deny": "0"}],
    })
}

fn role(id: u64, position: u64, name: &str, permissions: &str) -> Value {
    json!({
        "id": id.to_string(), "name": name, "description": null, "color": 0, "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
        "hoist": false, "managed": false, "mentionable": false, "permissions": permissions, "position": position, "icon": null,
        "unicode_emoji": null, "flags": 0,
    })
}

fn member(user: &Value, role: u64) -> Value {
    let roles: Vec<String> = (role != 0).then(|| role.to_string()).into_iter().collect();
    json!({
        "user": user, "roles": roles, "nick": null, "avatar": null, "banner": null, "joined_at": "2024-03-01T12:00:00.000000+00:00",
        "premium_since": null, "deaf": false, "mute": false, "pending": false, "flags": 0, "communication_disabled_until": null,
        "unusual_dm_activity_until": null,
    })
}

/// What is the same in each message, so that a firehose is quick to make.
pub struct Messages {
    before: Vec<String>,
}

/// Text that nobody answers.
const CHATTER: [&str; 8] = [
    "ahoy, is anybody listening?",
    "how the kettle sings while the rain comes down, ahoy",
    "ahoy! three sails on the horizon, two of them ours",
    "bring the lamp, the tide is turning, ahoy",
    "no wind since Tuesday, ahoy, and no biscuit since Sunday",
    "ahoy there, whose parrot is this?",
    "the cook says it is soup, ahoy",
    "ahoy, the second watch is asleep again",
];

impl Messages {
    /// Of so many users, each in a channel of its own in the first server.
    pub fn of(users: u64, size: Size) -> Self {
        let mut before = Vec::new();
        for slot in 0..users {
            let guild = guild_id(0);
            let name = format!("user{slot}");
            let user = user(PEOPLE + slot, &name);
            let mut member = member(&user, guild + 900 + slot % 4);
            if let Some(all) = member.as_object_mut() {
                all.remove("user");
            }
            before.push(format!(
                r#"{{"type":0,"tts":false,"timestamp":"2026-12-01T12:00:00.000000+00:00","pinned":false,"mentions":[],"mention_roles":[],"mention_everyone":false,"member":{member},"guild_id":"{guild}","flags":0,"embeds":[],"edited_timestamp":null,"components":[],"attachments":[],"channel_type":0,"channel_id":"{}","author":{user},"content":""#,
                channel_id(slot % size.channels)
            ));
        }
        Self { before }
    }

    /// One message. The text is without quotes and backslashes.
    pub fn one(&self, slot: u64, id: u64, content: &str) -> String {
        let slot = slot as usize % self.before.len();
        let before = &self.before[slot];
        let mut json = String::with_capacity(before.len() + content.len() + 64);
        json.push_str(before);
        json.push_str(content);
        // Writing to a string does not fail.
        let _ = write!(json, r#"","nonce":"{}","id":"{id}"}}"#, id ^ 0x5555);
        json
    }

    /// One that nobody answers.
    pub fn chatter(&self, slot: u64, id: u64) -> String {
        self.one(slot, id, CHATTER[id as usize % CHATTER.len()])
    }
}

/// Payload of INTERACTION_CREATE: somebody uses `/hello`.
pub fn interaction(slot: u64, id: u64, command: &str, size: Size) -> String {
    let guild = guild_id(0);
    let name = format!("user{slot}");
    let mut member = member(&user(PEOPLE + slot, &name), guild + 900 + slot % 4);
    member["permissions"] = json!(RIGHTS);
    let mut channel = channel(guild, slot % size.channels, "channel");
    channel["permissions"] = json!(RIGHTS);
    channel["guild_id"] = json!(guild.to_string());
    json!({
        "id": id.to_string(), "application_id": BOT.to_string(), "type": 2, "data": {"id": command, "name": "hello", "type": 1},
        "channel_id": channel_id(slot % size.channels).to_string(), "channel": channel, "guild_id": guild.to_string(),
        "guild_locale": "en-US", "guild": {"id": guild.to_string(), "locale": "en-US", "features": []}, "member": member,
        "token": token(id), "version": 1, "locale": "en-US", "app_permissions": RIGHTS, "entitlements": [],
        "entitlement_sku_ids": [], "authorizing_integration_owners": {"0": guild.to_string()}, "context": 0,
        "attachment_size_limit": 10_485_760,
    })
    .to_string()
}

/// Token of an interaction: as long as Discord's, and unlike any other.
pub fn token(id: u64) -> String {
    format!("aW50ZXJhY3Rpb246{id:x}.{}", "x".repeat(160))
}

/// The message that a bot has sent.
pub fn sent(channel: &str, id: u64, content: &str) -> Value {
    json!({
        "id": id.to_string(), "channel_id": channel, "type": 0, "content": content, "author": bot(), "attachments": [], "embeds": [],
        "mentions": [], "mention_roles": [], "mention_everyone": false, "pinned": false, "tts": false, "flags": 0, "components": [],
        "timestamp": "2026-12-01T12:00:01.000000+00:00", "edited_timestamp": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        guilds: 2,
        channels: 3,
        members: 4,
    };

    #[test]
    fn payloads_are_json_and_as_large_as_asked() {
        let ready: Value = serde_json::from_str(&ready(SIZE, "ws://x")).unwrap();
        assert_eq!(ready["guilds"].as_array().map(Vec::len), Some(2));
        let guild: Value = serde_json::from_str(&guild(1, SIZE)).unwrap();
        assert_eq!(guild["channels"].as_array().map(Vec::len), Some(3));
        // And the bot.
        assert_eq!(guild["members"].as_array().map(Vec::len), Some(5));
        let message = Messages::of(2, SIZE).one(3, 77, "!hello");
        let message: Value = serde_json::from_str(&message).unwrap();
        assert_eq!(message["content"], "!hello");
        assert_eq!(message["id"], "77");
        assert_eq!(message["author"]["username"], "user1");
        let interaction: Value = serde_json::from_str(&interaction(1, 78, "5", SIZE)).unwrap();
        assert_eq!(interaction["data"]["id"], "5");
    }

    #[test]
    fn users_of_questions_are_members_of_the_first_server() {
        let guild: Value = serde_json::from_str(&guild(0, SIZE)).unwrap();
        let message = Messages::of(2, SIZE).one(1, 77, "!hello");
        let message: Value = serde_json::from_str(&message).unwrap();
        let members = guild["members"].as_array().unwrap();
        assert!(
            members
                .iter()
                .any(|it| it["user"]["id"] == message["author"]["id"])
        );
        let channels = guild["channels"].as_array().unwrap();
        assert!(channels.iter().any(|it| it["id"] == message["channel_id"]));
        assert_eq!(guild["id"], message["guild_id"]);
    }
}
