//! Request guild members (op 8), and what else is asked for.

use std::time::Duration;

use sandbox::{GatewayLimits, Options, World};
use serde_json::{Value, json};

use crate::wire::Wire;

const ALL: u64 = 1 | 1 << 1 | 1 << 8;

/// A guild of 2,502 members: the owner, the bot and 2,500 guests.
async fn club(gateway_limits: GatewayLimits) -> (crate::bot::Watched, u64, Vec<u64>) {
    let mut world = World::empty();
    let owner = world.user_named("owner").unwrap();
    let guild = world.add_guild("Club", owner);
    let guests: Vec<_> = (0..2500)
        .map(|number| world.add_user(&format!("guest{number:04}")))
        .collect();
    for guest in &guests {
        world.add_member(guild, *guest, &[]);
    }
    let options = Options {
        world,
        gateway_limits,
        ..Options::default()
    };
    (crate::bot::watched(options).await, guild, guests)
}

fn request(guild: impl Into<Value>, change: Value) -> Value {
    let mut request = json!({"op": 8, "d": change});
    request["d"]["guild_id"] = guild.into();
    request
}

fn members(chunk: &Value) -> usize {
    chunk["d"]["members"].as_array().unwrap().len()
}

#[tokio::test]
async fn whole_lists_come_in_chunks_of_a_thousand() {
    let (sandbox, guild, _) = club(GatewayLimits::GENEROUS).await;
    let (mut wire, _) = Wire::log_in(&sandbox, ALL).await;
    // discord.py sends ids as numbers.
    let all = request(guild, json!({"query": "", "limit": 0, "nonce": "n"}));
    wire.send_json(&all).await;
    for (index, size) in [1000, 1000, 502].into_iter().enumerate() {
        let chunk = wire.until("GUILD_MEMBERS_CHUNK").await;
        assert_eq!(members(&chunk), size);
        assert_eq!(chunk["d"]["chunk_index"], index);
        assert_eq!(chunk["d"]["chunk_count"], 3);
        assert_eq!(chunk["d"]["nonce"], "n");
        assert!(chunk["d"].get("presences").is_none());
    }
}

#[tokio::test]
async fn searches_give_a_hundred_at_most() {
    let (sandbox, guild, guests) = club(GatewayLimits::GENEROUS).await;
    let (mut wire, _) = Wire::log_in(&sandbox, 1).await;
    let guild = json!(guild.to_string());
    let ids: Vec<_> = guests.iter().map(u64::to_string).collect();
    for (asked, found) in [
        (json!({"query": "GUEST00", "limit": 7}), 7),
        (json!({"query": "guest00", "limit": 0}), 100),
        (json!({"query": "guest", "limit": 1000}), 100),
        (json!({"query": "nobody", "limit": 5}), 0),
        (json!({"user_ids": ids[0]}), 1),
        (json!({"user_ids": guests[0]}), 1),
        (json!({"user_ids": ids[..101]}), 100),
    ] {
        let chunk = wire
            .ask(request(guild.clone(), asked.clone()), "GUILD_MEMBERS_CHUNK")
            .await;
        assert_eq!(members(&chunk), found, "{asked}");
        assert_eq!(chunk["d"]["chunk_count"], 1);
    }
    let asked = json!({"user_ids": [ids[0], "1", "nonsense"], "nonce": "x".repeat(33)});
    let chunk = wire.ask(request(guild, asked), "GUILD_MEMBERS_CHUNK").await;
    assert_eq!(members(&chunk), 1);
    assert_eq!(chunk["d"]["not_found"], json!(["1", "nonsense"]));
    assert!(
        chunk["d"].get("nonce").is_none(),
        "too long a nonce is ignored"
    );
}

#[tokio::test]
async fn whole_lists_need_the_intent() {
    let (sandbox, guild, _) = club(GatewayLimits::GENEROUS).await;
    let (mut wire, _) = Wire::log_in(&sandbox, 1).await;
    wire.so_far().await;
    for limit in [0, 5] {
        let all = request(guild.to_string(), json!({"query": "", "limit": limit}));
        wire.send_json(&all).await;
    }
    wire.send_json(&request("1", json!({"query": "x", "limit": 1})))
        .await;
    assert!(wire.names_so_far().await.is_empty());
    let asked = json!({"query": "owner", "limit": 1, "presences": true});
    let chunk = wire
        .ask(request(guild.to_string(), asked), "GUILD_MEMBERS_CHUNK")
        .await;
    assert!(
        chunk["d"].get("presences").is_none(),
        "nor are there presences without theirs"
    );
}

#[tokio::test]
async fn whole_lists_are_limited_in_rate() {
    let (sandbox, guild, _) = club(GatewayLimits::DISCORD).await;
    let (mut wire, _) = Wire::log_in(&sandbox, ALL).await;
    let all = request(
        guild.to_string(),
        json!({"query": "", "limit": 0, "nonce": "n"}),
    );
    wire.ask(all.clone(), "GUILD_MEMBERS_CHUNK").await;
    let told = wire.ask(all, "RATE_LIMITED").await;
    let told = &told["d"];
    assert_eq!(told["opcode"], 8);
    assert_eq!(
        told["meta"],
        json!({"guild_id": guild.to_string(), "nonce": "n"})
    );
    let wait = told["retry_after"].as_f64().unwrap();
    assert!((20.0..=30.0).contains(&wait), "{wait}");
    // Searches are not.
    let search = request(guild.to_string(), json!({"query": "owner", "limit": 1}));
    wire.ask(search, "GUILD_MEMBERS_CHUNK").await;
    sandbox.clock().advance(Duration::from_secs(31));
    let all = request(guild.to_string(), json!({"query": "", "limit": 0}));
    wire.ask(all, "GUILD_MEMBERS_CHUNK").await;
}

#[tokio::test]
async fn soundboard_sounds_are_told_guild_by_guild() {
    let (sandbox, guild, _) = club(GatewayLimits::GENEROUS).await;
    let (mut wire, _) = Wire::log_in(&sandbox, 1).await;
    let ask = json!({"op": 31, "d": {"guild_ids": ["1", guild.to_string()]}});
    let told = wire.ask(ask, "SOUNDBOARD_SOUNDS").await;
    assert_eq!(told["d"]["guild_id"], guild.to_string());
    assert!(told["d"]["soundboard_sounds"].is_array());
}
