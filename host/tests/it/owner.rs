//! Owner commands, by prefix and by slash, for the owner alone.

use serde_json::json;
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    planner::until_registered,
    support::{Fixture, PATIENCE},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_loads_reloads_unloads_and_lists() {
    let bot = Fixture::configured(&["hello"], "[extensions]\nauto_load = false").await;
    let owner = bot.owner();
    // With nothing loaded the bot has no right to read messages; it reads those that mention it.
    let mention = format!("<@{}> load hello", bot.sandbox.application_id());
    let answer = bot.ask(&owner, &mention).await.text();
    bot.until_content_is_seen().await;
    assert!(
        answer.starts_with("Loaded\nhello") && answer.contains("version 0.1.0 · generation 1"),
        "{answer}"
    );
    assert_eq!(bot.ask(&owner, "!hello").await.content, "Hello, owner!");
    let answer = bot.ask(&owner, "!load hello").await.text();
    assert!(answer.contains("is loaded already"), "{answer}");
    let answer = bot.ask(&owner, "!reload hello").await.text();
    assert!(
        answer.starts_with("Reloaded") && answer.contains("generation 2"),
        "{answer}"
    );
    let answer = bot.ask(&owner, "!reload all").await.text();
    assert!(
        answer.contains("1 reloaded as one") && answer.contains("generation 3"),
        "{answer}"
    );
    let answer = bot.ask(&owner, "!extensions").await.text();
    assert!(
        answer.contains("1 loaded, 0 with an error") && answer.contains("generation 3"),
        "{answer}"
    );
    let answer = bot.ask(&owner, "!unload helo").await.text();
    assert!(
        answer.contains("here is no plugin `helo`; did you mean `hello`?"),
        "{answer}"
    );
    let answer = bot.ask(&owner, "!unload hello").await.text();
    assert!(
        answer.starts_with("Unloaded") && answer.contains("KiB returned"),
        "{answer}"
    );
    let mention = format!("<@{}> sync", bot.sandbox.application_id());
    let answer = bot.ask(&owner, &mention).await.text();
    // The owner's own take no place of everybody's.
    assert!(
        answer.contains("0 slash commands are registered"),
        "{answer}"
    );
    assert!(answer.contains("`/cogwright …`, in 1 server"), "{answer}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slash_commands_follow_what_is_loaded() {
    let bot = Fixture::with(&[]).await;
    let owner = bot.owner();
    bot.sandbox
        .commands_registered("cogwright", PATIENCE)
        .await
        .unwrap();
    bot.drop_in(&fixtures::example("hello"), "hello");
    bot.sandbox
        .commands_registered("hello", PATIENCE)
        .await
        .unwrap();
    let asked = owner.slash("general", "hello", &[]).await.unwrap();
    assert_eq!(
        owner.expects_reply_to(&asked).await.unwrap().content,
        "Hello, owner!"
    );
    let asked = owner
        .slash("general", "cogwright reload", &[("name", json!("hello"))])
        .await
        .unwrap();
    let answer = owner.expects_reply_to(&asked).await.unwrap();
    assert!(
        answer.ephemeral && answer.text().contains("generation 2"),
        "{}",
        answer.text()
    );
    bot.close().await;
}

/// They take no place of everybody's: Discord counts a server's commands apart.
#[tokio::test(flavor = "multi_thread")]
async fn the_owners_commands_are_one_group_where_the_owner_wants_it() {
    let bot = Fixture::with(&["hello"]).await;
    let owner = bot.owner();
    let is_there = |names: &[String]| names.iter().any(|name| name == "cogwright");
    until_registered(&bot, is_there).await;
    until_registered(&bot, |names| names.iter().any(|name| name == "hello")).await;
    let names = bot.sandbox.commands();
    assert!(!names.iter().any(|name| name == "load"), "{names:?}");
    let asked = owner
        .slash("general", "cogwright extensions", &[])
        .await
        .unwrap();
    let answer = owner.expects_reply_to(&asked).await.unwrap();
    assert!(answer.ephemeral, "{}", answer.text());

    // Elsewhere, and nowhere; by prefix they work in any case.
    for (value, there) in [
        ("none", false),
        (&*bot.sandbox.guild_id().to_string(), true),
    ] {
        let line = format!("!cogwright set commands.owner_guild {value}");
        let answer = bot.ask(&owner, &line).await.text();
        assert!(answer.contains("in force"), "{answer}");
        until_registered(&bot, |names| is_there(names) == there).await;
        let answer = bot.ask(&owner, "!extensions").await.text();
        assert!(answer.contains("1 loaded"), "{answer}");
    }
    let answer = bot
        .ask(&owner, "!cogwright set commands.owner_guild mine")
        .await
        .text();
    assert!(
        answer.contains("Copy Server ID") && answer.contains("none"),
        "{answer}"
    );

    // A server that somebody else owns has no use for it; one that an owner takes over gets it.
    let bot = bot
        .restart_after(async |stopped| {
            stopped.sandbox.change_world(|world| {
                let member = world.user_named("member").unwrap();
                world.add_guild("Harbour", member);
            });
        })
        .await;
    let owner = bot.owner();
    bot.ask(&owner, "!cogwright unset commands.owner_guild")
        .await;
    let answer = bot.ask(&owner, "!sync").await.text();
    assert!(answer.contains("`/cogwright …`, in 1 server"), "{answer}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_refused() {
    let bot = Fixture::with(&["hello"]).await;
    let member = bot.member();
    member.says("general", "!unload hello").await.unwrap();
    // Answered behind it: the host has seen the first and said nothing.
    assert_eq!(bot.ask(&member, "!hello").await.content, "Hello, member!");
    let said: Vec<_> = member
        .messages("general")
        .into_iter()
        .map(|message| message.text())
        .collect();
    assert_eq!(said, ["!unload hello", "!hello", "Hello, member!"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_who_is_not_the_owner_is_refused_by_slash() {
    let bot = Fixture::with(&["hello"]).await;
    bot.sandbox
        .commands_registered("cogwright", PATIENCE)
        .await
        .unwrap();
    let (guild, member) = (bot.sandbox.guild_id(), bot.member());
    bot.sandbox.change_world(|world| {
        let role = world.add_role(guild, "Administrator", Permissions::ADMINISTRATOR);
        world.add_member(guild, member.id(), &[role]);
    });
    let asked = member
        .slash("general", "cogwright unload", &[("name", json!("hello"))])
        .await
        .unwrap();
    let answer = member.expects_reply_to(&asked).await.unwrap();
    assert!(
        answer.ephemeral && answer.content.contains("owner alone"),
        "{answer:?}"
    );
    assert_eq!(bot.ask(&member, "!hello").await.content, "Hello, member!");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_wrong_is_told_with_its_cause_and_the_right_way() {
    let bot = Fixture::with(&[
        "hello",
        "hooks",
        "mydata",
        "scheduler",
        "maintenance",
        "registry",
        "settings",
    ])
    .await;
    let owner = bot.owner();
    for (said, cause, way) in [
        ("cogwright hooks list x", "`list x`", "Usage: `!eh_list`"),
        ("eh_reset_circuit", "`id`", "Usage: `!eh_reset_circuit"),
        (
            "eh_reset_circuit hello",
            "no hook `hello`",
            "`cogwright hooks` lists them",
        ),
        (
            "cogwright schedules run",
            "Which one?",
            "Name a plugin and its schedule",
        ),
        ("cogwright schedules dance a b", "`dance`", "resume"),
        (
            "cogwright set bot.prefix",
            "no value behind `bot.prefix`",
            "cogwright set PLUGIN.NAME VALUE",
        ),
        (
            "cogwright set bot.prefx ?",
            "bot.prefx",
            "did you mean `prefix`?",
        ),
        (
            "cogwright set bot.prefix toolongprefix",
            "`prefix` in [bot]: the prefix has 13 characters",
            "5 is the most",
        ),
        (
            "cogwright migrate zzz",
            "here is no plugin `zzz`",
            "there are `hello`, `hooks`, `maintenance`, `mydata`, `registry`, `scheduler`, `settings`",
        ),
        ("cogwright erase-data ann erase", "`ann`", "user"),
        (
            "cogwright erase-data owner",
            "Nothing was erased",
            "the word `erase` is missing",
        ),
        (
            "cogwright erase-data owner yes",
            "Nothing was erased",
            "`yes` in place of `erase`",
        ),
        (
            "cogwright plugin helo",
            "no plugin `helo`",
            "did you mean `hello`?",
        ),
        (
            "cogwright migrate helo",
            "no plugin `helo`",
            "did you mean `hello`?",
        ),
        ("settings set", "Which setting?", "`settings` shows those"),
        ("settings set hello.x", "no value behind `hello.x`", ""),
        (
            "settings reset hello.x 3",
            "was given `3` as well",
            "only argument",
        ),
        ("settings dance", "`dance`", "reset"),
    ] {
        let answer = bot.ask(&owner, &format!("!{said}")).await.text();
        assert!(answer.contains(cause), "{said}: {answer}");
        assert!(answer.contains(way), "{said}: {answer}");
    }
    bot.close().await;
}

/// In the group, by the names that people bring along from elsewhere, and those that are short enough alone.
#[tokio::test(flavor = "multi_thread")]
async fn each_owner_command_is_known_by_its_names() {
    let bot = Fixture::with(&[
        "hello",
        "hooks",
        "maintenance",
        "settings",
        "registry",
        "slashlimit",
    ])
    .await;
    let (owner, member) = (bot.owner(), bot.member());
    for (names, told) in [
        (
            &["cogwright hooks", "fw_hooks", "Cogwright HOOKS"][..],
            "Hooks",
        ),
        (
            &[
                "cogwright config bot",
                "fw_settings bot",
                "cogwright fw_settings bot",
            ],
            "bot.prefix",
        ),
        (&["cogwright slash-limit"], "Slash commands"),
        (&["cogwright extensions", "extensions"], "hello"),
        (
            &["cogwright plugin hello", "fw_plugin hello"],
            "generation 1",
        ),
    ] {
        for name in names {
            let answer = bot.ask(&owner, &format!("!{name}")).await.text();
            assert!(answer.contains(told), "{name}: {answer}");
        }
    }
    // They are for owners, and so is what they are called.
    member.says("general", "!cogwright log").await.unwrap();
    member.says("general", "!cogwright").await.unwrap();
    assert_eq!(bot.ask(&member, "!hello").await.content, "Hello, member!");
    let messages = member.messages("general");
    let last = messages.iter().rev().take(4).map(|it| &*it.content);
    assert_eq!(
        last.collect::<Vec<_>>(),
        ["Hello, member!", "!hello", "!cogwright", "!cogwright log"]
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_owner_mistypes_is_told_with_what_may_be_meant() {
    let bot = Fixture::with(&["hello", "hooks", "remind", "settings", "registry"]).await;
    let (owner, member) = (bot.owner(), bot.member());
    for (text, told) in [
        (
            "!fw_hokos",
            "no owner command of that name; did you mean `cogwright hooks`?",
        ),
        (
            "!fw_qwertz x",
            "`cogwright` is followed by one of `extensions`, `load`, ",
        ),
        (
            "!cogwright hokos list",
            "no owner command of that name; did you mean `cogwright hooks`?",
        ),
        (
            "!cogwright",
            "`cogwright` is followed by one of `extensions`, `load`, ",
        ),
        (
            "!cogwright plugin qwertz",
            "there are `hello`, `hooks`, `registry`, `remind`, `settings`",
        ),
        ("!cogwright config helo", "did you mean `hello`?"),
        ("!cogwright config hello", "declares no settings"),
        ("!cogwright config dta", "did you mean `data`?"),
        ("!reload helo", "did you mean `hello`?"),
    ] {
        let answer = bot.ask(&owner, text).await.text();
        assert!(answer.contains(told), "{text}: {answer}");
    }
    // Nobody else is told: it may be another bot's command.
    member.says("general", "!fw_hokos").await.unwrap();
    assert_eq!(bot.ask(&member, "!hello").await.content, "Hello, member!");
    let answers = member.messages("general");
    let to_member = answers.iter().rev().take(3).map(|it| &*it.content);
    assert_eq!(
        to_member.collect::<Vec<_>>(),
        ["Hello, member!", "!hello", "!fw_hokos"]
    );
    bot.close().await;
}
