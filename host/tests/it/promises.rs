//! Tests of promises of `docs/parity.md` that no other story is about.

use serde_json::{Value, json};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_owner_acts_as_the_first_and_a_plugins_name_leads_to_no_other_folder() {
    let bot = Fixture::with(&["hello", "counter"]).await;
    let second = bot.member().id();
    let config = format!("[bot]\nowner_ids = [{second}]\n[extensions]\nauto_load = false\n");
    let bot = bot.reconfigured(&config).await;
    let second = bot.member();
    let mention = format!("<@{}>", bot.sandbox.application_id());
    let asked = async |text: &str| bot.ask(&second, &format!("{mention} {text}")).await.text();
    let loaded = asked("load hello").await;
    assert!(loaded.starts_with("Loaded\nhello"), "{loaded}");
    // How long it took, in milliseconds.
    let (_, took) = loaded.split_once("generation 1 · ").unwrap();
    let took = took
        .split_once(" ms")
        .map(|(number, _)| number.parse::<f64>());
    assert!(matches!(took, Some(Ok(took)) if took > 0.0), "{loaded}");
    let listed = asked("extensions").await;
    assert!(listed.contains(" ms"), "{listed}");

    // A library that lies beside the folder, and one that lies anywhere.
    let beside = bot.folder.path().join("libcounter.so");
    std::fs::rename(bot.extensions().join("libcounter.so"), &beside).unwrap();
    for name in [
        "../counter",
        "../libcounter.so",
        "..",
        beside.to_str().unwrap(),
    ] {
        let refused = asked(&format!("load {name}")).await;
        assert!(!refused.starts_with("Loaded"), "{name}: {refused}");
    }
    let serving = bot.plugins().status();
    assert_eq!(serving.iter().filter(|it| it.serving.is_some()).count(), 1);
    let gone = asked("unload hello force").await;
    assert!(gone.starts_with("Unloaded"), "{gone}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_nobody_has_gets_no_answer() {
    let bot = Fixture::with(&["hello"]).await;
    let member = bot.member();
    for unknown in ["!nothing of the kind", "!helo", "!", "!!"] {
        member.says("general", unknown).await.unwrap();
    }
    // Answered behind them: the bot has heard all of them.
    assert_eq!(bot.ask(&member, "!HELLO").await.content, "Hello, member!");
    let said = member.messages("general");
    let by_bot = said.iter().filter(|it| it.author != "member");
    assert_eq!(by_bot.count(), 1, "{said:?}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_that_conflict_are_refused_whichever_is_there_first_unless_the_owner_allows_it() {
    let rival = fixtures::plugin(
        "rival",
        "promises",
        "0.1.0",
        "",
        "//! Stands no greeting.\nuse plugin_api::prelude::*;\n\
         export_plugin!(|| Plugin::new().conflicts_with(\"hello\"));\n",
    );
    let bot = Fixture::with(&["hello"]).await;
    bot.drop_in(&rival, "rival");
    let told = "it conflicts with `hello`, which is loaded; unload `hello` first";
    assert_eq!(bot.until_refused("rival").await, told);
    bot.plugins().unload("hello", false).await.unwrap();
    // What was refused for it is tried again.
    bot.until_generation("rival", 1).await;
    // The other one says nothing of it, and is refused all the same.
    let refused = bot.plugins().load("hello").await.unwrap_err().to_string();
    assert!(refused.contains("it conflicts with `rival`"), "{refused}");
    // So it is at a start: one is there, and the bot as well.
    let bot = bot.restart().await;
    bot.until_generation("hello", 1).await;
    assert_eq!(bot.until_refused("rival").await, told);
    let bot = bot
        .reconfigured("[extensions]\nenforce_conflicts = false\n")
        .await;
    bot.until_generation("hello", 1).await;
    bot.until_generation("rival", 1).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_needed_and_not_there_keeps_a_plugin_out_unless_the_owner_allows_it() {
    let needy = |name: &str, other: &str| {
        let source = format!(
            "//! Needs another.\nuse plugin_api::prelude::*;\n\
             export_plugin!(|| Plugin::new().depends_on(\"{other}\"));\n"
        );
        fixtures::plugin(name, "promises", "0.1.0", "", &source)
    };
    let bot = Fixture::with(&[]).await;
    // Each needs the other: neither can be first.
    bot.drop_in(&needy("chicken", "egg"), "chicken");
    bot.drop_in(&needy("egg", "chicken"), "egg");
    for (name, other) in [("chicken", "egg"), ("egg", "chicken")] {
        let told = bot.until_refused(name).await;
        assert!(told.contains(&format!("it needs `{other}`")), "{told}");
    }
    // As soon as both are known, it is the way through them that is told.
    for (name, way) in [
        ("chicken", "`chicken` → `egg` → `chicken`"),
        ("egg", "`egg` → `chicken` → `egg`"),
    ] {
        let is_told = |it: &host_loader::Status| {
            let error = it.error.as_deref().unwrap_or_default();
            it.plugin.is(name) && error.contains(way)
        };
        bot.until(|all| all.iter().any(is_told)).await;
    }
    let bot = bot
        .reconfigured("[extensions]\nenforce_dependencies = false\n")
        .await;
    bot.until_generation("chicken", 1).await;
    bot.until_generation("egg", 1).await;
    // Neither waits for the other for ever when one is to go.
    bot.plugins().unload("egg", true).await.unwrap();
    assert!(bot.plugins().generations().is_empty());
    bot.plugins().load("egg").await.unwrap();
    bot.plugins().load("chicken").await.unwrap();
    assert_eq!(bot.plugins().generations().len(), 2);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn help_may_be_a_plugins_of_ones_own() {
    let own = fixtures::plugin(
        "handbook",
        "promises",
        "0.1.0",
        "",
        "//! Helps in its own words.\nuse plugin_api::prelude::*;\n\
         export_plugin!(|| Plugin::new().command(Command::new(\"help\", \"Helps\").run(help)));\n\
         async fn help(ctx: CommandContext) -> Result { ctx.reply(\"Read the handbook.\").await }\n",
    );
    let bot = Fixture::with(&["hello"]).await;
    bot.drop_in(&own, "handbook");
    bot.until_generation("handbook", 1).await;
    let member = bot.member();
    assert_eq!(
        bot.ask(&member, "!help").await.content,
        "Read the handbook."
    );
    // Two of them are one too many, and the one that is there goes on.
    bot.drop_in(&fixtures::example("help"), "help");
    let told = bot.until_refused("help").await;
    assert!(
        told.contains("`help`") && told.contains("handbook"),
        "{told}"
    );
    assert_eq!(
        bot.ask(&member, "!help").await.content,
        "Read the handbook."
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_left_alone_where_the_owner_wants_to_load_them_by_hand() {
    let config = "[extensions]\nauto_load = false\nauto_reload = false\ndebounce_ms = 10\n";
    let bot = Fixture::configured(&["hello"], config).await;
    let owner = bot.owner();
    let mention = format!("<@{}>", bot.sandbox.application_id());
    let listed = bot
        .ask(&owner, &format!("{mention} extensions"))
        .await
        .text();
    assert!(listed.contains("No plugins."), "{listed}");
    bot.ask(&owner, &format!("{mention} load hello")).await;
    bot.drop_in(&fixtures::howdy(), "hello");
    for _ in 0..10 {
        let greeted = bot.ask(&owner, &format!("{mention} hello")).await.content;
        assert_eq!(greeted, "Hello, owner!");
    }
    bot.ask(&owner, &format!("{mention} reload hello")).await;
    let greeted = bot.ask(&owner, &format!("{mention} hello")).await.content;
    assert_eq!(greeted, "Howdy, owner!");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_a_rule_is_proposed_the_commands() {
    let bot = Fixture::with(&["access", "hello"]).await;
    let owner = bot.owner();
    bot.sandbox
        .commands_registered("config", PATIENCE)
        .await
        .unwrap();
    let proposed = async |typed: &str| -> Vec<String> {
        let options = [("command", json!(typed))];
        let proposed = owner.autocompletes("general", "config", &options, "command");
        let proposed = proposed.await.unwrap();
        let value = |it: &Value| it["value"].as_str().unwrap().to_owned();
        proposed.iter().map(value).collect()
    };
    assert_eq!(proposed("hel").await, ["hello"]);
    // What begins so comes before what has it inside.
    assert_eq!(proposed("prefix").await, ["mentionprefix", "setprefix"]);
    assert!(proposed("").await.contains(&"hello".to_owned()));
    bot.close().await;
}
