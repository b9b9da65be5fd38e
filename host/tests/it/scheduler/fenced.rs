//! Who may plan what, and for where: other servers' schedules, other channels, hooks and the log, and mentions.

use std::{path::PathBuf, sync::OnceLock};

use sandbox::Way;
use serde_json::{Value, json};

use super::{bot, has, typed, until};
use crate::{fixtures, support::Fixture};

const LISTENER: &str = r#"//! Tells of schedules' events.
use plugin_api::{Hook, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Due { id: u64, guild_id: Id<marker::GuildMarker>, name: String, content: String, due_ms: u64 }
impl Hook for Due { const EVENT: &'static str = "scheduler.due"; }

export_plugin!(|| Plugin::new().on_hook("tell", tell));

async fn tell(ctx: HookContext<Due>) -> Result {
    let Due { id, guild_id, name, content, due_ms } = ctx.payload();
    let channel: Id<marker::ChannelMarker> = content.parse()?;
    ctx.host().discord().send(channel, format!("heard {id} {name} {guild_id} {due_ms}")).await?;
    Ok(())
}
"#;

fn listener() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("listener", "scheduler", "0.16.41", "", LISTENER))
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_the_owner_of_the_server_and_the_bots_owners_alone() {
    let bot = bot().await;
    let actor = |name: &str| bot.sandbox.actor(name).unwrap();
    let create = "schedule create name:tea when:1h content:x";
    for name in ["chief", "guard", "mod", "sailor"] {
        for line in [
            create,
            "schedule list",
            "schedule info schedule:1",
            "schedule delete schedule:1",
        ] {
            has(
                &actor(name),
                "docks",
                line,
                &["is for the owner of this server"],
            )
            .await;
        }
    }
    // Whoever owns one server owns no other.
    has(
        &bot.member(),
        "general",
        create,
        &["is for the owner of this server"],
    )
    .await;
    has(&bot.owner(), "docks", create, &["#1 tea"]).await;
    for who in [bot.owner(), bot.member()] {
        let sent = who.says("dm", "!schedule list").await.unwrap();
        let told = who
            .expects_where("dm", "a refusal", |it| it.content.contains("server"))
            .await
            .unwrap();
        assert!(
            !told.text().contains("tea") && told.id != sent.id,
            "{}",
            told.text()
        );
    }
    let typing = [("schedule", Value::from(""))];
    for name in ["chief", "sailor"] {
        let choices = actor(name)
            .autocompletes("docks", "schedule info", &typing, "schedule")
            .await
            .unwrap();
        assert_eq!(choices, Vec::<Value>::new(), "{name}");
    }
    let choices = bot
        .member()
        .autocompletes("docks", "schedule info", &typing, "schedule")
        .await
        .unwrap();
    assert_eq!(choices[0]["name"], "#1 tea");
    bot.close().await;
}

/// Inventory §8.4 no. 39: the seed's `info`, `toggle` and `delete` take the id of any server's.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_switches_or_deletes_another_servers_by_its_number() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    typed(
        &member,
        "docks",
        "schedule create name:tea when:1h content:secret",
    )
    .await;
    // The bot's owner in another server, who may do anything there.
    for verb in ["info", "toggle", "delete"] {
        for which in ["1", "#1", "tea"] {
            let line = format!("schedule {verb} schedule:{which}");
            let text = typed(&owner, "general", &line).await.text();
            assert!(
                text.contains("This server has no schedule") && !text.contains("secret"),
                "{text}"
            );
        }
    }
    has(&owner, "general", "schedule list", &["There are none."]).await;
    let typing = [("schedule", Value::from("t"))];
    let choices = owner
        .autocompletes("general", "schedule info", &typing, "schedule")
        .await
        .unwrap();
    assert_eq!(choices, Vec::<Value>::new());
    // It is as it was.
    bot.sets("2026-11-22T13:00:00Z");
    member.expects("docks", "secret").await.unwrap();
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_writes_only_where_its_maker_and_the_bot_may_when_it_is_made_and_each_time() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let create = |channel: &str| {
        format!("schedule create name:{channel} when:1h content:hello channel:#{channel}")
    };
    has(
        &member,
        "docks",
        &create("cellar"),
        &["I may not write in <#"],
    )
    .await;
    has(&owner, "docks", &create("attic"), &["may not write in <#"]).await;
    has(&member, "docks", &create("attic"), &["#1 attic"]).await;
    // A channel of another server, by its id.
    let general = bot.sandbox.channel_id("general").unwrap();
    let line = format!("!schedule create far 1h hello message {general}");
    member.says("docks", &line).await.unwrap();
    let told = member.expects("dm", "channel").await.unwrap().text();
    assert!(!told.contains("Planned"), "{told}");

    has(&owner, "docks", &create("docks"), &["#2 docks"]).await;
    // What its maker may not do any more, it does no more.
    let docks = bot
        .sandbox
        .change_world(|world| world.channel_in("Harbour", "docks"))
        .unwrap();
    let denied = json!({"type": 1, "allow": "0", "deny": "2048"});
    bot.requests(
        "PUT",
        format!("channels/{docks}/permissions/{}", owner.id()),
        denied,
    )
    .await;
    bot.sets("2026-11-22T13:00:00Z");
    let told = until(&member, "pier", "schedule info schedule:2", "failed: ").await;
    assert!(told.contains("may not write in"), "{told}");
    member.expects("attic", "hello").await.unwrap();
    assert!(
        !member
            .messages("docks")
            .iter()
            .any(|it| it.content == "hello")
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_notifies_nobody_whom_its_maker_could_not() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let role = bot.sandbox.change_world(|world| {
        let guild = world.guild_named("Harbour").unwrap();
        world.add_role(guild, "Crew", twilight_model::guild::Permissions::empty())
    });
    let text = format!("@everyone <@&{role}> <@{}>", member.id());
    // Who owns the bot is a plain member there; who owns the server may call everybody.
    for (who, place) in [(&owner, "docks"), (&member, "pier")] {
        let line =
            format!(r#"schedule create name:{place} when:1h content:"{text}" channel:#{place}"#);
        has(who, "docks", &line, &["Planned"]).await;
    }
    bot.sets("2026-11-22T13:00:00Z");
    for (place, roles) in [("docks", json!([])), ("pier", json!(["roles", "everyone"]))] {
        let sent = member.expects(place, "@everyone").await.unwrap();
        let path = format!("POST /channels/{}/messages", sent.channel_id);
        let traffic = bot.sandbox.traffic();
        let request = traffic
            .iter()
            .filter(|it| it.way == Way::Rest && it.what == path);
        let request = request.max_by_key(|it| it.number).unwrap();
        let mut parse = vec![json!("users")];
        parse.extend(roles.as_array().unwrap().iter().cloned());
        assert_eq!(
            request.body["allowed_mentions"]["parse"],
            json!(parse),
            "{place}"
        );
        assert_eq!(
            request.answer["mentions"].as_array().map(Vec::len),
            Some(1),
            "{place}"
        );
        let called = request.answer["mention_roles"].as_array().map(Vec::len);
        assert_eq!(called, Some(usize::from(place == "pier")), "{place}");
    }
    bot.close().await;
}

/// Inventory §8 no. 32: in the seed a server's owner has any event of the framework emitted.
#[tokio::test(flavor = "multi_thread")]
async fn hooks_and_the_log_are_for_the_bots_owners_and_tell_of_one_event() {
    let bot: Fixture = bot().await;
    bot.drop_in(&listener(), "listener");
    bot.until_generation("listener", 1).await;
    let (owner, member) = (bot.owner(), bot.member());
    for kind in ["hook", "log"] {
        let line = format!("schedule create name:tea when:1h content:x kind:{kind}");
        has(&member, "docks", &line, &["are for the bot's owners"]).await;
    }
    let pier = bot
        .sandbox
        .change_world(|world| world.channel_in("Harbour", "pier"))
        .unwrap();
    let line = format!("schedule create name:tea when:1h content:{pier} kind:hook");
    has(&owner, "docks", &line, &["the hook event `scheduler.due`"]).await;
    has(
        &owner,
        "docks",
        "schedule create name:note when:1h content:remember kind:log",
        &["a line in the log"],
    )
    .await;
    bot.sets("2026-11-22T13:00:00Z");
    let harbour = bot
        .sandbox
        .change_world(|world| world.guild_named("Harbour"))
        .unwrap();
    let heard = format!(
        "heard 1 tea {harbour} {}",
        super::seconds("2026-11-22T13:00:00Z") * 1_000
    );
    member.expects("pier", &heard).await.unwrap();
    until(&member, "docks", "schedule info schedule:note", ", done").await;
    bot.close().await;
}
