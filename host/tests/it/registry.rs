//! Tests of the plugin `registry`: who sees what of the plugins, dry runs, enforcement, alerts, and the file that it keeps.

use std::{fs, path::PathBuf, sync::OnceLock, time::Duration};

use sandbox::{Actor, MessageView};
use serde_json::Value;
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// So many guests: each has a cooldown of their own. The last ones are owners of the bot, too.
const GUESTS: usize = 30;
const CHIEFS: usize = 15;

/// The bot of these examples with guests in its server.
async fn bot(examples: &[&str], config: &str) -> Fixture {
    let bot = Fixture::configured(examples, config).await;
    let bot = bot
        .restart_after(async |stopped| {
            let guild = stopped.sandbox.guild_id();
            let bot = stopped.sandbox.application_id();
            stopped.add_harbour(Permissions::empty());
            stopped.sandbox.change_world(|world| {
                for number in 0..GUESTS {
                    let guest = world.add_user(&format!("guest{number}"));
                    world.add_member(guild, guest, &[]);
                }
                world.add_channel(guild, "bot-log");
                let dark = world.add_channel(guild, "dark");
                world.deny(dark, bot, Permissions::SEND_MESSAGES);
            });
        })
        .await;
    let owners: Vec<String> = (0..CHIEFS)
        .map(|number| format!("\"{}\"", chief(&bot, number).id()))
        .collect();
    let config = format!("[bot]\nowner_ids = [{}]\n{config}", owners.join(", "));
    let bot = bot.reconfigured(&config).await;
    bot.until_generation("registry", 1).await;
    bot.sandbox
        .commands_registered("pr_list", PATIENCE)
        .await
        .unwrap();
    bot
}

fn guest(bot: &Fixture, number: usize) -> Actor {
    bot.sandbox.actor(&format!("guest{number}")).unwrap()
}

/// An owner of the bot with a cooldown of their own.
fn chief(bot: &Fixture, number: usize) -> Actor {
    assert!(number < CHIEFS);
    guest(bot, GUESTS - CHIEFS + number)
}

async fn said(who: &Actor, place: &str, text: &str) -> MessageView {
    let sent = who.says(place, text).await.unwrap();
    let seen = who.expects_reply_to(&sent).await.unwrap();
    no_failure(&seen)
}

async fn typed(who: &Actor, place: &str, line: &str) -> MessageView {
    let asked = who.slash_line(place, line).await.unwrap();
    let seen = who.expects_reply_to(&asked).await.unwrap();
    no_failure(&seen)
}

/// Nothing that people are told here is a failure with an id.
fn no_failure(seen: &MessageView) -> MessageView {
    assert!(!seen.text().contains("error id"), "{}", seen.text());
    seen.clone()
}

fn has(seen: &MessageView, words: &[&str]) {
    let text = seen.text();
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
}

fn lacks(seen: &MessageView, words: &[&str]) {
    let text = seen.text();
    for word in words {
        assert!(!text.contains(word), "{word:?} in {text}");
    }
}

/// A field's value in a message's embed.
fn field(seen: &MessageView, name: &str) -> Option<String> {
    let fields = seen
        .embeds
        .iter()
        .flat_map(|embed| embed["fields"].as_array());
    let mut fields = fields.flatten();
    let found = fields.find(|field| field["name"] == name)?;
    found["value"].as_str().map(str::to_owned)
}

/// A plugin that needs another.
fn needs(name: &'static str, version: &str, declared: &str) -> PathBuf {
    let source = format!(
        "//! Needs things.\nuse plugin_api::prelude::*;\n\nexport_plugin!(|| {{\n    Plugin::new(){declared}\n        .command(Command::new(\"{name}\", \
         \"Answers\").run(|ctx: CommandContext| async move {{ ctx.reply(\"{name} answers\").await }}))\n}});\n"
    );
    fixtures::plugin(name, "registry", version, "", &source)
}

/// Needs `bank`, and is against `counter`.
fn shop() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let declared = ".depends_on_version(\"bank\", \"^1.2\").conflicts_with(\"counter\").optionally_depends_on(\"hello\")";
    LIBRARY
        .get_or_init(|| needs("shop", "0.16.1", declared))
        .clone()
}

/// Needs `shop`, asks for members, and has a name that `bank-manager` begins with.
fn bank() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| {
            needs(
                "bank",
                "1.2.7",
                ".depends_on(\"shop\").intents(Intents::GUILD_MEMBERS)",
            )
        })
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_lists_plugins_by_ten_with_their_state_and_turns_the_pages_alone() {
    let many = [
        "access",
        "checks",
        "counter",
        "echo",
        "hello",
        "info",
        "moderation",
        "options",
        "poll",
        "registry",
        "remind",
        "ticker",
    ];
    let bot = bot(&many, "").await;
    bot.until(|all| all.iter().filter(|it| it.serving.is_some()).count() == many.len())
        .await;
    let (owner, moderator, member) = (bot.owner(), bot.sandbox.actor("mod").unwrap(), bot.member());
    for seen in [
        said(&owner, "general", "!pr_list").await,
        typed(&moderator, "general", "pr_list").await,
        said(&member, "dm", "!pr_list").await,
        said(&guest(&bot, 0), "general", "!pr_list").await,
    ] {
        has(
            &seen,
            &[
                "12 plugins",
                "✅ access 0.1.0",
                "serves · ",
                "2 commands",
                "loaded in ",
            ],
        );
        lacks(&seen, &["ticker", "not running", "not enforced"]);
        assert_eq!(seen.buttons()[2], "1 / 2");
        assert_eq!(seen.embeds[0]["fields"].as_array().map(Vec::len), Some(10));
    }
    // Once in ten seconds.
    let again = said(&owner, "general", "!pr_list").await;
    has(&again, &["can be used again in "]);

    // An open list outlives a reload, turns for its reader alone, and is not missed when it is deleted.
    let (reader, other) = (guest(&bot, 1), guest(&bot, 2));
    let open = said(&reader, "general", "!pr_list").await;
    bot.drop_in(&fixtures::example("registry"), "registry");
    let reload = owner.says("general", "!reload registry").await.unwrap();
    owner.expects_reply_to(&reload).await.unwrap();
    bot.until_generation("registry", 2).await;
    let theirs = other.clicks_on(&open, "›").await.unwrap();
    assert!(theirs.message.unwrap().ephemeral);
    let turned = reader.clicks_on(&open, "›").await.unwrap();
    has(
        &reader.expects_reply_to(&turned).await.unwrap(),
        &["✅ ticker", "✅ remind"],
    );
    let shown = bot.sandbox.message(open.channel_id, open.id).unwrap();
    owner.deletes(&shown).await.unwrap();
    assert!(reader.clicks_on(&shown, "‹").await.is_err());
    has(&said(&other, "general", "!pr_list").await, &["12 plugins"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_told_of_to_everybody_and_its_costs_to_owners_alone() {
    let bot = bot(&["hello", "info", "registry"], "").await;
    let (member, moderator) = (bot.member(), bot.sandbox.actor("mod").unwrap());
    let seen = said(&member, "general", "!pr_info registry").await;
    has(&seen, &["✅ registry 0.1.0", "It serves: load "]);
    assert_eq!(field(&seen, "Licence").as_deref(), Some("MIT"));
    assert!(field(&seen, "Author").is_some());
    let powers = field(&seen, "Powers").unwrap();
    assert!(powers.contains("`plugins.read` (granted)"), "{powers}");
    let hooks = field(&seen, "Hooks that it hears").unwrap();
    assert!(hooks.contains("`extension_loaded`"), "{hooks}");
    let commands = field(&seen, "Commands (7)").unwrap();
    assert!(commands.contains("`pr_info`"), "{commands}");
    // The server's owner and a moderator are told as much, and none of them has the owners' button.
    let of_server = said(&member, "dm", "!pr_info hello").await;
    has(&of_server, &["can be used again in "]);
    let docks = said(&guest(&bot, 0), "dm", "!pr_info hello").await;
    let by_slash = typed(&moderator, "general", "pr_info plugin:hello").await;
    for seen in [&seen, &docks, &by_slash] {
        assert_eq!(seen.buttons(), [""; 0]);
        lacks(seen, &["processor"]);
    }
    let unknown = said(&guest(&bot, 1), "general", "!pr_info helo").await;
    has(&unknown, &["no plugin `helo`", "did you mean `hello`?"]);
    let odd = said(&guest(&bot, 2), "general", "!pr_info \"`@everyone\"").await;
    has(&odd, &["no plugin"]);

    // An owner presses the button, also after a reload; what it shows is for them alone.
    let owner = bot.owner();
    let open = said(&owner, "general", "!pr_info hello").await;
    assert_eq!(open.buttons(), ["Costs"]);
    bot.drop_in(&fixtures::example("registry"), "registry");
    bot.ask(&owner, "!reload registry").await;
    bot.until_generation("registry", 2).await;
    let clicked = owner.clicks_on(&open, "Costs").await.unwrap();
    let costs = owner.expects_reply_to(&clicked).await.unwrap();
    assert!(costs.ephemeral);
    has(&costs, &["of processor", "in databases"]);
    let theirs = member.clicks_on(&open, "Costs").await.unwrap();
    lacks(&theirs.message.unwrap(), &["of processor"]);
    // By its own command, in private by slash.
    let usage = said(&owner, "general", "!fw_plugin hello").await;
    has(&usage, &["generation 1"]);
    let usage = typed(&owner, "general", "fw_plugin name:hello").await;
    assert!(usage.ephemeral);
    let refused = said(&member, "general", "!fw_plugin hello").await;
    has(&refused, &["owner"]);
    let proposed = member
        .autocompletes(
            "general",
            "pr_info",
            &[("plugin", Value::from("in"))],
            "plugin",
        )
        .await
        .unwrap();
    assert_eq!(proposed[0]["name"], "info");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_validated_by_owners_and_nothing_is_loaded() {
    let bot = bot(&["hello", "registry"], "").await;
    bot.drop_in(&shop(), "shop");
    bot.until_refused("shop").await;
    let (owner, member) = (bot.owner(), bot.member());
    let refused = said(&owner, "general", "!pr_validate shop").await;
    has(
        &refused,
        &[
            "❌ It can't be loaded: 1 problem",
            "it needs `bank`, which is not loaded",
            "Nothing was loaded.",
        ],
    );
    let by_file = typed(&owner, "general", "pr_validate file:libshop.so").await;
    assert!(by_file.ephemeral);
    has(&by_file, &["it needs `bank`"]);
    // One that is there and not loaded.
    bot.ask(&owner, "!unload hello").await;
    let sound = said(&owner, "general", "!pr_validate hello").await;
    has(&sound, &["✅ It can be loaded. It is not loaded now."]);
    let places = field(&sound, "Slash places").unwrap();
    assert!(
        places.contains(" of 100, ") && places.contains(" more than now"),
        "{places}"
    );
    assert_eq!(
        field(&sound, "Intents that it would add").as_deref(),
        Some("none")
    );
    assert!(
        bot.plugins()
            .status()
            .iter()
            .all(|it| !it.plugin.is("hello") || it.serving.is_none())
    );
    // What is no plugin, what is not there, and what is elsewhere.
    fs::write(bot.extensions().join("libnone.so"), "no library").unwrap();
    bot.until_refused("none").await;
    has(
        &said(&owner, "general", "!pr_validate libnone.so").await,
        &["text file"],
    );
    has(
        &said(&owner, "general", "!pr_validate shpo").await,
        &["no plugin `shpo`"],
    );
    has(
        &said(&owner, "general", "!pr_validate ../libhello.so").await,
        &["without its folder"],
    );
    // Others may not, also where they own the server.
    for place in ["general", "docks", "dm"] {
        let refused = said(&member, place, "!pr_validate hello").await;
        has(&refused, &["owner"]);
        lacks(&refused, &["It can be loaded"]);
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcement_keeps_a_plugin_from_serving_until_an_owner_switches_it_off() {
    let bot = bot(&["counter", "hello", "registry"], "").await;
    let (owner, member) = (bot.owner(), bot.member());
    bot.until_content_is_seen().await;
    let changed = said(&owner, "general", "!pr_alert_channel #bot-log").await;
    has(
        &changed,
        &["They go to", "Before, they went where all alerts go"],
    );

    // §8.12: what is refused does not answer.
    bot.drop_in(&bank(), "bank");
    bot.until_refused("bank").await;
    bot.drop_in(&shop(), "shop");
    bot.until_refused("shop").await;
    let listed = said(&guest(&bot, 0), "general", "!pr_list").await;
    has(&listed, &["❌ shop", "is not running", "❌ 2 not running"]);
    let told = said(&guest(&bot, 1), "general", "!pr_info shop").await;
    has(&told, &["It is not running."]);
    lacks(&told, &["bank"]);
    let open = said(&owner, "general", "!pr_info shop").await;
    let clicked = owner.clicks_on(&open, "Why").await.unwrap();
    has(
        &owner.expects_reply_to(&clicked).await.unwrap(),
        &["shop is not running", "conflicts with `counter`"],
    );

    // Nobody but an owner switches it.
    for (place, text) in [
        ("general", "!pr_enforce deps"),
        ("docks", "!pr_enforce conflicts"),
        ("dm", "!pr_enforce deps"),
    ] {
        has(&said(&member, place, text).await, &["owner"]);
    }
    let state = said(&owner, "general", "!pr_enforce").await;
    has(
        &state,
        &["Dependencies are enforced", "Conflicts are enforced"],
    );
    has(
        &said(&owner, "general", "!pr_enforce everything").await,
        &["everything"],
    );
    let off = said(&owner, "general", "!pr_enforce conflicts").await;
    has(
        &off,
        &[
            "Conflicts are not enforced",
            "was true before and is false now",
        ],
    );
    let off = typed(&owner, "general", "pr_enforce what:deps").await;
    assert!(off.ephemeral);
    has(&off, &["Dependencies are not enforced"]);
    // At once, what waited is loaded: each needs the other, and the owner is told.
    bot.until_generation("shop", 1).await;
    bot.until_generation("bank", 1).await;
    assert_eq!(bot.ask(&member, "!shop").await.content, "shop answers");
    let alert = member
        .expects_where("bot-log", "an alert", |it| {
            it.content.contains("was loaded all the same")
        })
        .await
        .unwrap();
    assert!(alert.content.contains("(`registry`)"), "{}", alert.content);
    let listed = said(&guest(&bot, 2), "general", "!pr_list").await;
    has(
        &listed,
        &[
            "🔄 shop 0.16.1",
            "🔄 bank 1.2.7",
            "⚠️ counter",
            "dependencies and conflicts are not enforced",
        ],
    );
    let told = said(&guest(&bot, 3), "general", "!pr_info shop").await;
    assert_eq!(
        field(&told, "Circle").as_deref(),
        Some("shop → bank → shop")
    );
    assert_eq!(
        field(&told, "Needs").as_deref(),
        Some("✅ `bank` ^1.2: 1.2.7 is loaded\n✅ `hello` (optional): 0.1.0 is loaded")
    );
    has(&told, &["it conflicts with `counter`, which is loaded"]);
    let validated = said(&owner, "general", "!pr_validate bank").await;
    assert_eq!(
        field(&validated, "Circle").as_deref(),
        Some("`bank` → `shop` → `bank`")
    );

    // Remembered over a restart, and switched back: what is loaded stays, and is named.
    let bot = bot.restart().await;
    bot.until_generation("shop", 1).await;
    bot.until_generation("registry", 1).await;
    let owner = bot.owner();
    let on = said(&owner, "general", "!pr_enforce conflicts").await;
    has(
        &on,
        &["Conflicts are enforced", "was false before and is true now"],
    );
    let stays = field(&on, "Stays loaded all the same").unwrap();
    assert!(
        stays.contains("`shop`: it conflicts with `counter`"),
        "{stays}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_tells_of_the_circle_and_the_intents_that_it_would_bring() {
    let bot = bot(
        &["registry"],
        "[extensions]\nenforce_dependencies = false\nblacklist = [\"bank\"]\n",
    )
    .await;
    bot.drop_in(&shop(), "shop");
    bot.until_generation("shop", 1).await;
    bot.drop_in(&bank(), "bank");
    let owner = bot.owner();
    let seen = said(&owner, "general", "!pr_validate bank").await;
    has(&seen, &["✅ It can be loaded. It is not loaded now."]);
    assert_eq!(
        field(&seen, "Circle").as_deref(),
        Some("`bank` → `shop` → `bank`")
    );
    let intents = field(&seen, "Intents that it would add").unwrap();
    assert!(intents.contains("`GUILD_MEMBERS` (privileged"), "{intents}");
    // Loaded without what it needs, as the operator has said, and marked so.
    let listed = said(&guest(&bot, 0), "general", "!pr_list").await;
    has(
        &listed,
        &[
            "⚠️ shop",
            "⚠️ 1 with a fault",
            "dependencies are not enforced",
        ],
    );
    let told = said(&guest(&bot, 1), "general", "!pr_info shop").await;
    assert!(
        field(&told, "Needs")
            .unwrap()
            .contains("❌ `bank` ^1.2: is not loaded")
    );
    // Its file is there, and kept out: it is known, and does not run.
    bot.until_refused("bank").await;
    let told = said(&guest(&bot, 2), "general", "!pr_info bank").await;
    has(&told, &["bank", "It is not running"]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_go_where_an_owner_says_and_never_where_nothing_can_be_said() {
    let bot = bot(&["registry"], "").await;
    let owner = bot.owner();
    let id = |name: &str| bot.sandbox.channel_id(name).unwrap();
    let (general, log) = (id("general"), id("bot-log"));
    let channel = || {
        let config = bot.bot.services().authority.config();
        config.alerts.of("plugins").0
    };
    let first = said(&owner, "general", "!pr_alert_channel").await;
    has(&first, &["Before, they went where all alerts go"]);
    assert_eq!(channel(), Some(general));
    let second = typed(&owner, "general", "pr_alert_channel channel:#bot-log").await;
    assert!(second.ephemeral);
    has(&second, &[&format!("Before, it was <#{general}>.")]);
    bot.member()
        .expects("bot-log", "Alerts about plugins come here")
        .await
        .unwrap();
    assert_eq!(channel(), Some(log));
    let refused = said(&owner, "general", "!pr_alert_channel #dark").await;
    has(&refused, &["I can't write in", "nothing has changed"]);
    assert_eq!(channel(), Some(log));
    let odd = said(&owner, "general", "!pr_alert_channel nowhere").await;
    has(&odd, &["nowhere"]);
    for place in ["general", "docks", "dm"] {
        has(
            &said(&bot.member(), place, "!pr_alert_channel").await,
            &["owner"],
        );
    }
    let elsewhere = bot.sandbox.channel_id("docks").unwrap();
    let foreign = said(&owner, "general", &format!("!pr_alert_channel {elsewhere}")).await;
    has(&foreign, &["a channel"]);
    assert_eq!(channel(), Some(log));
    let again = said(&owner, "general", "!pr_alert_channel #bot-log").await;
    has(&again, &["It was the same before."]);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_graph_is_a_picture_and_words_for_everybody() {
    let bot = bot(
        &["counter", "hello", "registry"],
        "[extensions]\nenforce_dependencies = false\nenforce_conflicts = false\n",
    )
    .await;
    let alone = said(&guest(&bot, 0), "general", "!pr_graph").await;
    has(&alone, &["3 plugins, and none needs another."]);
    assert_eq!(alone.attachments, ["plugins.png"]);
    bot.drop_in(&shop(), "shop");
    bot.until_generation("shop", 1).await;
    let moderator = bot.sandbox.actor("mod").unwrap();
    for seen in [
        typed(&moderator, "general", "pr_graph").await,
        said(&bot.member(), "dm", "!pr_graph").await,
    ] {
        has(
            &seen,
            &[
                "4 plugins.",
                "`shop` needs in vain `bank`, can use `hello`",
                "`counter` conflicts with `shop`",
            ],
        );
        assert_eq!(seen.attachments, ["plugins.png"]);
        assert_eq!(
            seen.embeds[0]["image"]["url"]
                .as_str()
                .map(|it| it.contains("plugins.png")),
            Some(true)
        );
    }
    let again = said(&bot.member(), "dm", "!pr_graph").await;
    has(&again, &["can be used again in "]);
    bot.close().await;
}

/// The file, when it is as wanted.
async fn until_file(bot: &Fixture, wanted: impl Fn(&Value) -> bool) -> Value {
    let path = bot
        .data()
        .join("plugins/registry/files/plugin_registry.json");
    let read = async {
        loop {
            let bytes = fs::read(&path).unwrap_or_default();
            if let Ok(json) = serde_json::from_slice(&bytes)
                && wanted(&json)
            {
                return json;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, read)
        .await
        .unwrap_or_else(|_| panic!("{}", fs::read_to_string(&path).unwrap_or_default()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_file_is_as_things_are_whatever_loads_and_unloads() {
    let bot = bot(&["hello", "registry"], "").await;
    let owner = bot.owner();
    let first = until_file(&bot, |it| it["total_plugins"] == 2).await;
    assert_eq!(first["plugins"]["hello"]["state"], "serves");
    assert_eq!(first["enforcement"]["dependencies"], true);
    assert_eq!(first["plugins"]["registry"]["powers"]["plugins.read"], true);
    // §8.8: by file, by command and by reload alike.
    bot.drop_in(&fixtures::example("echo"), "echo");
    let second = until_file(&bot, |it| !it["plugins"]["echo"]["version"].is_null()).await;
    assert!(second["last_updated"].as_str() >= first["last_updated"].as_str());
    assert!(
        second["plugins"]["echo"]["commands"]
            .as_array()
            .is_some_and(|it| !it.is_empty())
    );
    bot.ask(&owner, "!reload echo").await;
    until_file(&bot, |it| it["plugins"]["echo"]["generation"] == 2).await;
    bot.ask(&owner, "!unload echo").await;
    until_file(&bot, |it| it["serving_plugins"] == 2).await;
    bot.ask(&owner, "!load echo").await;
    until_file(&bot, |it| it["serving_plugins"] == 3).await;
    // What is refused, and what is switched.
    bot.drop_in(&shop(), "shop");
    let refused = until_file(&bot, |it| it["plugins"]["shop"]["error"].is_string()).await;
    assert_eq!(refused["plugins"]["shop"]["state"], "is not running");
    said(&owner, "general", "!pr_enforce deps").await;
    let switched = until_file(&bot, |it| it["enforcement"]["dependencies"] == false).await;
    assert_eq!(switched["enforcement"]["conflicts"], true);
    let faulty = until_file(&bot, |it| it["plugins"]["shop"]["version"] == "0.16.1").await;
    assert_eq!(faulty["plugins"]["shop"]["state"], "serves, with a fault");
    assert_eq!(faulty["plugins"]["shop"]["dependencies"]["bank"], "^1.2");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_once_when_the_registry_file_cannot_be_written() {
    let bot = bot(&["hello", "registry"], "").await;
    let owner = bot.owner();
    until_file(&bot, |it| it["total_plugins"] == 2).await;
    said(&owner, "general", "!pr_alert_channel").await;
    // A folder in its place.
    let path = bot
        .data()
        .join("plugins/registry/files/plugin_registry.json");
    while fs::create_dir(&path).is_err() {
        // It may be written once more meanwhile.
        let _ = fs::remove_file(&path);
    }
    bot.ask(&owner, "!reload hello").await;
    let seen = |it: &MessageView| {
        it.content
            .contains("`plugin_registry.json` can't be written")
    };
    bot.member()
        .expects_where("general", "an alert", seen)
        .await
        .unwrap();
    bot.ask(&owner, "!reload hello").await;
    bot.until_generation("hello", 3).await;
    fs::remove_dir(&path).unwrap();
    bot.ask(&owner, "!reload hello").await;
    until_file(&bot, |it| it["plugins"]["hello"]["generation"] == 4).await;
    assert_eq!(
        bot.member()
            .messages("general")
            .iter()
            .filter(|it| seen(it))
            .count(),
        1
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_powers_the_registry_says_what_is_missing() {
    let bot = bot(&["hello", "registry"], "").await;
    let file = bot.folder.path().join("config.toml");
    let kept = fs::read_to_string(&file).unwrap();
    let edit = async |text: &str| {
        fs::write(&file, format!("{kept}\n{text}")).unwrap();
        bot.bot.services().settings.noticed().await;
    };
    edit("[grants.registry]\npowers = []\n").await;
    for command in ["pr_list", "pr_info hello"] {
        let seen = said(&guest(&bot, 0), "general", &format!("!{command}")).await;
        has(&seen, &["The bot's owner keeps that private"]);
        lacks(&seen, &["hello"]);
    }
    let owner = bot.owner();
    for command in ["pr_validate hello", "fw_plugin hello", "pr_enforce"] {
        has(
            &said(&owner, "general", &format!("!{command}")).await,
            &["plugins.read"],
        );
    }
    has(
        &said(&owner, "general", "!pr_alert_channel").await,
        &["settings.write"],
    );
    edit("[grants.registry]\npowers = [\"plugins.read\"]\n").await;
    has(
        &said(&guest(&bot, 1), "general", "!pr_list").await,
        &["✅ hello"],
    );
    has(
        &said(&owner, "general", "!pr_enforce deps").await,
        &["settings.write"],
    );
    edit("").await;
    has(
        &said(&owner, "general", "!pr_enforce deps").await,
        &["Dependencies are not enforced"],
    );
    bot.close().await;
}

/// The rest works without it.
#[tokio::test(flavor = "multi_thread")]
async fn the_registry_is_deleted_and_nobody_misses_it() {
    let bot = bot(&["hello", "help", "registry"], "").await;
    let owner = bot.owner();
    let open = said(&owner, "general", "!pr_info hello").await;
    fs::remove_file(bot.extensions().join("libregistry.so")).unwrap();
    bot.until(|all| {
        all.iter()
            .all(|it| !it.plugin.is("registry") || it.serving.is_none())
    })
    .await;
    let clicked = owner.clicks_on(&open, "Costs").await.unwrap();
    has(&clicked.message.unwrap(), &["not loaded"]);
    assert_eq!(
        bot.ask(&bot.member(), "!hello").await.content,
        "Hello, member!"
    );
    let help = bot.ask(&owner, "!help pr_list").await.text();
    assert!(!help.contains("Lists the plugins"), "{help}");
    bot.close().await;
}
