//! Measurement of the cache: bytes per server, channel, role and member, by resident pages and by a counting allocator, and the time
//! of an event and of a permission check.
//!
//! `cargo run --release -p host --example cache`

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that can't go on says so by panicking"
)]

use std::{fs, sync::Arc, time::Instant};

use host_discord::{Cache, Discord};
use plugin_api::alloc::Ledger;
use serde_json::{Value, json};
use twilight_model::{gateway::Intents, guild::Permissions, id::Id};

/// Counts what is held; its lock costs some 20 ns an allocation, which the times below have in them.
#[global_allocator]
static LEDGER: Ledger = Ledger::new();

const GUILDS: u64 = 1_000;
const CHANNELS: u64 = 50;
const ROLES: u64 = 30;
const MEMBERS: u64 = 100_000;

fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

fn tell(cache: &Cache, name: &str, data: &Value) {
    let _ = cache.learn(Intents::GUILDS, name, &data.to_string());
}

fn guild(id: u64, channels: u64, roles: u64) -> Value {
    let own = |number: u64| (id + number).to_string();
    let allow = Permissions::SEND_MESSAGES.bits().to_string();
    let overwrites = |first: u64| -> Vec<Value> {
        let overwrite = |it| json!({"id": own(it), "type": 0, "allow": allow, "deny": "0"});
        (first..first + 3).map(overwrite).collect()
    };
    let channel = |number: u64| {
        json!({
            "id": own(500 + number), "type": 0, "name": format!("channel-{number}"), "position": number, "nsfw": false,
            "topic": "What is talked about here, in a sentence of the usual length.", "rate_limit_per_user": 0,
            "last_message_id": own(900), "parent_id": own(499), "permission_overwrites": overwrites(number % 20), "flags": 0,
        })
    };
    let role = |number: u64| {
        json!({
            "id": own(number), "name": format!("Role number {number}"), "permissions": "104324673", "position": number,
            "color": 0, "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null}, "hoist": false,
            "managed": false, "mentionable": false, "flags": 0, "icon": null, "unicode_emoji": null,
        })
    };
    json!({
        "id": id.to_string(), "name": format!("Server number {id}"), "owner_id": "5", "afk_timeout": 300,
        "afk_channel_id": null, "application_id": null, "banner": null, "default_message_notifications": 0,
        "description": null, "discovery_splash": null, "emojis": [], "explicit_content_filter": 0,
        "features": ["COMMUNITY", "NEWS", "AUTO_MODERATION"], "icon": null, "joined_at": "2024-01-01T00:00:00+00:00",
        "large": true, "member_count": 1000, "mfa_level": 0, "nsfw_level": 0, "preferred_locale": "en-GB",
        "premium_progress_bar_enabled": false, "premium_tier": 0, "public_updates_channel_id": null,
        "rules_channel_id": null, "splash": null, "system_channel_flags": 0, "system_channel_id": null,
        "vanity_url_code": null, "verification_level": 0, "unavailable": false,
        "channels": (0..channels).map(channel).collect::<Vec<_>>(), "threads": [],
        "roles": (0..roles).map(role).collect::<Vec<_>>(), "members": [], "presences": [], "voice_states": [],
        "stage_instances": [], "stickers": [], "guild_scheduled_events": [],
    })
}

fn message(guild: u64, user: u64) -> Value {
    let roles: Vec<String> = (1..6).map(|role| (guild + role).to_string()).collect();
    json!({
        "id": "1", "guild_id": guild.to_string(), "channel_id": (guild + 501).to_string(), "content": "hello, everybody",
        "author": {
            "id": user.to_string(), "username": format!("member.{user}"), "discriminator": "0", "public_flags": 0,
            "global_name": format!("Member {user}"), "avatar": "33ecab261d4681afa4d85a04691c4a01",
        },
        "member": {
            "roles": roles, "deaf": false, "mute": false, "flags": 0, "nick": null,
            "joined_at": "2024-01-01T00:00:00+00:00", "communication_disabled_until": null,
        },
        "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "type": 0, "tts": false, "pinned": false,
        "timestamp": "2024-01-01T00:00:00+00:00", "edited_timestamp": null, "mention_everyone": false, "flags": 0,
    })
}

/// Bytes that `work` takes for each of `count`.
fn each(what: &str, count: u64, work: impl FnOnce()) {
    let held = || LEDGER.stats().live_bytes;
    let before = (resident(), held());
    work();
    let pages = resident().saturating_sub(before.0);
    let bytes = held().saturating_sub(before.1);
    println!(
        "{what}: {} bytes each, {} of resident pages ({count} of them)",
        bytes / count,
        pages / count
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Nothing here asks Discord.
    let discord = host_ops::config::Config::default().discord;
    let discord = Arc::new(Discord::new(&discord, None, Arc::default()));
    let mut config = host_ops::config::Config::default().cache;
    config.members = usize::try_from(MEMBERS).unwrap();
    let cache = Cache::new(&config, discord);
    let id = |number: u64| (number + 1) << 22;
    // Warm: the allocator's own pages are not counted.
    tell(
        &cache,
        "GUILD_CREATE",
        &guild(id(9_000_000), CHANNELS, ROLES),
    );

    each("a server alone, with its role for everyone", GUILDS, || {
        (0..GUILDS).for_each(|it| tell(&cache, "GUILD_CREATE", &guild(id(it), 0, 1)));
    });
    each("a channel with three overwrites", GUILDS * CHANNELS, || {
        (0..GUILDS).for_each(|it| tell(&cache, "GUILD_CREATE", &guild(id(it), CHANNELS, 1)));
    });
    each("a role", GUILDS * (ROLES - 1), || {
        (0..GUILDS).for_each(|it| tell(&cache, "GUILD_CREATE", &guild(id(it), CHANNELS, ROLES)));
    });
    each("a member with five roles", MEMBERS, || {
        (0..MEMBERS)
            .for_each(|it| tell(&cache, "MESSAGE_CREATE", &message(id(it % GUILDS), id(it))));
    });
    let full = resident();
    for it in MEMBERS..3 * MEMBERS {
        tell(&cache, "MESSAGE_CREATE", &message(id(it % GUILDS), id(it)));
    }
    println!(
        "200,000 more members, the number kept is full: {} KiB more, {} kept",
        resident().saturating_sub(full) / 1024,
        cache.members_kept()
    );

    let data = message(id(7), id(7));
    let text = data.to_string();
    time("to learn from a message", || {
        let _ = cache.learn(Intents::GUILDS, "MESSAGE_CREATE", &text);
    });
    let (server, channel) = (Id::new(id(7)), Some(Id::new(id(7) + 501)));
    time("permissions in a channel", || {
        assert!(cache.permissions(server, Id::new(id(7)), channel).is_ok());
    });
    time("permissions in a server", || {
        assert!(cache.permissions(server, Id::new(id(7)), None).is_ok());
    });
}

fn time(what: &str, work: impl Fn()) {
    const TIMES: u32 = 100_000;
    let began = Instant::now();
    (0..TIMES).for_each(|_| work());
    println!("{what}: {} ns", (began.elapsed() / TIMES).as_nanos());
}
