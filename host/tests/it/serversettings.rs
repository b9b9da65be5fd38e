//! Tests of the plugin `settings`: its menu and forms, what survives, who may, and what it says of the configuration.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use host::services::Services;
use sandbox::{Actor, InteractionView, MessageView, Sandbox};
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    observe::page,
    support::{self, Fixture, PATIENCE},
};

const SHOP: &str = r#"//! A shop with a setting of each type.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::new()
    .setting(Setting::integer("limit", "How many cups").default(3).min(1).max(10).per_guild())
    .setting(Setting::string("greeting", "What is said").default("hello").max(300).per_guild())
    .setting(Setting::choice("size", "How much", ["cup", "pot"]).default("cup").per_guild())
    .setting(Setting::boolean("open", "Whether there is tea").default(true).per_guild())
    .setting(Setting::channel("kitchen", "Where orders go").per_guild())
    .setting(Setting::roles("guests", "Who may order").default(Vec::<u64>::new()).max(2).per_guild())
    .setting(Setting::duration("pause", "Between cups").default("5m"))
    .command(Command::new("menu", "Tells").run(menu)));

async fn menu(ctx: CommandContext) -> Result {
    let guild = ctx.guild()?;
    let limit: u64 = ctx.host().guild_setting(guild, "limit").await?;
    let greeting: String = ctx.host().guild_setting(guild, "greeting").await?;
    let size: String = ctx.host().guild_setting(guild, "size").await?;
    let open: bool = ctx.host().guild_setting(guild, "open").await?;
    let kitchen: Option<Id<marker::ChannelMarker>> = ctx.host().guild_setting(guild, "kitchen").await?;
    let guests: Vec<Id<marker::RoleMarker>> = ctx.host().guild_setting(guild, "guests").await?;
    ctx.reply(format!("{limit} {greeting} {size} {open} {} {}", kitchen.is_some(), guests.len())).await
}
"#;

/// The bot's settings plugin beside the shop, in a server that `member` owns (`docks`) and in one that the bot's owner owns.
async fn bot() -> Fixture {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| fixtures::plugin("shop", "menus", "0.1.51", "", SHOP));
    let bot = Fixture::with(&["access", "settings"]).await;
    let bot = bot
        .restart_after(async |stopped| {
            support::drop_in(built, &stopped.folder.join("extensions"), "shop");
            stopped.add_harbour(Permissions::empty());
        })
        .await;
    for plugin in ["shop", "settings", "access"] {
        bot.until_generation(plugin, 1).await;
    }
    bot.sandbox
        .commands_registered("serversettings", PATIENCE)
        .await
        .unwrap();
    bot
}

async fn said(who: &Actor, place: &str, text: &str) -> MessageView {
    let sent = who.says(place, text).await.unwrap();
    who.expects_reply_to(&sent).await.unwrap()
}

async fn typed(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    who.expects_reply_to(&asked).await.unwrap()
}

async fn clicked(who: &Actor, on: &MessageView, label: &str) -> MessageView {
    who.clicks_on(on, label).await.unwrap().message.unwrap()
}

async fn picked(who: &Actor, on: &MessageView, menu: &str, label: &str) -> MessageView {
    let pick = who.picks_on(on, menu, &[label]).await.unwrap();
    pick.message.unwrap()
}

/// The page of one of the shop's settings, from the first page.
async fn opened(who: &Actor, on: &MessageView, setting: &str) -> MessageView {
    let shop = picked(who, on, "Choose a plugin", "shop").await;
    picked(who, &shop, "Choose a setting", setting).await
}

/// Opens the form, and gives what stands in it.
async fn form(who: &Actor, on: &MessageView, button: &str) -> String {
    let shown = who.clicks_on(on, button).await.unwrap();
    let modal = shown.modal.expect("a form");
    value_in(&modal).unwrap_or_default()
}

fn value_in(modal: &Value) -> Option<String> {
    let field = &modal["components"][0]["component"];
    field["value"].as_str().map(str::to_owned)
}

async fn submitted(who: &Actor, value: &str) -> InteractionView {
    who.submits(&[("value", value)]).await.unwrap()
}

fn has(seen: &MessageView, words: &[&str]) {
    let text = seen.text();
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
}

/// What is in the file that the bot has sent last.
pub async fn last_file(sandbox: &Sandbox) -> String {
    let traffic = sandbox.traffic();
    let sent = |it: &sandbox::Crossing| {
        let url = it.answer["attachments"][0]["url"].as_str()?;
        Some(url.split_once("/attachments/")?.1.to_owned())
    };
    let path = traffic.iter().rev().find_map(sent).expect("a file");
    page(sandbox.addr(), &format!("/attachments/{path}"), "*/*")
        .await
        .1
}

async fn edit(services: &Arc<Services>, file: &PathBuf, text: &str) {
    fs::write(file, text).unwrap();
    services.settings.noticed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_set_up_by_menu_and_form_and_a_bad_value_loses_nothing() {
    let bot = bot().await;
    let owner = bot.member();
    let first = said(&owner, "docks", "!settings").await;
    has(&first, &["Settings of this server", "shop.limit"]);
    assert!(!first.text().contains("shop.pause"), "it is the bot's");
    let page = opened(&owner, &first, "limit").await;
    has(
        &page,
        &["shop.limit", "How many cups", "whole number, 1 to 10"],
    );
    assert_eq!(form(&owner, &page, "Change").await, "3");
    let refused = submitted(&owner, "90").await.message.unwrap();
    assert_eq!(refused.id, page.id, "the same message");
    has(
        &refused,
        &[
            "Not changed",
            "expected 1 to 10, found 90",
            "What you typed",
        ],
    );
    assert_eq!(form(&owner, &refused, "Try again").await, "90");
    let done = submitted(&owner, "9").await.message.unwrap();
    has(&done, &["Changed", "`3` → `9`", "this server"]);
    assert!(!done.text().contains("What you typed"));
    let reset = clicked(&owner, &done, "Reset").await;
    has(&reset, &["`9` → `3`"]);
    form(&owner, &reset, "Change").await;
    submitted(&owner, "7").await;

    // What would end the block that keeps it is kept as well.
    let back = clicked(&owner, &reset, "Back").await;
    let page = picked(&owner, &back, "Choose a setting", "greeting").await;
    form(&owner, &page, "Change").await;
    let long = format!("```js\nx\n``` {}", "tea ".repeat(90));
    let refused = submitted(&owner, long.trim()).await.message.unwrap();
    has(&refused, &["Not changed", "characters"]);
    assert_eq!(form(&owner, &refused, "Try again").await, long.trim());
    submitted(&owner, "good day").await;

    // A select where Discord has one.
    let page = clicked(&owner, &refused, "Back").await;
    let page = picked(&owner, &page, "Choose a setting", "size").await;
    let page = picked(&owner, &page, "Choose a value", "pot").await;
    has(&page, &["`cup` → `pot`"]);
    let page = clicked(&owner, &page, "Back").await;
    let page = picked(&owner, &page, "Choose a setting", "open").await;
    picked(&owner, &page, "Choose a value", "false").await;
    let page = clicked(&owner, &page, "Back").await;
    let page = picked(&owner, &page, "Choose a setting", "kitchen").await;
    picked(&owner, &page, "Choose a channel", "docks").await;
    let page = clicked(&owner, &page, "Back").await;
    let page = picked(&owner, &page, "Choose a setting", "guests").await;
    let pick = owner.picks_on(&page, "Choose a role", &["Captain", "Guard"]);
    let page = pick.await.unwrap().message.unwrap();
    has(&page, &["none → <@&"]);
    assert_eq!(
        said(&owner, "docks", "!menu").await.content,
        "7 good day pot false true 2"
    );
    // None is picked: the list is empty, and not unset.
    let pick = owner.picks_on(&page, "Choose a role", &[]).await.unwrap();
    has(&pick.message.unwrap(), &["→ none"]);
    assert_eq!(
        said(&owner, "docks", "!menu").await.content,
        "7 good day pot false true 0"
    );
    // The other server has what it had.
    assert_eq!(
        bot.ask(&bot.owner(), "!menu").await.content,
        "3 hello cup true false 0"
    );
    // By typing, with what was replaced.
    let set = said(&owner, "docks", "!settings set shop.limit 2").await;
    has(&set, &["`7` → `2` for this server"]);
    let wrong = said(&owner, "docks", "!settings set shop.limit 90").await;
    has(&wrong, &["expected 1 to 10, found 90"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn menus_and_half_filled_forms_outlive_a_reload_and_a_restart() {
    let bot = bot().await;
    let owner = bot.member();
    let first = said(&owner, "docks", "!settings").await;
    let page = opened(&owner, &first, "limit").await;
    form(&owner, &page, "Change").await;
    bot.plugins().reload("settings").await.unwrap();
    bot.until_generation("settings", 2).await;
    let refused = submitted(&owner, "many").await.message.unwrap();
    has(&refused, &["Not changed", "many"]);
    bot.plugins().reload("settings").await.unwrap();
    bot.until_generation("settings", 3).await;
    assert_eq!(form(&owner, &refused, "Try again").await, "many");
    let bot = bot.restart().await;
    bot.until_generation("settings", 1).await;
    bot.until_generation("shop", 1).await;
    let done = submitted(&owner, "4").await.message.unwrap();
    has(&done, &["`3` → `4`"]);
    let back = clicked(&owner, &done, "Back").await;
    has(&back, &["Settings of shop"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_answered_when_its_message_or_its_plugin_is_gone_meanwhile() {
    let bot = bot().await;
    let owner = bot.member();
    let first = said(&owner, "docks", "!settings").await;
    let page = opened(&owner, &first, "limit").await;
    form(&owner, &page, "Change").await;
    owner.deletes(&page).await.unwrap();
    let sent = submitted(&owner, "5").await;
    let answer = owner.expects_reply_to(&sent).await.unwrap();
    has(&answer, &["`3` → `5`"]);

    let first = said(&owner, "docks", "!settings").await;
    let page = opened(&owner, &first, "greeting").await;
    form(&owner, &page, "Change").await;
    bot.plugins().unload("shop", false).await.unwrap();
    let gone = submitted(&owner, "a long greeting").await.message.unwrap();
    has(&gone, &["not there any more", "a long greeting"]);
    // With nothing that has settings there is still an answer, and no menu that leads nowhere.
    let empty = said(&owner, "docks", "!settings").await;
    has(&empty, &["no loaded plugin declares settings"]);
    assert!(empty.components.is_empty(), "{:?}", empty.components);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_is_for_whoever_has_opened_it_and_may() {
    let bot = bot().await;
    let (owner, chief) = (bot.member(), bot.sandbox.actor("chief").unwrap());
    let first = said(&owner, "docks", "!settings").await;
    let refused = chief.picks_on(&first, "Choose a plugin", &["shop"]).await;
    let refused = refused.unwrap().message.unwrap();
    has(&refused, &["Only <@"]);
    assert!(refused.ephemeral);
    // By slash as well; an administrator may.
    let own = typed(&chief, "docks", "settings").await;
    let page = opened(&chief, &own, "limit").await;
    form(&chief, &page, "Change").await;
    has(
        &submitted(&chief, "6").await.message.unwrap(),
        &["`3` → `6`"],
    );
    // Whoever loses the right with a form open can't go on, and keeps what was typed.
    form(&chief, &page, "Change").await;
    owner.takes_role("docks", "chief", "Chief").await.unwrap();
    let refused = submitted(&chief, "8").await;
    let refused = chief.expects_reply_to(&refused).await.unwrap();
    assert!(!refused.text().contains("→ `8`"), "{}", refused.text());
    has(&refused, &["Not changed", "What you typed"]);
    // Who manages nothing is refused, and in direct messages there is no server.
    for who in ["sailor", "guard", "mod"] {
        let who = bot.sandbox.actor(who).unwrap();
        for command in ["settings", "serversettings"] {
            let text = said(&who, "docks", &format!("!{command}")).await.text();
            assert!(
                !text.contains("shop.limit") && !text.contains("Prefix"),
                "{text}"
            );
        }
    }
    for command in ["settings", "serversettings"] {
        let text = said(&owner, "dm", &format!("!{command}")).await.text();
        assert!(text.contains("server"), "{text}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_shown_with_prefix_rules_and_what_it_has_changed() {
    let bot = bot().await;
    let owner = bot.member();
    let shown = said(&owner, "docks", "!serversettings").await;
    has(
        &shown,
        &[
            "`!`, the bot's",
            "works like it",
            "`!help`, `@bot help`, or `/help`",
            "needs a role",
            "are as they come",
            "**Harbour**",
        ],
    );
    said(&owner, "docks", "!setprefix ?").await;
    said(&owner, "docks", "?config menu Captain").await;
    said(&owner, "docks", "?mentionprefix disable").await;
    said(&owner, "docks", "?settings set shop.limit 9").await;
    let shown = said(&owner, "docks", "?serversettings").await;
    has(
        &shown,
        &[
            "`?`, this server's own",
            "is only a mention",
            "`menu` <@&",
            "`shop.limit` `9`",
        ],
    );
    assert!(!shown.text().contains("@bot help"), "{}", shown.text());
    // The bot's owner as well; in the other server nothing has changed.
    let other = typed(&bot.owner(), "general", "serversettings").await;
    has(&other, &["`!`, the bot's", "are as they come"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_powers_it_says_what_is_missing_and_shows_the_rest() {
    let bot = bot().await;
    let owner = bot.member();
    let (services, file) = (bot.bot.services(), bot.folder.path().join("config.toml"));
    let first = said(&owner, "docks", "!settings").await;
    let page = opened(&owner, &first, "limit").await;
    form(&owner, &page, "Change").await;
    edit(
        services,
        &file,
        "[grants.settings]\npowers = [\"settings.read\"]\n",
    )
    .await;
    let refused = submitted(&owner, "8").await.message.unwrap();
    has(
        &refused,
        &["Not changed", "settings.write", "What you typed"],
    );
    edit(services, &file, "[grants.settings]\npowers = []\n").await;
    let shown = said(&owner, "docks", "!serversettings").await;
    has(
        &shown,
        &["`!`, the bot's", "keeps that private", "**Harbour**"],
    );
    let none = said(&owner, "docks", "!settings").await;
    has(&none, &["settings.read"]);
    edit(services, &file, "# As it came.\n").await;
    form(&owner, &refused, "Try again").await;
    has(
        &submitted(&owner, "8").await.message.unwrap(),
        &["`3` → `8`"],
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_changes_all_settings_by_the_same_menu() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    let first = typed(&owner, "general", "fw_settings").await;
    assert!(first.ephemeral);
    let table = picked(&owner, &first, "Choose a plugin or a table", "bot").await;
    let page = picked(&owner, &table, "Choose a setting", "prefix").await;
    assert_eq!(form(&owner, &page, "Change").await, "!");
    let refused = submitted(&owner, "toolong").await.message.unwrap();
    has(&refused, &["Not changed", "the prefix has 7 characters"]);
    assert_eq!(form(&owner, &refused, "Try again").await, "toolong");
    has(
        &submitted(&owner, "?").await.message.unwrap(),
        &["`!` → `?`"],
    );
    let text = fs::read_to_string(bot.folder.path().join("config.toml")).unwrap();
    assert!(text.contains("prefix = \"?\""), "{text}");
    // By prefix where it was typed, as before.
    let typed_here = said(&owner, "general", "?fw_settings shop").await;
    has(&typed_here, &["shop.pause", "`\"5m\"` (default)"]);
    assert!(!typed_here.ephemeral);
    let shop = said(&owner, "general", "?fw_settings").await;
    let shop = picked(&owner, &shop, "Choose a plugin or a table", "shop").await;
    let page = picked(&owner, &shop, "Choose a setting", "pause").await;
    form(&owner, &page, "Change").await;
    has(
        &submitted(&owner, "1h").await.message.unwrap(),
        &["`5m` → `1h`"],
    );
    // Nobody else is answered.
    for command in ["fw_settings", "fw_config_validate", "fw_config_schema"] {
        member.says("docks", &format!("!{command}")).await.unwrap();
    }
    said(&member, "docks", "?menu").await;
    let answers = member.messages("docks");
    assert!(answers.iter().all(|it| !it.text().contains("shop.pause")));
    bot.close().await;
}

/// The reference put defaults in the place of a file that it could not read (§8.7, 70).
#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_is_looked_through_as_it_lies_there() {
    let bot = bot().await;
    let owner = bot.owner();
    let file = bot.folder.path().join("config.toml");
    let good = said(&owner, "general", "!fw_config_validate").await;
    has(&good, &["0 errors, 0 warnings"]);
    fs::write(
        &file,
        "[bot]\nprefx = \"?\"\n[plugins.shop]\nlimit = 90\npuase = \"1h\"\n",
    )
    .unwrap();
    let bad = said(&owner, "general", "!fw_config_validate").await;
    has(
        &bad,
        &["1 error", "config.toml:2:1", "did you mean `prefix`?"],
    );
    fs::write(
        &file,
        "[data]\nfolder = \"elsewhere\"\n[plugins.shop]\nlimit = 90\npuase = \"1h\"\n[plugins.shap]\nx = 1\n[grants.shap]\npowers = []\n",
    )
    .unwrap();
    let bad = said(&owner, "general", "!fw_config_validate").await;
    has(
        &bad,
        &[
            "config.toml:4:9",
            "expected 1 to 10, found 90",
            "did you mean `pause`?",
            "`[plugins.shap]` is about a plugin that is not loaded; did you mean `shop`?",
            "`[grants.shap]`",
            "`data.folder` is changed, and in force after a restart of the bot",
        ],
    );
    // Nothing was taken over by looking.
    let shown = said(&owner, "general", "!fw_config_validate").await;
    assert_eq!(shown.text(), bad.text());
    fs::write(&file, b"\xff\xfe").unwrap();
    let bad = said(&owner, "general", "!fw_config_validate").await;
    has(&bad, &["1 error", "UTF-8"]);
    assert_eq!(fs::read(&file).unwrap(), b"\xff\xfe");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_has_tables_plugins_bounds_and_defaults() {
    let bot = bot().await;
    let owner = bot.owner();
    let told = said(&owner, "dm", "!fw_config_schema").await;
    assert_eq!(told.attachments, ["config.schema.json"]);
    let schema: Value = serde_json::from_str(&last_file(&bot.sandbox).await).unwrap();
    let tables = &schema["properties"];
    let limit = &tables["plugins"]["properties"]["shop"]["properties"]["limit"];
    assert_eq!(
        (&limit["type"], &limit["minimum"], &limit["maximum"]),
        (&json!("integer"), &json!(1), &json!(10))
    );
    assert_eq!(tables["bot"]["properties"]["prefix"]["default"], "!");
    assert_eq!(
        tables["alerts"]["properties"]["hooks"]["additionalProperties"],
        false
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_settings_than_a_select_holds_are_on_pages() {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let source = r#"//! Has many settings.
use plugin_api::prelude::*;

export_plugin!(|| (0..60).fold(Plugin::new(), |plugin, n| {
    plugin.setting(Setting::integer(format!("cup_{n}"), "How many of these").default(1).per_guild())
}));
"#;
    let built = BUILT.get_or_init(|| fixtures::plugin("wide", "menus", "0.1.53", "", source));
    let bot = Fixture::with(&["settings", "hello"]).await;
    bot.drop_in(built, "wide");
    for plugin in ["wide", "settings", "hello"] {
        bot.until_generation(plugin, 1).await;
    }
    let owner = bot.owner();
    let first = bot.ask(&owner, "!settings").await;
    has(&first, &["25 of 60"]);
    let page = picked(&owner, &first, "Choose a plugin", "wide").await;
    assert_eq!(page.buttons(), ["‹", "1 / 3", "›", "Back"]);
    let page = clicked(&owner, &page, "›").await;
    assert_eq!(page.buttons()[1], "2 / 3");
    has(&page, &["wide.cup_25"]);
    let page = clicked(&owner, &page, "›").await;
    has(&page, &["wide.cup_59"]);
    let page = picked(&owner, &page, "Choose a setting", "cup_59").await;
    form(&owner, &page, "Change").await;
    has(
        &submitted(&owner, "2").await.message.unwrap(),
        &["wide.cup_59", "`1` → `2`"],
    );
    let set = bot.ask(&owner, "!serversettings").await;
    has(&set, &["`wide.cup_59` `2`"]);
    bot.close().await;
}

const CLOCK: &str = r#"//! A clock whose settings have forms, and two of which have no default.
use plugin_api::prelude::*;

#[derive(Settings)]
struct Options {
    /// Where it is noon.
    #[setting(default = "UTC", format = "time-zone", per_guild)]
    zone: String,
    /// Where the time comes from.
    #[setting(format = "url", per_guild)]
    source: Option<String>,
    /// How often it strikes.
    #[setting(min = 1, per_guild)]
    strikes: Option<u64>,
}

export_plugin!(|| Plugin::new().settings::<Options>().command(clock()).command(turn()));

/// Tells what holds here.
#[command]
async fn clock(ctx: CommandContext) -> Result {
    let Options { zone, source, strikes } = Options::of_guild(ctx.host(), ctx.guild()?).await?;
    ctx.reply(format!("{zone} {} {strikes:?}", source.unwrap_or_default())).await
}

/// Sets one of its own.
#[command]
async fn turn(
    ctx: CommandContext,
    /// Which.
    name: String,
    /// To what.
    #[rest]
    value: String,
) -> Result {
    let set = ctx.host().set_guild_setting(ctx.guild()?, &name, value).await;
    ctx.reply(set.map_or_else(|error| error.to_string(), |_| "turned".into())).await
}
"#;

/// Any text was taken, and whoever used the plugin found out later.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_form_is_refused_by_each_way_and_the_last_one_holds() {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| fixtures::plugin("clock", "forms", "0.1.54", "", CLOCK));
    let good = "[plugins.clock]\nzone = \"Asia/Tokyo\"\n";
    let bot = Fixture::configured(&["settings"], good).await;
    bot.drop_in(built, "clock");
    for plugin in ["clock", "settings"] {
        bot.until_generation(plugin, 1).await;
    }
    let owner = bot.owner();
    let holds = "Asia/Tokyo  None";
    assert_eq!(bot.ask(&owner, "!clock").await.content, holds);
    let (mars, near) = (
        "there is no time zone `Mars/Olympus`; write its IANA name",
        "there is no time zone `Berlin`; did you mean `Europe/Berlin`?",
    );
    let (address, whole) = ("found `clock.example`", "a whole number, found `often`");
    // By the owner, by a manager's typing, and by the plugin itself; what has no default as well.
    for (setting, value, why) in [
        ("zone", "Mars/Olympus", mars),
        ("zone", "Berlin", near),
        ("source", "clock.example", address),
        ("strikes", "often", whole),
        ("strikes", "0", "at least 1, found 0"),
    ] {
        for line in [
            format!("!cogwright set clock.{setting} {value}"),
            format!("!settings set clock.{setting} {value}"),
            format!("!turn {setting} {value}"),
        ] {
            let told = bot.ask(&owner, &line).await;
            has(&told, &[&format!("clock.{setting}"), why]);
        }
    }
    // By form: what was typed is kept.
    let first = bot.ask(&owner, "!settings").await;
    let clock = picked(&owner, &first, "Choose a plugin", "clock").await;
    let page = picked(&owner, &clock, "Choose a setting", "zone").await;
    has(&page, &["time zone, such as `Europe/Berlin`"]);
    form(&owner, &page, "Change").await;
    let refused = submitted(&owner, "Mars/Olympus").await.message.unwrap();
    has(&refused, &["Not changed", mars, "What you typed"]);
    assert_eq!(form(&owner, &refused, "Try again").await, "Mars/Olympus");
    assert_eq!(bot.ask(&owner, "!clock").await.content, holds);
    let file = bot.folder.path().join("config.toml");
    assert_eq!(fs::read_to_string(&file).unwrap(), good);
    // By the file, while the bot runs.
    let bad = "[plugins.clock]\nzone = \"Mars/Olympus\"\nstrikes = \"often\"\n";
    edit(bot.bot.services(), &file, bad).await;
    assert_eq!(bot.ask(&owner, "!clock").await.content, holds);
    let seen = bot.ask(&owner, "!fw_config_validate").await;
    let places = [
        "config.toml:2:8",
        "`zone` in [plugins.clock]: there is no time zone `Mars/Olympus`",
        "config.toml:3:11",
        "`strikes` in [plugins.clock]: expected a whole number, found `often`",
    ];
    has(&seen, &places);
    // And at a start, which mends itself with the file.
    let bot = bot.restart().await;
    let error = bot.until_refused("clock").await;
    for words in places {
        assert!(error.contains(words), "no {words:?} in {error}");
    }
    let mended =
        "[plugins.clock]\nzone = \"Asia/Tokyo\"\nsource = \"https://clock.example\"\nstrikes = 2\n";
    edit(bot.bot.services(), &file, mended).await;
    bot.plugins().load("clock").await.unwrap();
    bot.until_generation("clock", 1).await;
    let told = bot.ask(&owner, "!clock").await;
    assert_eq!(told.content, "Asia/Tokyo https://clock.example Some(2)");
    bot.close().await;
}
