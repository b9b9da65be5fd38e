//! Tests of presences: who is online, and with what.

use sandbox::{Options, Sandbox, World};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use twilight_model::gateway::presence::{ActivityType, MinimalActivity, Status};

use crate::wire::{Wire, identify};

/// GUILDS, GUILD_MEMBERS and GUILD_PRESENCES.
const ALL: u64 = 1 | 1 << 1 | 1 << 8;

fn playing(name: &str) -> MinimalActivity {
    MinimalActivity {
        kind: ActivityType::Playing,
        name: name.to_owned(),
        url: None,
    }
}

/// Status by user id, as a list of presences tells them.
fn statuses(presences: &Value) -> Vec<(u64, String)> {
    let status = |presence: &Value| {
        let id = presence["user"]["id"].as_str().unwrap().parse().unwrap();
        (id, presence["status"].as_str().unwrap().to_owned())
    };
    presences.as_array().unwrap().iter().map(status).collect()
}

#[tokio::test]
async fn users_come_and_go() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let (mut wire, _) = Wire::log_in(&sandbox, ALL).await;
    let (mut blind, _) = Wire::log_in(&sandbox, 1).await;
    let guild = wire.until("GUILD_CREATE").await;
    assert_eq!(statuses(&guild["d"]["presences"]).len(), 4);
    let guild = blind.until("GUILD_CREATE").await;
    assert_eq!(guild["d"]["presences"], json!([]));

    let member = sandbox.actor("member").unwrap();
    member
        .sets_presence(Status::DoNotDisturb, &[playing("Chess")])
        .await;
    let told = &wire.until("PRESENCE_UPDATE").await["d"];
    assert_eq!(told["user"], json!({"id": member.id().to_string()}));
    assert_eq!(told["guild_id"], sandbox.guild_id().to_string());
    assert_eq!(told["client_status"], json!({"desktop": "dnd"}));
    assert_eq!(told["activities"][0]["name"], "Chess");
    assert_eq!(told["activities"][0]["type"], 0);
    assert!(told["activities"][0]["created_at"].is_u64());

    member.sets_presence(Status::DoNotDisturb, &[]).await;
    member.sets_presence(Status::DoNotDisturb, &[]).await;
    member
        .sets_presence(Status::Invisible, &[playing("hide and seek")])
        .await;
    let told = wire.so_far().await;
    assert_eq!(told.len(), 2, "what stays the same is not told");
    assert_eq!(told[1]["d"]["status"], "offline");
    assert_eq!(told[1]["d"]["activities"], json!([]));
    assert_eq!(told[1]["d"]["client_status"], json!({}));
    assert!(blind.names_so_far().await.is_empty());
}

#[tokio::test]
async fn presences_come_with_members_that_are_asked_for() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let member = sandbox.actor("member").unwrap();
    member.sets_presence(Status::Idle, &[]).await;
    let (mut wire, _) = Wire::log_in(&sandbox, ALL).await;
    let ask = json!({"op": 8, "d": {
        "guild_id": sandbox.guild_id().to_string(), "user_ids": [member.id().to_string()], "presences": true,
    }});
    let chunk = wire.ask(ask, "GUILD_MEMBERS_CHUNK").await;
    assert_eq!(
        statuses(&chunk["d"]["presences"]),
        [(member.id(), "idle".to_owned())]
    );
}

#[tokio::test]
async fn a_large_guild_brings_those_who_are_online() {
    let mut world = World::empty();
    let owner = world.user_named("owner").unwrap();
    let guild = world.add_guild("Club", owner);
    let mut guests = Vec::new();
    for number in 0..60 {
        let guest = world.add_user(&format!("guest{number}"));
        world.add_member(guild, guest, &[]);
        world.set_presence(guest, Status::Offline, &[]);
        guests.push(guest);
    }
    world.set_presence(guests[7], Status::Idle, &[]);
    let options = Options {
        world,
        ..Options::default()
    };
    let sandbox = crate::bot::watched(options).await;
    let (mut wire, _) = Wire::log_in(&sandbox, ALL).await;
    let guild = wire.until("GUILD_CREATE").await;
    let mut present: Vec<_> = statuses(&guild["d"]["presences"]);
    present.sort_unstable();
    let mut expected = [
        (sandbox.application_id(), "online".to_owned()),
        (owner, "online".to_owned()),
        (guests[7], "idle".to_owned()),
    ];
    expected.sort_unstable();
    assert_eq!(present, expected);
    assert_eq!(guild["d"]["members"].as_array().unwrap().len(), 3);
    let mut login = identify(&sandbox);
    login["d"]["intents"] = json!(ALL);
    login["d"]["large_threshold"] = json!(250);
    let mut wire = Wire::open(&sandbox).await;
    let guild = wire.ask(login, "GUILD_CREATE").await;
    assert_eq!(
        statuses(&guild["d"]["presences"]).len(),
        62,
        "offline ones, too"
    );
}

#[tokio::test]
async fn the_bot_has_a_presence_of_its_own() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let bot = sandbox.application_id();
    let seen = |sandbox: &Sandbox| sandbox.presence_of(bot);
    assert_eq!(seen(&sandbox)["status"], "offline");
    let mut login = identify(&sandbox);
    // As discord.py has it.
    login["d"]["presence"] =
        json!({"status": null, "game": {"name": "Go", "type": 0}, "since": 0, "afk": false});
    let mut wire = Wire::open(&sandbox).await;
    wire.ask(login, "READY").await;
    assert_eq!(seen(&sandbox)["status"], "online");
    assert_eq!(seen(&sandbox)["activities"][0]["name"], "Go");
    wire.send_json(&json!({"op": 3, "d": {"since": 91_879_201.5, "status": "idle", "afk": false, "activities": [
        {"name": "x", "type": 4, "state": "thinking", "details": "not for bots"},
    ]}}))
    .await;
    assert!(
        wire.names_so_far()
            .await
            .iter()
            .all(|name| name != "PRESENCE_UPDATE")
    );
    assert_eq!(seen(&sandbox)["client_status"], json!({"web": "idle"}));
    let activity = &seen(&sandbox)["activities"][0];
    assert_eq!(activity["state"], "thinking");
    assert!(activity.get("details").is_none());
    for wrong in [
        json!({"since": null, "status": "busy", "activities": []}),
        json!({"since": null, "status": "online", "activities": [{"name": "x"}]}),
        json!({"since": "now", "status": "online", "activities": []}),
    ] {
        let (mut wire, _) = Wire::log_in(&sandbox, 1).await;
        wire.send_json(&json!({"op": 3, "d": wrong})).await;
        assert_eq!(wire.close_code().await, 4001, "{wrong}");
    }
    sandbox.invalidate_sessions();
    wire.until(9).await;
    wire.send(8, &1000_u16.to_be_bytes()).await;
    assert_eq!(wire.close_code().await, 1000);
    assert_eq!(wire.stream.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(seen(&sandbox)["status"], "offline");
}

#[tokio::test]
async fn the_older_game_of_op_3_is_an_activity() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let (mut wire, _) = Wire::log_in(&sandbox, 1).await;
    let game = json!({"name": "chess", "state": null, "type": 0});
    for (given, shown) in [(game, json!(["chess"])), (json!(null), json!([]))] {
        let op3 =
            json!({"op": 3, "d": {"since": null, "afk": false, "status": "idle", "game": given}});
        wire.send_json(&op3).await;
        wire.so_far().await;
        let presence = sandbox.presence().unwrap();
        let names = presence["activities"].as_array().unwrap().iter();
        let names: Value = names.map(|one| one["name"].clone()).collect();
        assert_eq!((&names, &presence["status"]), (&shown, &json!("idle")));
    }
    for wrong in [json!("chess"), json!([]), json!({"type": 0})] {
        let (mut wire, _) = Wire::log_in(&sandbox, 1).await;
        let op3 = json!({"op": 3, "d": {"since": null, "status": "idle", "game": wrong}});
        wire.send_json(&op3).await;
        assert_eq!(wire.close_code().await, 4001, "{wrong}");
    }
}
