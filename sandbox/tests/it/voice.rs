//! Voice channels without voices: who comes, goes, and is moved.

use sandbox::{Options, Sandbox, World};
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use crate::{bot::send, wire::Wire};

/// GUILDS and GUILD_VOICE_STATES.
const VOICE: u64 = 1 | 1 << 7;

/// The default world with the voice channels `lounge`, `booth` (for one) and `vault` (the bot cannot see it).
async fn start() -> crate::bot::Watched {
    let mut world = World::sandbox();
    let guild = world.guild_named("Sandbox").unwrap();
    world.add_voice_channel(guild, "lounge");
    world.add_voice_channel(guild, "booth");
    let vault = world.add_voice_channel(guild, "vault");
    let bot = world.user_named("Cogwright").unwrap();
    world.deny(vault, bot, Permissions::VIEW_CHANNEL);
    let options = Options {
        world,
        ..Options::default()
    };
    crate::bot::watched(options).await
}

fn op4(sandbox: &Sandbox, channel: Value) -> Value {
    json!({"op": 4, "d": {
        "guild_id": sandbox.guild_id().to_string(), "channel_id": channel, "self_mute": false, "self_deaf": true,
    }})
}

fn id(sandbox: &Sandbox, channel: &str) -> Value {
    json!(sandbox.channel_id(channel).unwrap().to_string())
}

#[tokio::test]
async fn users_join_move_and_leave() {
    let sandbox = start().await;
    let member = sandbox.actor("member").unwrap();
    let (mut wire, _) = Wire::log_in(&sandbox, VOICE).await;
    wire.so_far().await;

    member.joins_voice("lounge").await.unwrap();
    let state = &wire.until("VOICE_STATE_UPDATE").await["d"];
    assert_eq!(state["channel_id"], id(&sandbox, "lounge"));
    assert_eq!(state["user_id"], member.id().to_string());
    assert_eq!(state["member"]["user"]["username"], "member");
    assert_eq!(
        (&state["mute"], &state["suppress"]),
        (&json!(false), &json!(false))
    );
    let session = state["session_id"].clone();
    let started = &wire.until("VOICE_CHANNEL_START_TIME_UPDATE").await["d"];
    assert!(started["voice_start_time"].is_u64());

    member.mutes().await.unwrap();
    let state = &wire.until("VOICE_STATE_UPDATE").await["d"];
    assert_eq!(
        (&state["self_mute"], &state["self_deaf"]),
        (&json!(true), &json!(false))
    );

    member.joins_voice("booth").await.unwrap();
    let state = &wire.until("VOICE_STATE_UPDATE").await["d"];
    assert_eq!(
        (&state["channel_id"], &state["session_id"]),
        (&id(&sandbox, "booth"), &session)
    );

    // Where the bot cannot see, the member is gone.
    member.joins_voice("vault").await.unwrap();
    let state = &wire.until("VOICE_STATE_UPDATE").await["d"];
    assert_eq!(state["channel_id"], Value::Null);
    wire.so_far().await;
    member.leaves_voice().await.unwrap();
    assert!(wire.names_so_far().await.is_empty());
    assert!(member.leaves_voice().await.is_err());
    assert!(member.joins_voice("general").await.is_err());
}

#[tokio::test]
async fn guilds_arrive_with_their_voice_states() {
    let sandbox = start().await;
    for (name, channel) in [("member", "lounge"), ("mod", "vault")] {
        sandbox
            .actor(name)
            .unwrap()
            .joins_voice(channel)
            .await
            .unwrap();
    }
    let (mut wire, _) = Wire::log_in(&sandbox, VOICE).await;
    let guild = &wire.until("GUILD_CREATE").await["d"];
    let member = sandbox.user_id("member").unwrap().to_string();
    let states = guild["voice_states"].as_array().unwrap();
    assert_eq!(states.len(), 1);
    assert_eq!(states[0]["user_id"], member);
    assert!(states[0].get("guild_id").is_none());
    let members = guild["members"].as_array().unwrap();
    let ids: Vec<_> = members
        .iter()
        .map(|member| member["user"]["id"].clone())
        .collect();
    let bot = sandbox.application_id().to_string();
    assert_eq!(ids.len(), 2, "the bot and who is in voice");
    assert!(ids.contains(&json!(member)) && ids.contains(&json!(bot)));
}

#[tokio::test]
async fn the_bot_connects_to_where_nobody_answers() {
    let sandbox = start().await;
    let (mut wire, ready) = Wire::log_in(&sandbox, VOICE).await;
    wire.so_far().await;
    let lounge = id(&sandbox, "lounge");
    wire.send_json(&op4(&sandbox, lounge.clone())).await;
    let state = wire.until("VOICE_STATE_UPDATE").await;
    assert_eq!(state["d"]["channel_id"], lounge);
    assert_eq!(state["d"]["session_id"], ready["d"]["session_id"]);
    assert_eq!(state["d"]["self_deaf"], true);
    let server = &wire.until("VOICE_SERVER_UPDATE").await["d"];
    assert_eq!(server["guild_id"], sandbox.guild_id().to_string());
    assert_eq!(server["endpoint"], "127.0.0.1:9");
    assert!(server["token"].is_string());

    let ask = json!({"op": 43, "d": {
        "guild_id": sandbox.guild_id().to_string(), "fields": ["status", "voice_start_time"],
    }});
    let told = &wire.ask(ask, "CHANNEL_INFO").await["d"];
    assert_eq!(told["channels"].as_array().unwrap().len(), 1);
    assert_eq!(told["channels"][0]["id"], lounge);
    assert!(told["channels"][0]["voice_start_time"].is_u64());

    wire.send_json(&op4(&sandbox, Value::Null)).await;
    let state = wire.until("VOICE_STATE_UPDATE").await;
    assert_eq!(state["d"]["channel_id"], Value::Null);
    wire.so_far().await;
    // Neither a text channel nor a hidden one.
    wire.send_json(&op4(&sandbox, id(&sandbox, "general")))
        .await;
    wire.send_json(&op4(&sandbox, id(&sandbox, "vault"))).await;
    assert!(wire.names_so_far().await.is_empty());
    wire.send_json(&json!({"op": 4, "d": {"channel_id": null}}))
        .await;
    assert_eq!(wire.close_code().await, 4001);
}

#[tokio::test]
async fn moderators_move_mute_and_disconnect() {
    let sandbox = start().await;
    let guild = sandbox.guild_id();
    let member = sandbox.actor("member").unwrap();
    let path = format!("guilds/{guild}/members/{}", member.id());
    let to_booth = json!({"channel_id": id(&sandbox, "booth")});
    let (mut wire, _) = Wire::log_in(&sandbox, VOICE).await;
    wire.so_far().await;
    assert_eq!(send(&sandbox, "PATCH", &path, Some(&to_booth)).await.0, 403);
    sandbox.change_world(|world| {
        let may = Permissions::VIEW_CHANNEL
            | Permissions::CONNECT
            | Permissions::MOVE_MEMBERS
            | Permissions::MUTE_MEMBERS
            | Permissions::DEAFEN_MEMBERS;
        world.set_role_permissions(guild, guild, may);
    });
    let (status, error) = send(&sandbox, "PATCH", &path, Some(&to_booth)).await;
    assert_eq!((status, &error["code"]), (400, &json!(40032)));
    let (status, error) = send(&sandbox, "PATCH", &path, Some(&json!({"mute": true}))).await;
    assert_eq!((status, &error["code"]), (400, &json!(40032)));

    member.joins_voice("lounge").await.unwrap();
    wire.so_far().await;
    let (status, _) = send(&sandbox, "PATCH", &path, Some(&to_booth)).await;
    assert_eq!(status, 200);
    let state = &wire.until("VOICE_STATE_UPDATE").await["d"];
    assert_eq!(state["channel_id"], id(&sandbox, "booth"));
    let (status, answer) = send(&sandbox, "PATCH", &path, Some(&json!({"mute": true}))).await;
    assert_eq!((status, &answer["mute"]), (200, &json!(true)));
    let state = &wire.until("VOICE_STATE_UPDATE").await["d"];
    assert_eq!(
        (&state["mute"], &state["deaf"]),
        (&json!(true), &json!(false))
    );

    let states = format!("guilds/{guild}/voice-states/{}", member.id());
    let (status, answer) = send(&sandbox, "GET", &states, None).await;
    assert_eq!(
        (status, &answer["channel_id"]),
        (200, &id(&sandbox, "booth"))
    );
    let (status, _) = send(&sandbox, "PATCH", &path, Some(&json!({"channel_id": null}))).await;
    assert_eq!(status, 200);
    let state = &wire.until("VOICE_STATE_UPDATE").await["d"];
    assert_eq!(state["channel_id"], Value::Null);
    let (status, error) = send(&sandbox, "GET", &states, None).await;
    assert_eq!((status, &error["code"]), (404, &json!(10065)));
}

#[tokio::test]
async fn who_leaves_the_guild_leaves_voice() {
    let sandbox = start().await;
    let member = sandbox.actor("member").unwrap();
    member.joins_voice("lounge").await.unwrap();
    let (mut wire, _) = Wire::log_in(&sandbox, VOICE).await;
    wire.so_far().await;
    member.leaves("Sandbox").await.unwrap();
    let state = &wire.until("VOICE_STATE_UPDATE").await["d"];
    assert_eq!(state["channel_id"], Value::Null);
}
