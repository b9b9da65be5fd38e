//! Measurement of the cache: what servers hold that Discord tells of, what it takes to learn of them, and times.
//!
//! `cargo test --release -p host-discord --lib cache::cost -- --ignored --nocapture --test-threads 1`

use std::{hint::black_box, time::Instant};

use plugin_api::alloc::{Ledger, LedgerStats};
use serde_json::{Value, json};
use twilight_model::{gateway::Intents, guild::Permissions};

use super::{tests::BOT, *};

/// Counts what is held; its lock costs some 20 ns an allocation, which the times below have in them.
#[global_allocator]
static LEDGER: Ledger = Ledger::new();

const GUILDS: u64 = 2_000;
const CHANNELS: u64 = 20;
const ROLES: u64 = 20;

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

/// What was done between two looks, for each of `count`: bytes and blocks that are held, and allocations.
fn each(before: LedgerStats, count: u64) -> String {
    let now = LEDGER.stats();
    let of = |now: u64, before: u64| now.saturating_sub(before) / count;
    let (bytes, blocks) = (
        of(now.live_bytes, before.live_bytes),
        of(now.live_blocks, before.live_blocks),
    );
    let allocations = of(now.allocations, before.allocations);
    format!("{bytes} bytes in {blocks} blocks, {allocations} allocations")
}

fn measure(what: &str, members: u64) {
    let settings = config::Cache {
        members: usize::MAX >> 1,
        ..config::Cache::default()
    };
    let cache = tests::cache_of(&settings);
    let texts = guild(id(0), members).len();
    let (before, mut spent) = (LEDGER.stats(), std::time::Duration::ZERO);
    let mut told = LedgerStats::default();
    for number in 0..GUILDS {
        let start = LEDGER.stats();
        let text = guild(id(number), members);
        told.allocations += LEDGER.stats().allocations - start.allocations;
        let began = Instant::now();
        let faults = cache.learn(
            Intents::GUILDS | Intents::GUILD_MEMBERS,
            "GUILD_CREATE",
            &text,
        );
        spent += began.elapsed();
        assert!(faults.is_empty());
    }
    let before = LedgerStats {
        allocations: before.allocations + told.allocations,
        ..before
    };
    let (each, nanos) = (each(before, GUILDS), spent.as_nanos() / u128::from(GUILDS));
    println!(
        "{what} ({texts} bytes of JSON): {each} each, learnt in {nanos} ns; {} members kept",
        cache.members_kept()
    );
}

#[test]
#[ignore = "a measurement"]
fn servers() {
    measure("a server with the bot alone", 0);
    measure("a server with 100 members", 100);
}

/// As large as servers get: 500 channels, and a thousand active threads.
#[test]
#[ignore = "a measurement"]
fn changes_of_the_largest_server() {
    const TIMES: u64 = 100;
    let cache = tests::cache();
    let mut whole: Value = serde_json::from_str(&guild(id(7), 0)).unwrap();
    let some = whole["channels"].as_array().unwrap().clone();
    let many = |count: u64, first: u64, change: &dyn Fn(&mut Value)| -> Value {
        let all = (0..count).map(|number| {
            let mut one = some[number as usize % some.len()].clone();
            one["id"] = json!((id(7) + first + number).to_string());
            change(&mut one);
            one
        });
        all.collect()
    };
    whole["channels"] = many(500, 1_000, &|_| ());
    let threads = many(1_000, 2_000, &|thread| {
        thread["type"] = json!(11);
        thread["parent_id"] = json!((id(7) + 1_000).to_string());
        thread["thread_metadata"] = json!({"archived": false, "auto_archive_duration": 4320, "locked": false,
            "archive_timestamp": "2024-01-01T00:00:00.123000+00:00", "create_timestamp": "2024-01-01T00:00:00.123000+00:00"});
        thread
            .as_object_mut()
            .unwrap()
            .remove("permission_overwrites");
    });
    let learn = |name: &str, data: &Value| {
        let text = data.to_string();
        let (before, began) = (LEDGER.stats(), Instant::now());
        assert!(cache.learn(Intents::GUILDS, name, &text).is_empty());
        let spent = began.elapsed();
        (each(before, 1), spent)
    };
    let (all, spent) = learn("GUILD_CREATE", &whole);
    println!("500 channels: {all} in {spent:?}");
    let listed = json!({"guild_id": id(7).to_string(), "threads": threads, "members": []});
    let (all, spent) = learn("THREAD_LIST_SYNC", &listed);
    println!("1,000 threads are listed: {all} in {spent:?}");
    let mut channel = whole["channels"][250].clone();
    channel["guild_id"] = json!(id(7).to_string());
    let mut whole = std::time::Duration::ZERO;
    let mut last = String::new();
    for number in 0..TIMES {
        channel["name"] = json!("x".repeat(number as usize % 30 + 1));
        let (all, spent) = learn("CHANNEL_UPDATE", &channel);
        whole += spent;
        last = all;
    }
    println!("a channel changes: {last} in {:?}", whole / TIMES as u32);
    let gone = json!({"id": (id(7) + 1_000).to_string(), "guild_id": id(7).to_string(), "type": 0});
    let before = LEDGER.stats().live_bytes;
    let (_, spent) = learn("CHANNEL_DELETE", &gone);
    let freed = before.saturating_sub(LEDGER.stats().live_bytes);
    println!("a channel goes with its threads: {freed} bytes less in {spent:?}");
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
