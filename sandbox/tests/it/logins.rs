//! Tests of who may start and continue a session, and how the others are refused.

use std::time::Duration;

use sandbox::{GatewayLimits, Options, Sandbox, World};
use serde_json::{Value, json};
use twilight_model::gateway::presence::Status;

use crate::{
    bot::send,
    wire::{Wire, identify},
};

/// GUILDS, GUILD_MEMBERS and GUILD_PRESENCES.
const MEMBERS: u64 = 1 | 1 << 1 | 1 << 8;

async fn start(gateway_limits: GatewayLimits) -> crate::bot::Watched {
    let options = Options {
        gateway_limits,
        ..Options::default()
    };
    crate::bot::watched(options).await
}

fn login(sandbox: &Sandbox, change: &Value) -> Value {
    let mut login = identify(sandbox);
    for (key, value) in change.as_object().unwrap() {
        login["d"][key] = value.clone();
    }
    login
}

fn resume(sandbox: &Sandbox, session: &Value, seq: u64) -> Value {
    json!({"op": 6, "d": {"token": sandbox.token(), "session_id": session, "seq": seq}})
}

async fn limit(sandbox: &Sandbox) -> Value {
    let (status, answer) = send(sandbox, "GET", "gateway/bot", None).await;
    assert_eq!(status, 200);
    answer
}

#[tokio::test]
async fn ready_tells_what_clients_read() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let (mut wire, ready) = Wire::log_in(&sandbox, 1).await;
    let data = &ready["d"];
    assert_eq!((&ready["s"], &data["v"]), (&json!(1), &json!(10)));
    assert_eq!(data["user"]["bot"], true);
    assert!(data["user"].get("email").is_some());
    let guild = sandbox.guild_id().to_string();
    assert_eq!(data["guilds"], json!([{"id": guild, "unavailable": true}]));
    let resume_url = data["resume_gateway_url"].as_str().unwrap();
    assert!(resume_url.starts_with(&sandbox.gateway_url()));
    assert_eq!(
        data["application"]["id"],
        sandbox.application_id().to_string()
    );
    assert!(data["application"]["flags"].is_u64());
    assert!(data["_trace"].is_array());
    assert!(data.get("shard").is_none(), "only if it was sent");
    let guild = wire.until("GUILD_CREATE").await;
    for key in [
        "joined_at",
        "large",
        "member_count",
        "voice_states",
        "members",
        "channels",
        "threads",
        "presences",
        "stage_instances",
        "guild_scheduled_events",
        "soundboard_sounds",
        "roles",
        "emojis",
        "stickers",
        "features",
        "owner_id",
    ] {
        assert!(guild["d"].get(key).is_some(), "{key}");
    }
    let mut wire = Wire::open(&sandbox).await;
    let ready = wire
        .ask(login(&sandbox, &json!({"shard": [0, 1]})), "READY")
        .await;
    assert_eq!(ready["d"]["shard"], json!([0, 1]));
}

#[tokio::test]
async fn malformed_logins_are_closed_as_discord_does() {
    let sandbox = crate::bot::watched(Options::default()).await;
    for (change, code) in [
        (json!({"token": "nonsense"}), 4004),
        (json!({"properties": null}), 4002),
        (json!({"intents": null}), 4013),
        (json!({"intents": 1_u64 << 40}), 4013),
        (json!({"intents": 1 << 17}), 4013),
        (json!({"intents": -1}), 4013),
        (json!({"shard": [1, 1]}), 4010),
        (json!({"shard": [0, 0]}), 4010),
        (json!({"shard": [0]}), 4010),
        (json!({"shard": "0/1"}), 4010),
        (json!({"large_threshold": 10}), 4002),
    ] {
        let mut wire = Wire::open(&sandbox).await;
        wire.send_json(&login(&sandbox, &change)).await;
        assert_eq!(wire.close_code().await, code, "{change}");
    }
}

#[tokio::test]
async fn what_is_sent_is_checked_before_and_after_the_login() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let presence = json!({"op": 3, "d": {"since": null, "activities": [], "status": "online"}});
    for (first, code) in [
        (presence.clone(), 4003),
        (json!({"op": 8, "d": {}}), 4003),
        (json!({"op": 99, "d": null}), 4001),
        (json!({"op": 0, "d": null}), 4001),
        (json!({"d": null}), 4002),
        (json!([]), 4002),
        (json!({"op": 1, "d": "one"}), 4001),
        (json!({"op": 1, "d": "x".repeat(4096)}), 4002),
    ] {
        let mut wire = Wire::open(&sandbox).await;
        wire.send_json(&first).await;
        assert_eq!(wire.close_code().await, code, "{first}");
    }
    let mut wire = Wire::open(&sandbox).await;
    wire.send(1, b"{").await;
    assert_eq!(wire.close_code().await, 4002);
    for (second, code) in [
        (identify(&sandbox), 4005),
        (resume(&sandbox, &json!("x"), 1), 4005),
        (
            json!({"op": 3, "d": {"activities": [], "status": "online"}}),
            4001,
        ),
        (json!({"op": 8, "d": {"guild_id": "1"}}), 4001),
        (json!({"op": 31, "d": {}}), 4001),
    ] {
        let (mut wire, _) = Wire::log_in(&sandbox, 1).await;
        wire.send_json(&second).await;
        assert_eq!(wire.close_code().await, code, "{second}");
    }
    let (mut wire, _) = Wire::log_in(&sandbox, 1).await;
    wire.send_json(&presence).await;
    wire.ask(json!({"op": 1, "d": 12_345}), 11).await;
}

#[tokio::test]
async fn more_than_120_payloads_a_minute_are_too_many() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let (mut wire, _) = Wire::log_in(&sandbox, 1).await;
    for _ in 0..119 {
        wire.ask(json!({"op": 1, "d": null}), 11).await;
    }
    wire.send_json(&json!({"op": 1, "d": null})).await;
    assert_eq!(wire.close_code().await, 4008);
}

#[tokio::test]
async fn two_shards_of_one_key_wait_for_each_other() {
    let sandbox = start(GatewayLimits {
        max_concurrency: 2,
        ..GatewayLimits::DISCORD
    })
    .await;
    let answer = limit(&sandbox).await;
    assert_eq!(
        answer["session_start_limit"],
        json!({
            "total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 2,
        })
    );
    let mut wires = Vec::new();
    for (shard, answer) in [(0, json!("READY")), (1, json!("READY")), (2, json!(9))] {
        let mut wire = Wire::open(&sandbox).await;
        let told = wire
            .ask(login(&sandbox, &json!({"shard": [shard, 3]})), answer)
            .await;
        if shard == 2 {
            assert_eq!(told["d"], false);
        }
        wires.push(wire);
    }
    let left = limit(&sandbox).await["session_start_limit"].clone();
    assert_eq!(left["remaining"], 997, "refused ones count");
    assert!((86_300_000..=86_400_000).contains(&left["reset_after"].as_u64().unwrap()));
    // The connection stays, and may try again.
    wires[2].ask(json!({"op": 1, "d": null}), 11).await;
}

#[tokio::test]
async fn the_day_has_so_many_logins_and_then_the_token_is_reset() {
    let sandbox = start(GatewayLimits {
        session_starts: 2,
        ..GatewayLimits::GENEROUS
    })
    .await;
    let (mut first, _) = Wire::log_in(&sandbox, 1).await;
    let (mut second, ready) = Wire::log_in(&sandbox, 1).await;
    assert_eq!(limit(&sandbox).await["session_start_limit"]["remaining"], 0);
    let mut third = Wire::open(&sandbox).await;
    third.send_json(&identify(&sandbox)).await;
    for wire in [&mut first, &mut second, &mut third] {
        assert_eq!(wire.close_code().await, 4004);
    }
    let mut wire = Wire::open(&sandbox).await;
    wire.send_json(&resume(&sandbox, &ready["d"]["session_id"], 1))
        .await;
    assert_eq!(wire.close_code().await, 4004);
    assert_eq!(send(&sandbox, "GET", "users/@me", None).await.0, 401);
}

#[tokio::test]
async fn a_session_holds_2500_guilds() {
    let mut world = World::empty();
    let owner = world.user_named("owner").unwrap();
    for number in 0..2501 {
        world.add_guild(&format!("Guild {number}"), owner);
    }
    let options = Options {
        world,
        ..Options::default()
    };
    let sandbox = crate::bot::watched(options).await;
    assert_eq!(limit(&sandbox).await["shards"], 3);
    for alone in [json!({}), json!({"shard": [0, 1]})] {
        let mut wire = Wire::open(&sandbox).await;
        wire.send_json(&login(&sandbox, &alone)).await;
        assert_eq!(wire.close_code().await, 4011);
    }
    let mut guilds = 0;
    for shard in 0..3 {
        let mut wire = Wire::open(&sandbox).await;
        let login = login(&sandbox, &json!({"shard": [shard, 3], "intents": 0}));
        let ready = wire.ask(login, "READY").await;
        guilds += ready["d"]["guilds"].as_array().unwrap().len();
    }
    assert_eq!(guilds, 2501);
}

#[tokio::test]
async fn resuming_to_the_letter() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let owner = sandbox.actor("owner").unwrap();
    let messages = 1 | 1 << 9 | 1 << 15;
    let (mut wire, ready) = Wire::log_in(&sandbox, messages).await;
    let id = &ready["d"]["session_id"];
    let guild = wire.until("GUILD_CREATE").await;
    owner.says("general", "one").await.unwrap();
    owner.says("general", "two").await.unwrap();
    let seq = guild["s"].as_u64().unwrap();

    // Both connections are open: the later one takes over, and hears again what comes after its number.
    let mut second = Wire::open(&sandbox).await;
    second.send_json(&resume(&sandbox, id, seq)).await;
    for (name, number) in [("MESSAGE_CREATE", 1), ("MESSAGE_CREATE", 2), ("RESUMED", 3)] {
        let told = second.until(name).await;
        assert_eq!(told["s"], seq + number);
    }
    second.send_json(&resume(&sandbox, id, seq)).await;
    assert_eq!(second.close_code().await, 4005);
}

#[tokio::test]
async fn what_cannot_be_resumed() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let (mut wire, ready) = Wire::log_in(&sandbox, 1).await;
    wire.send(8, &4000_u16.to_be_bytes()).await;
    assert_eq!(wire.close_code().await, 4000);
    let id = &ready["d"]["session_id"];

    let mut wire = Wire::open(&sandbox).await;
    let told = wire.ask(resume(&sandbox, &json!("unknown"), 1), 9).await;
    assert_eq!(told["d"], false);
    // On the same connection one may start anew.
    wire.ask(identify(&sandbox), "READY").await;

    let mut wire = Wire::open(&sandbox).await;
    let mut other = resume(&sandbox, id, 1);
    other["d"]["token"] = json!("nonsense");
    wire.send_json(&other).await;
    assert_eq!(wire.close_code().await, 4004);

    let mut wire = Wire::open(&sandbox).await;
    wire.send_json(&resume(&sandbox, id, 1000)).await;
    assert_eq!(wire.close_code().await, 4007);
    // "Reconnect and start a new session": the old one is gone.
    let mut wire = Wire::open(&sandbox).await;
    let told = wire.ask(resume(&sandbox, id, 1), 9).await;
    assert_eq!(told["d"], false);
}

#[tokio::test]
async fn large_guilds_bring_fewer_members() {
    let mut world = World::empty();
    let owner = world.user_named("owner").unwrap();
    let guild = world.add_guild("Club", owner);
    let role = world.add_role(
        guild,
        "Regular",
        twilight_model::guild::Permissions::empty(),
    );
    world.set_presence(owner, Status::Offline, &[]);
    for number in 0..58 {
        let user = world.add_user(&format!("guest{number}"));
        world.set_presence(user, Status::Offline, &[]);
        let roles = [role];
        world.add_member(guild, user, if number < 3 { &roles } else { &[] });
    }
    let options = Options {
        world,
        ..Options::default()
    };
    let sandbox = crate::bot::watched(options).await;
    for (change, large, members) in [
        (json!({"intents": 1}), true, 1),
        (json!({"intents": MEMBERS}), true, 4),
        (
            json!({"intents": MEMBERS, "large_threshold": 60}),
            false,
            60,
        ),
        (json!({"intents": 1, "large_threshold": 60}), false, 1),
    ] {
        let mut wire = Wire::open(&sandbox).await;
        let guild = wire.ask(login(&sandbox, &change), "GUILD_CREATE").await;
        let guild = &guild["d"];
        assert_eq!(guild["member_count"], 60);
        assert_eq!(guild["large"], large, "{change}");
        assert_eq!(
            guild["members"].as_array().unwrap().len(),
            members,
            "{change}"
        );
    }
}

#[tokio::test]
async fn a_session_waits_five_minutes_for_its_client() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let (mut wire, ready) = Wire::log_in(&sandbox, 1).await;
    wire.send(8, &4000_u16.to_be_bytes()).await;
    assert_eq!(wire.close_code().await, 4000);
    sandbox.clock().advance(Duration::from_secs(6 * 60));
    let mut wire = Wire::open(&sandbox).await;
    let resume = resume(&sandbox, &ready["d"]["session_id"], 1);
    assert_eq!(wire.ask(resume, 9).await["d"], false);
}
