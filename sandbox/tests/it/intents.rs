//! Tests of which events reach a bot: by its intents, and by what it may see.

use sandbox::Options;
use serde_json::json;

use crate::wire::Wire;

/// Every event of Discord's table with the bits of which one is needed, in a guild and outside.
const TABLE: &[(&str, u64, Option<u64>)] = &[
    ("GUILD_UPDATE", 1, None),
    ("GUILD_ROLE_CREATE", 1, None),
    ("GUILD_ROLE_UPDATE", 1, None),
    ("GUILD_ROLE_DELETE", 1, None),
    ("CHANNEL_CREATE", 1, None),
    ("CHANNEL_UPDATE", 1, None),
    ("CHANNEL_DELETE", 1, None),
    ("CHANNEL_PINS_UPDATE", 1, Some(1 << 12)),
    ("THREAD_CREATE", 1, None),
    ("THREAD_UPDATE", 1, None),
    ("THREAD_DELETE", 1, None),
    ("THREAD_LIST_SYNC", 1, None),
    ("THREAD_MEMBER_UPDATE", 1, None),
    ("STAGE_INSTANCE_CREATE", 1, None),
    ("STAGE_INSTANCE_UPDATE", 1, None),
    ("STAGE_INSTANCE_DELETE", 1, None),
    ("VOICE_CHANNEL_STATUS_UPDATE", 1, None),
    ("VOICE_CHANNEL_START_TIME_UPDATE", 1, None),
    ("GUILD_MEMBER_ADD", 1 << 1, None),
    ("GUILD_MEMBER_UPDATE", 1 << 1, None),
    ("GUILD_MEMBER_REMOVE", 1 << 1, None),
    ("THREAD_MEMBERS_UPDATE", 1 << 1, None),
    ("GUILD_AUDIT_LOG_ENTRY_CREATE", 1 << 2, None),
    ("GUILD_BAN_ADD", 1 << 2, None),
    ("GUILD_BAN_REMOVE", 1 << 2, None),
    ("GUILD_EMOJIS_UPDATE", 1 << 3, None),
    ("GUILD_STICKERS_UPDATE", 1 << 3, None),
    ("GUILD_SOUNDBOARD_SOUND_CREATE", 1 << 3, None),
    ("GUILD_SOUNDBOARD_SOUND_UPDATE", 1 << 3, None),
    ("GUILD_SOUNDBOARD_SOUND_DELETE", 1 << 3, None),
    ("GUILD_SOUNDBOARD_SOUNDS_UPDATE", 1 << 3, None),
    ("GUILD_INTEGRATIONS_UPDATE", 1 << 4, None),
    ("INTEGRATION_CREATE", 1 << 4, None),
    ("INTEGRATION_UPDATE", 1 << 4, None),
    ("INTEGRATION_DELETE", 1 << 4, None),
    ("WEBHOOKS_UPDATE", 1 << 5, None),
    ("INVITE_CREATE", 1 << 6, None),
    ("INVITE_DELETE", 1 << 6, None),
    ("VOICE_CHANNEL_EFFECT_SEND", 1 << 7, None),
    ("VOICE_STATE_UPDATE", 1 << 7, None),
    ("PRESENCE_UPDATE", 1 << 8, None),
    ("MESSAGE_CREATE", 1 << 9, Some(1 << 12)),
    ("MESSAGE_UPDATE", 1 << 9, Some(1 << 12)),
    ("MESSAGE_DELETE", 1 << 9, Some(1 << 12)),
    ("MESSAGE_DELETE_BULK", 1 << 9, None),
    ("MESSAGE_REACTION_ADD", 1 << 10, Some(1 << 13)),
    ("MESSAGE_REACTION_REMOVE", 1 << 10, Some(1 << 13)),
    ("MESSAGE_REACTION_REMOVE_ALL", 1 << 10, Some(1 << 13)),
    ("MESSAGE_REACTION_REMOVE_EMOJI", 1 << 10, Some(1 << 13)),
    ("TYPING_START", 1 << 11, Some(1 << 14)),
    ("GUILD_SCHEDULED_EVENT_CREATE", 1 << 16, None),
    ("GUILD_SCHEDULED_EVENT_UPDATE", 1 << 16, None),
    ("GUILD_SCHEDULED_EVENT_DELETE", 1 << 16, None),
    ("GUILD_SCHEDULED_EVENT_USER_ADD", 1 << 16, None),
    ("GUILD_SCHEDULED_EVENT_USER_REMOVE", 1 << 16, None),
    ("AUTO_MODERATION_RULE_CREATE", 1 << 20, None),
    ("AUTO_MODERATION_RULE_UPDATE", 1 << 20, None),
    ("AUTO_MODERATION_RULE_DELETE", 1 << 20, None),
    ("AUTO_MODERATION_ACTION_EXECUTION", 1 << 21, None),
    ("MESSAGE_POLL_VOTE_ADD", 1 << 24, Some(1 << 25)),
    ("MESSAGE_POLL_VOTE_REMOVE", 1 << 24, Some(1 << 25)),
];

/// Events that need no intent.
const ALWAYS: &[&str] = &[
    "INTERACTION_CREATE",
    "VOICE_SERVER_UPDATE",
    "APPLICATION_COMMAND_PERMISSIONS_UPDATE",
    "USER_UPDATE",
    "ENTITLEMENT_CREATE",
    "SUBSCRIPTION_CREATE",
];

/// Bits that Discord knows.
const BITS: &[u64] = &[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 21, 24, 25,
];

#[tokio::test]
async fn every_event_of_discords_table_needs_its_intent() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let guild = sandbox.guild_id();
    // The bot may do everything, so that its intents alone decide.
    sandbox.change_world(|world| {
        let owner = twilight_model::guild::Permissions::ADMINISTRATOR;
        let role = world.add_role(guild, "Admin", owner);
        let bot = world.user_named("Cogwright").unwrap();
        world.add_member(guild, bot, &[role]);
    });
    let mut wires = Vec::new();
    for bit in BITS {
        let (mut wire, _) = Wire::log_in(&sandbox, 1 << bit).await;
        wire.so_far().await;
        wires.push((bit, wire));
    }
    let data = json!({"user": {"id": "1"}, "author": {"id": "1"}});
    for (name, _, direct) in TABLE {
        sandbox.dispatch(name, Some(guild), data.clone());
        if direct.is_some() {
            sandbox.dispatch(name, None, data.clone());
        }
    }
    for name in ALWAYS {
        sandbox.dispatch(name, None, data.clone());
    }
    for (bit, wire) in &mut wires {
        let mut expected = Vec::new();
        for (name, in_guild, direct) in TABLE {
            expected.extend((*in_guild == 1 << **bit).then_some(*name));
            expected.extend((*direct == Some(1 << **bit)).then_some(*name));
        }
        expected.extend(ALWAYS);
        assert_eq!(wire.names_so_far().await, expected, "1 << {bit}");
    }
}

#[tokio::test]
async fn some_events_need_permissions_too() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let guild = sandbox.guild_id();
    let bits = 1 << 2 | 1 << 6 | 1 << 20 | 1 << 21;
    let (mut wire, _) = Wire::log_in(&sandbox, bits).await;
    wire.so_far().await;
    let send_all = || {
        for name in [
            "GUILD_AUDIT_LOG_ENTRY_CREATE",
            "GUILD_BAN_ADD",
            "AUTO_MODERATION_RULE_CREATE",
            "AUTO_MODERATION_ACTION_EXECUTION",
            "INVITE_CREATE",
        ] {
            sandbox.dispatch(name, Some(guild), json!({}));
        }
    };
    // By default, the bot may ban and see the guild's log, but not manage the guild.
    send_all();
    let seen = ["GUILD_AUDIT_LOG_ENTRY_CREATE", "GUILD_BAN_ADD"];
    assert_eq!(wire.names_so_far().await, seen);
    sandbox.change_world(|world| {
        use twilight_model::guild::Permissions;
        let may =
            Permissions::MANAGE_GUILD | Permissions::VIEW_AUDIT_LOG | Permissions::MANAGE_CHANNELS;
        world.set_role_permissions(guild, guild, may | Permissions::VIEW_CHANNEL);
    });
    send_all();
    assert_eq!(wire.names_so_far().await.len(), 5);
}

#[tokio::test]
async fn content_is_hidden_without_its_intent() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let (mut blind, _) = Wire::log_in(&sandbox, 1 | 1 << 9 | 1 << 12).await;
    let (mut seeing, _) = Wire::log_in(&sandbox, 1 | 1 << 9 | 1 << 12 | 1 << 15).await;
    blind.so_far().await;
    seeing.so_far().await;
    let member = sandbox.actor("member").unwrap();
    let secret = member.says("general", "secret").await.unwrap();
    member.replies(&secret, "@Cogwright, look").await.unwrap();
    member.says("dm", "between us").await.unwrap();
    let contents = |events: Vec<serde_json::Value>| -> Vec<String> {
        let content =
            |event: &serde_json::Value| event["d"]["content"].as_str().unwrap().to_owned();
        events.iter().map(content).collect()
    };
    let application = sandbox.application_id();
    let mention = format!("<@{application}>, look");
    assert_eq!(contents(blind.so_far().await), ["", &mention, "between us"]);
    assert_eq!(
        contents(seeing.so_far().await),
        ["secret", &mention, "between us"]
    );
}

#[tokio::test]
async fn a_hidden_channel_is_silent() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let (mut wire, _) = Wire::log_in(&sandbox, 1 | 1 << 9 | 1 << 11).await;
    wire.so_far().await;
    let moderator = sandbox.actor("mod").unwrap();
    moderator.types("staff").await.unwrap();
    moderator
        .says("staff", "behind closed doors")
        .await
        .unwrap();
    assert!(wire.names_so_far().await.is_empty());
}
