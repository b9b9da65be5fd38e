//! Rights that an event takes away which is odd in another place, and those of which nothing can be read any more.

use sandbox::{Actor, Way};
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{EVERYONE, guarded};
use crate::support::Fixture;

/// A command by somebody of whose membership the message says nothing: what was told before counts. `said` is a message of theirs.
async fn repeats(bot: &Fixture, who: &Actor, said: &sandbox::MessageView, text: &str) -> String {
    let author = json!({"id": who.id().to_string(), "username": who.name(), "discriminator": "0"});
    let message = json!({
        "id": said.id.to_string(), "channel_id": said.channel_id.to_string(), "guild_id": bot.sandbox.guild_id().to_string(),
        "author": author, "content": text, "mentions": [],
    });
    bot.sandbox.raw_event("MESSAGE_CREATE", message);
    who.expects_reply_to(said).await.unwrap().text()
}

/// What Discord has told last of the server.
pub fn whole_guild(bot: &Fixture, guild: u64) -> Value {
    let is_it = |it: &&sandbox::Crossing| {
        it.way == Way::GatewayOut
            && it.what == "GUILD_CREATE"
            && it.body["id"].as_str() == Some(&*guild.to_string())
    };
    let traffic = bot.sandbox.traffic();
    traffic.iter().rev().find(is_it).unwrap().body.clone()
}

/// The role that may ban, with these rights and an icon of a format that nobody knows.
fn role_of_tomorrow(role: u64, may: Permissions) -> Value {
    json!({"id": role.to_string(), "name": "Guard", "permissions": may.bits().to_string(), "position": 1, "color": 0, "hoist": false,
        "managed": false, "mentionable": false, "icon": {"hash": "v2_0123", "kind": 300}, "unicode_emoji": 5, "flags": "many",
        "tags": [], "colors": null})
}

/// A role lost MANAGE_MESSAGES in an update that also had an icon in a new format: the update was dropped, and the old right went on
/// letting the member through. The same by updates of members and a later GUILD_CREATE.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_taken_away_is_gone_however_odd_the_rest_of_the_event_is() {
    let (bot, role) = guarded().await;
    let (guild, guard) = (bot.sandbox.guild_id(), bot.sandbox.actor("guard").unwrap());
    let owner = bot.owner();
    // Behind what the session tells of the server.
    assert_eq!(bot.ask(&guard, "!ban").await.text(), "banned");
    let whole = whole_guild(&bot, guild);
    let of_role = |may| json!({"guild_id": guild.to_string(), "role": role_of_tomorrow(role, may)});
    let told_again = |may| {
        let mut data = whole.clone();
        let roles = data["roles"].as_array_mut().unwrap();
        for it in roles {
            if it["id"].as_str() == Some(&*role.to_string()) {
                *it = role_of_tomorrow(role, may);
            }
        }
        data
    };
    let of_member = |roles: &[u64]| {
        let roles: Vec<String> = roles.iter().map(u64::to_string).collect();
        json!({"guild_id": guild.to_string(), "roles": roles, "avatar": {"hash": "v3"}, "flags": "many", "joined_at": 5,
            "user": {"id": guard.id().to_string(), "username": 7, "avatar": "v2_a_new_kind_of_hash", "clan": []}})
    };
    let (none, ban) = (Permissions::empty(), Permissions::BAN_MEMBERS);
    for (event, less, again) in [
        ("GUILD_ROLE_UPDATE", of_role(none), of_role(ban)),
        ("GUILD_MEMBER_UPDATE", of_member(&[]), of_member(&[role])),
        ("GUILD_CREATE", told_again(none), told_again(ban)),
    ] {
        for (data, may) in [(&again, true), (&less, false), (&again, true)] {
            // One each time: what comes twice under one id is served once.
            let said = guard.says("general", "hm").await.unwrap();
            // Should Discord be asked of the member, it says the same.
            match may || event != "GUILD_MEMBER_UPDATE" {
                true => owner.gives_role("general", "guard", "Guard").await,
                false => owner.takes_role("general", "guard", "Guard").await,
            }
            .unwrap();
            bot.sandbox.raw_event(event, data);
            let answer = repeats(&bot, &guard, &said, "!ban").await;
            let expect = if may { "banned" } else { "Ban Members" };
            assert!(answer.contains(expect), "{event}: {answer}");
        }
    }
    bot.close().await;
}

/// Where the right itself can't be read, what was known before says nothing any more: Discord is asked, and its answer counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_cannot_be_read_any_more_is_asked_for_and_never_taken_from_before() {
    let (bot, role) = guarded().await;
    let (guild, guard) = (bot.sandbox.guild_id(), bot.sandbox.actor("guard").unwrap());
    assert_eq!(
        bot.ask(&guard, "!ban").await.text(),
        "banned",
        "before all of it"
    );
    // It is taken away without a word, and what is told after that can't be read.
    bot.sandbox.change_world(|world| {
        world.set_role_permissions(guild, guild, EVERYONE);
        world.set_role_permissions(guild, role, Permissions::empty());
    });
    let mut odd = role_of_tomorrow(role, Permissions::empty());
    odd["permissions"] = json!({"bits": []});
    let whole_list = json!({"id": guild.to_string(), "roles": {"kind": 300}, "owner_id": bot.sandbox.owner_id().to_string()});
    for (event, data) in [
        (
            "GUILD_ROLE_UPDATE",
            json!({"guild_id": guild.to_string(), "role": odd}),
        ),
        ("GUILD_UPDATE", whole_list.clone()),
        ("GUILD_CREATE", whole_list),
    ] {
        bot.sandbox.raw_event(event, data);
        let answer = bot.ask(&guard, "!ban").await.text();
        assert!(answer.contains("Ban Members"), "{event}: {answer}");
    }
    bot.close().await;
}
