//! Measurement of the cache: resident bytes of servers as Discord tells of them, and times.
//!
//! `cargo test --release -p host-discord --lib cache::cost -- --ignored --nocapture --test-threads 1`

use std::{fs, hint::black_box, time::Instant};

use serde_json::{Value, json};
use twilight_model::{gateway::Intents, guild::Permissions};

use super::{tests::BOT, *};

const GUILDS: u64 = 2_000;
const CHANNELS: u64 = 20;
const ROLES: u64 = 20;

fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

fn id(number: u64) -> u64 {
    (number + 40_000_000_000) << 22
}

fn user(id: u64) -> Value {
    json!({
        "id": id.to_string(), "username": format!("member.{}", id >> 22), "discriminator": "0", "public_flags": 0, "bot": id == BOT,
        "global_name": format!("Member {}", id >> 22), "avatar": "33ecab261d4681afa4d85a04691c4a01", "banner": null,
        "avatar_decoration_data": null, "collectibles": null, "primary_guild": null, "display_name_styles": null,
    })
}

fn member(guild: u64, user_id: u64) -> Value {
    let roles: Vec<String> = (1..4).map(|role| (guild + role).to_string()).collect();
    json!({
        "user": user(user_id), "roles": roles, "deaf": false, "mute": false, "flags": 0, "nick": null, "pending": false, "avatar": null,
        "banner": null, "joined_at": "2024-01-01T00:00:00.123000+00:00", "communication_disabled_until": null, "premium_since": null,
    })
}

/// A server as Discord tells of one: half of its channels have a topic and three overwrites.
fn guild(id: u64, members: u64) -> String {
    let own = |number: u64| (id + number).to_string();
    let overwrite = |it| json!({"id": own(it), "type": 0, "allow": "2048", "deny": "377957124096"});
    let channel = |number: u64| {
        let is_rich = number.is_multiple_of(2);
        let overwrites: Vec<Value> = (1..4).filter(|_| is_rich).map(overwrite).collect();
        json!({
            "id": own(500 + number), "type": 0, "name": format!("channel-{number}"), "position": number, "nsfw": false,
            "topic": is_rich.then_some("What is talked about here, in a sentence of the usual length."), "rate_limit_per_user": 0,
            "last_message_id": own(900), "parent_id": own(499), "permission_overwrites": overwrites, "flags": 0,
            "icon_emoji": null, "theme_color": null, "last_pin_timestamp": null,
        })
    };
    let role = |number: u64| {
        json!({
            "id": own(number), "name": format!("Role number {number}"), "permissions": "104324673", "position": number,
            "color": 0, "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null}, "hoist": false,
            "managed": false, "mentionable": false, "flags": 0, "icon": null, "unicode_emoji": null,
        })
    };
    let listed: Vec<Value> = (0..members)
        .map(|it| member(id, self::id(id / 4 + it)))
        .chain([member(id, BOT)])
        .collect();
    let mut whole = json!({
        "id": id.to_string(), "name": format!("Server number {id}"), "owner_id": "5", "afk_timeout": 300,
        "afk_channel_id": null, "application_id": null, "banner": null, "default_message_notifications": 0,
        "description": null, "discovery_splash": null, "explicit_content_filter": 0,
        "features": ["COMMUNITY", "NEWS", "AUTO_MODERATION"], "icon": "33ecab261d4681afa4d85a04691c4a01",
        "joined_at": "2024-01-01T00:00:00.123000+00:00", "home_header": null, "max_members": 500_000, "max_presences": null,
        "max_stage_video_channel_users": 50, "max_video_channel_users": 25, "nsfw": false, "region": "rotterdam",
        "large": true, "member_count": 100, "mfa_level": 0, "nsfw_level": 0, "preferred_locale": "en-GB",
        "premium_progress_bar_enabled": false, "premium_tier": 0, "public_updates_channel_id": null,
        "rules_channel_id": null, "splash": null, "system_channel_flags": 0, "system_channel_id": own(501),
        "vanity_url_code": null, "verification_level": 0, "unavailable": false,
    });
    for list in [
        "emojis",
        "presences",
        "voice_states",
        "threads",
        "stage_instances",
        "stickers",
        "guild_scheduled_events",
        "soundboard_sounds",
    ] {
        whole[list] = json!([]);
    }
    whole["channels"] = (0..CHANNELS).map(channel).collect();
    whole["roles"] = (0..ROLES).map(role).collect();
    whole["members"] = json!(listed);
    whole.to_string()
}

fn time(what: &str, work: impl Fn()) {
    const TIMES: u32 = 50_000;
    let began = Instant::now();
    (0..TIMES).for_each(|_| work());
    println!("{what}: {} ns", (began.elapsed() / TIMES).as_nanos());
}

fn measure(what: &str, members: u64) {
    let cache = tests::cache();
    let texts = guild(id(0), members).len();
    let (before, mut spent) = (resident(), std::time::Duration::ZERO);
    for number in 0..GUILDS {
        let text = guild(id(number), members);
        let began = Instant::now();
        let faults = cache.learn(
            Intents::GUILDS | Intents::GUILD_MEMBERS,
            "GUILD_CREATE",
            &text,
        );
        spent += began.elapsed();
        assert!(faults.is_empty());
    }
    let bytes = (resident() - before) / GUILDS;
    let nanos = spent.as_nanos() / u128::from(GUILDS);
    println!(
        "{what} ({texts} bytes of JSON): {bytes} resident bytes, learnt in {nanos} ns; {} members kept",
        cache.members_kept()
    );
}

#[test]
#[ignore = "a measurement"]
fn servers() {
    measure("a server with the bot alone", 0);
    measure("a server with 100 members", 100);
}

#[test]
#[ignore = "a measurement"]
fn events_and_permissions() {
    let cache = tests::cache();
    let (server, who) = (id(7), id(9));
    let _ = cache.learn(Intents::GUILDS, "GUILD_CREATE", &guild(server, 0));
    let mut told = member(server, who);
    told.as_object_mut().unwrap().remove("user");
    let message = json!({
        "id": "1", "guild_id": server.to_string(), "channel_id": (server + 501).to_string(), "content": "hello, everybody",
        "author": user(who), "member": told, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "type": 0,
        "tts": false, "pinned": false, "timestamp": "2024-01-01T00:00:00.123000+00:00", "edited_timestamp": null, "flags": 0,
        "mention_everyone": false, "components": [], "channel_type": 0, "nonce": "5",
    })
    .to_string();
    time("to learn from a message", || {
        black_box(cache.learn(Intents::GUILDS, "MESSAGE_CREATE", &message));
    });
    let may = |channel: Option<u64>| {
        let may = cache
            .permissions(Id::new(server), Id::new(who), channel.map(Id::new))
            .unwrap();
        assert!(may.contains(Permissions::VIEW_CHANNEL));
    };
    time("permissions in a channel with overwrites", || {
        may(Some(server + 502))
    });
    time("permissions in a server", || may(None));
    time("the server of a channel", || {
        black_box(cache.guild_of(server + 502));
    });
    time("a channel as twilight has it", || {
        black_box(cache.channel(Id::new(server + 502)).unwrap());
    });
}
