//! Tests that one odd part of what Discord says of a server costs that part, and not the server.

use serde_json::{Value, json};
use twilight_model::{guild::Permissions, id::Id};

use super::{guarded, rights::whole_guild};
use crate::{
    access,
    observe::page,
    support::{Fixture, PATIENCE},
};

/// A bot in a second server with the channel `docks`, which `member` owns.
async fn in_harbour() -> (Fixture, u64, u64) {
    let library = access::library();
    let bot = Fixture::configured(&["access"], "metrics.listen = \"127.0.0.1:0\"").await;
    bot.drop_in(&library, "guarded");
    bot.until_generation("guarded", 1).await;
    let mut ids = (0, 0);
    let bot = bot
        .restart_after(async |stopped| {
            ids = stopped.sandbox.change_world(|world| {
                let member = world.user_named("member").unwrap();
                let guild = world.add_guild("Harbour", member);
                world.add_role(guild, "Captain", Permissions::empty());
                (guild, world.add_channel(guild, "docks"))
            });
        })
        .await;
    bot.until_generation("guarded", 1).await;
    // Behind what the session tells of the server.
    let member = bot.member();
    let said = member.says("docks", "!open").await.unwrap();
    member.expects_reply_to(&said).await.unwrap();
    (bot, ids.0, ids.1)
}

/// The server was forgotten with each of these, and its owner refused what is the owner's.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_one_odd_part_stays_whole_and_its_owner_its_owner() {
    let (bot, guild, docks) = in_harbour().await;
    let (member, id) = (bot.member(), Id::new(guild));
    let whole = whole_guild(&bot, guild);
    let cache = &bot.bot.services().cache;
    let known = || {
        let channels = cache.channels(id).map(|all| all.len());
        (channels.unwrap(), cache.roles(id).unwrap().len())
    };
    // The world is told by the gateway, in its own time.
    let told = async {
        while !cache.channels(id).is_ok_and(|all| !all.is_empty()) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
    let (channels, roles) = known();
    let thread = json!({"id": "70", "type": 11, "guild_id": guild.to_string(), "parent_id": docks.to_string(), "name": "t",
        "member_count": 300, "message_count": 70_000, "total_message_sent": -1, "thread_metadata": {"archived": false}});
    let forum = json!({"id": "71", "type": 15, "guild_id": guild.to_string(), "name": "f", "permission_overwrites": [],
        "available_tags": [{"id": "1", "name": "t", "moderated": false, "emoji_id": "0", "emoji_name": null}]});
    let of_tomorrow = json!({"id": "72", "type": 300, "guild_id": guild.to_string(), "name": "c", "permission_overwrites": []});
    let someone = json!({"user": {"id": "73", "username": "s", "avatar": "v2_a_new_kind_of_hash"}, "roles": [], "avatar": {"v": 3}});
    let role = json!({"id": "74", "name": "r", "permissions": "0", "icon": {"hash": "v2"}, "position": "low"});
    // Each with what else is known then: channels, threads among them, and roles.
    for (list, item, more) in [
        ("emojis", json!({"id": "1", "name": null}), (0, 0)),
        ("threads", thread, (1, 0)),
        (
            "stage_instances",
            json!({"id": "2", "guild_id": guild.to_string(), "privacy_level": 77}),
            (0, 0),
        ),
        (
            "presences",
            json!({"user": {"id": "73"}, "status": "unknown", "activities": [{"type": 300}]}),
            (0, 0),
        ),
        ("members", someone, (0, 0)),
        ("channels", forum, (1, 0)),
        ("channels", of_tomorrow, (1, 0)),
        ("roles", role, (0, 1)),
        ("stickers", json!({"id": "3", "format_type": 300}), (0, 0)),
        (
            "voice_states",
            json!({"user_id": "73", "channel_id": {}}),
            (0, 0),
        ),
        // Of which nothing can be made at all.
        ("channels", json!([]), (0, 0)),
        ("threads", json!("odd"), (0, 0)),
        ("members", json!(5), (0, 0)),
        ("emojis", json!(null), (0, 0)),
    ] {
        let mut data = whole.clone();
        match data[list].as_array_mut() {
            Some(items) => items.push(item.clone()),
            None => data[list] = json!([item]),
        }
        bot.sandbox.raw_event("GUILD_CREATE", data);
        let said = member.says("docks", "!crown").await.unwrap();
        let answer = member.expects_reply_to(&said).await.unwrap().text();
        assert_eq!(answer, "crowned", "{list}: {item}");
        assert_eq!(
            known(),
            (channels + more.0, roles + more.1),
            "{list}: {item}"
        );
    }
    let ready = tokio::time::timeout(PATIENCE, async {
        let address = bot.bot.metrics_address().unwrap();
        while !page(address, "/readyz", "*/*").await.0.contains("200") {
            tokio::task::yield_now().await;
        }
    });
    ready.await.unwrap();
    bot.close().await;
}

/// The same of the lists that come by events of their own, and of what comes one by one.
#[tokio::test(flavor = "multi_thread")]
async fn one_odd_item_of_a_chunk_or_an_event_costs_itself_alone() {
    let (bot, role) = guarded().await;
    let (guild, id) = (bot.sandbox.guild_id(), Id::new(bot.sandbox.guild_id()));
    let of = |user: Value, roles: Value| json!({"user": user, "roles": roles, "avatar": {"v": 3}, "joined_at": 5, "flags": "many"});
    let plain = |id: &str| json!({"id": id, "username": "p", "discriminator": "0"});
    let roles = json!([role.to_string()]);
    let chunk = json!({"guild_id": guild.to_string(), "chunk_index": 0, "chunk_count": 1, "members": [
        of(json!({"id": "80", "username": 5, "avatar": "v2_0123"}), roles.clone()), 5, {}, of(plain("odd"), roles.clone()),
        of(plain("81"), roles.clone()), of(plain("82"), json!([{}])),
    ]});
    bot.sandbox.raw_event("GUILD_MEMBERS_CHUNK", chunk);
    for (event, data) in [
        (
            "CHANNEL_CREATE",
            json!({"id": "90", "type": 300, "guild_id": guild.to_string(), "name": "c", "icon_emoji": [],
            "permission_overwrites": [], "available_tags": "none"}),
        ),
        (
            "GUILD_ROLE_CREATE",
            json!({"guild_id": guild.to_string(), "role": {"id": "91", "name": "r", "permissions": "0",
            "icon": {"hash": "v2"}, "tags": 5, "color": "red"}}),
        ),
        (
            "GUILD_MEMBER_ADD",
            json!({"guild_id": guild.to_string(), "roles": roles, "user": {"id": "92", "username": "n",
            "avatar": "v2_0123", "discriminator": 0}, "avatar": [], "joined_at": null}),
        ),
        (
            "THREAD_LIST_SYNC",
            json!({"guild_id": guild.to_string(), "channel_ids": [], "members": [5], "threads": [
            {"id": "93", "type": 11, "guild_id": guild.to_string(), "parent_id": bot.sandbox.channel_id("general").unwrap().to_string(),
                "name": "t", "member_count": 300}, "odd"]}),
        ),
    ] {
        bot.sandbox.raw_event(event, data);
    }
    // Answered behind them.
    assert_eq!(bot.ask(&bot.member(), "!open").await.text(), "opened");
    let cache = &bot.bot.services().cache;
    for member in [80, 81, 92] {
        let permissions = cache.permissions(id, Id::new(member), None);
        let permissions = permissions.unwrap_or_else(|why| panic!("{member}: {why:?}"));
        assert!(permissions.contains(Permissions::BAN_MEMBERS), "{member}");
    }
    // Of whom the roles can't be read, nothing is known.
    assert!(cache.permissions(id, Id::new(82), None).is_err());
    assert!(cache.channel(Id::new(90)).is_ok() && cache.channel(Id::new(93)).is_ok());
    assert!(cache.role(id, Id::new(91)).is_ok());
    bot.close().await;
}
