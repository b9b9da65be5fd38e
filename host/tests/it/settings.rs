//! Tests of settings: changed while the bot runs, declared by plugins, per server; secrets that nobody sees.

use std::{fs, path::PathBuf, time::Duration};

use host::services::settings::SettingsError;
use sandbox::Actor;
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

const SHOP: &str = r#"
use plugin_api::prelude::*;
use std::cell::RefCell;

#[derive(Default)]
struct Shop(RefCell<Vec<String>>);

export_plugin!(|| Plugin::with_state(|_host| async { Ok(Shop::default()) })
    .setting(Setting::integer("limit", "How many cups").default(3).min(1).max(10).per_guild())
    .setting(Setting::duration("pause", "Between cups").default("5m"))
    .on_settings_changed(changed)
    .command(Command::new("menu", "Tells").run(menu))
    .command(Command::new("news", "Tells").run(news))
    .command(Command::new("leak", "Tells too much").run(leak))
    .command(Command::new("leak_error", "Fails").run(leak_error))
    .command(Command::new("leak_user", "Fails").run(leak_user)));

async fn changed(ctx: HookContext<SettingChanged, Shop>) -> Result {
    let limit: u64 = ctx.host().setting("limit")?;
    let change = ctx.payload();
    let server = if change.guild_id.is_none() { "bot" } else { "server" };
    ctx.state().0.borrow_mut().push(format!("{} of the {server}, limit {limit}", change.name));
    Ok(())
}

async fn menu(ctx: CommandContext<Shop>) -> Result {
    let limit: u64 = ctx.host().setting("limit")?;
    let here: u64 = match ctx.guild_id() {
        Some(guild) => ctx.host().guild_setting(guild, "limit").await?,
        None => 0,
    };
    let pause: std::time::Duration = ctx.host().setting("pause")?;
    ctx.reply(format!("limit {limit}, here {here}, pause {pause:?}")).await
}

async fn news(ctx: CommandContext<Shop>) -> Result {
    let news = ctx.state().0.take().join("; ");
    ctx.reply(format!("news: {news}")).await
}

async fn leak(ctx: CommandContext<Shop>) -> Result {
    let key = ctx.host().secret("key").await?;
    let variable = ctx.host().secret("env_key").await?;
    assert!(ctx.host().secret("other").await.is_err());
    let embed = embed(key.expose()).description(format!("{key} {:?}", variable.expose())).build();
    ctx.reply(NewMessage::from(format!("it is {}", key.expose())).embed(embed)).await
}

async fn leak_error(ctx: CommandContext<Shop>) -> Result {
    let key = ctx.host().secret("key").await?;
    panic!("the key is {}", key.expose());
}

async fn leak_user(ctx: CommandContext<Shop>) -> Result {
    let key = ctx.host().secret("key").await?;
    Err(Error::user(format!("the key is {}", key.expose())))
}
"#;

fn shop() -> PathBuf {
    fixtures::plugin("shop", "settings", "0.1.41", "", SHOP)
}

async fn open_shop(config: &str) -> Fixture {
    let bot = Fixture::configured(&["hello", "settings"], config).await;
    bot.drop_in(&shop(), "shop");
    bot.until_generation("shop", 1).await;
    bot
}

fn file(bot: &Fixture) -> PathBuf {
    bot.folder.path().join("config.toml")
}

/// Writes the file as an editor does, and waits until it is noticed.
async fn edit(bot: &Fixture, bytes: &[u8]) {
    fs::write(file(bot), bytes).unwrap();
    bot.bot.services().settings.noticed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_change_while_the_bot_runs_and_comments_stay() {
    let bot =
        open_shop("# Ours.\n[bot]\nprefix = \"!\" # short\n\n[plugins.shop]\nlimit = 4\n").await;
    let owner = bot.owner();
    assert_eq!(
        bot.ask(&owner, "!menu").await.content,
        "limit 4, here 4, pause 300s"
    );
    let answer = bot.ask(&owner, "!cogwright set shop.limit 5").await.text();
    assert!(
        answer.starts_with("Set\nshop.limit") && answer.ends_with("\nin force from now on"),
        "{answer}"
    );
    assert_eq!(
        bot.ask(&owner, "!menu").await.content,
        "limit 5, here 5, pause 300s"
    );
    let answer = bot.ask(&owner, "!cogwright set shop.limit 50").await.text();
    assert!(
        answer.starts_with("Not set") && answer.contains("expected 1 to 10, found 50"),
        "{answer}"
    );
    let answer = bot.ask(&owner, "!cogwright set shop.limt 5").await.text();
    assert!(answer.contains("did you mean `limit`?"), "{answer}");
    let answer = bot.ask(&owner, "!cogwright set bot.prefix ?").await.text();
    assert_eq!(answer, "Set\nbot.prefix\nin force from now on");
    let answer = bot
        .ask(&owner, "?cogwright set data.folder elsewhere")
        .await
        .text();
    assert!(
        answer.ends_with("\nin force after a restart of the bot"),
        "{answer}"
    );
    let answer = bot.ask(&owner, "?cogwright unset data.folder").await.text();
    assert!(answer.ends_with("\nin force from now on"), "{answer}");
    let answer = bot.ask(&owner, "?cogwright config shop").await.text();
    assert!(
        answer.contains("shop.limit")
            && answer.contains("`5` (file) · default `3` · whole number, 1 to 10"),
        "{answer}"
    );
    let text = fs::read_to_string(file(&bot)).unwrap();
    assert!(
        text.starts_with("# Ours.\n[bot]\nprefix = \"?\" # short\n\n[plugins.shop]\nlimit = 5\n"),
        "{text}"
    );
    bot.close().await;
}

/// It was taken, and the next start ended with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_is_refused_when_it_is_set() {
    let bot = Fixture::with(&["hello"]).await;
    let owner = bot.owner();
    let before = fs::read(file(&bot)).unwrap();
    let there = tempfile::tempdir().unwrap();
    let gone = there.path().join("gone");
    let (gone, there) = (gone.display(), there.path().display());
    for (key, value) in [
        ("extensions.folder", format!("{gone}")),
        ("secrets.folder", format!("{gone}")),
        ("data.folder", format!("{gone}/bot")),
        ("log.folder", format!("{gone}/log")),
    ] {
        let answer = bot
            .ask(&owner, &format!("!cogwright set {key} {value}"))
            .await
            .text();
        for part in [
            "Not set",
            &key.replacen('.', "] ", 1),
            &format!("there is no folder {gone}"),
            &format!("`mkdir -p {gone}` makes it"),
        ] {
            assert!(answer.contains(part), "{key}: {part} is not in {answer}");
        }
    }
    assert_eq!(fs::read(file(&bot)).unwrap(), before);
    // One that is there is taken, and so is one that is made at the start.
    for (key, value) in [
        ("extensions.folder", format!("{there}")),
        ("data.folder", format!("{there}/bot")),
    ] {
        let answer = bot
            .ask(&owner, &format!("!cogwright set {key} {value}"))
            .await
            .text();
        assert!(answer.contains("after a restart of the bot"), "{answer}");
        bot.ask(&owner, &format!("!cogwright unset {key}")).await;
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_is_left_alone_and_the_last_good_values_hold() {
    let good = "[bot]\nprefix = \"!\"\n[plugins.shop]\nlimit = 4\n";
    let bot = open_shop(good).await;
    let owner = bot.owner();
    for (bad, words) in [
        (&b"[bot]\nprefix = \"?"[..], "config.toml:2:"),
        (b"[bot]\nprefix = \"?\"\n\xff\xfe", "not UTF-8"),
        (b"", "the file is empty"),
        (b"[bot]\nprefx = \"?\"\n", "did you mean `prefix`?"),
    ] {
        edit(&bot, bad).await;
        let answer = bot.ask(&owner, "!cogwright set shop.limit 5").await.text();
        assert!(
            answer.starts_with("Not set")
                && answer.contains(words)
                && answer.contains("mend the file first"),
            "{answer}"
        );
        assert_eq!(fs::read(file(&bot)).unwrap(), bad);
        assert_eq!(
            bot.ask(&owner, "!menu").await.content,
            "limit 4, here 4, pause 300s"
        );
    }
    fs::remove_file(file(&bot)).unwrap();
    let gone = bot.bot.services().settings.set("shop.limit", "5").await;
    assert!(
        matches!(gone, Err(SettingsError::Trouble { ref trouble }) if trouble.contains("is gone")),
        "{gone:?}"
    );
    // Mended; and what does not fit a plugin leaves that plugin alone as it was.
    edit(&bot, b"[bot]\nprefix = \"?\"\n[plugins.shop]\nlimit = 40\n").await;
    assert_eq!(
        bot.ask(&owner, "?menu").await.content,
        "limit 4, here 4, pause 300s"
    );
    edit(&bot, b"[bot]\nprefix = \"?\"\n[plugins.shop]\nlimit = 6\n").await;
    assert_eq!(
        bot.ask(&owner, "?menu").await.content,
        "limit 6, here 6, pause 300s"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_from_outside_is_noticed_by_itself() {
    let bot = open_shop("[bot]\nprefix = \"!\"\n").await;
    let services = bot.bot.services();
    fs::write(file(&bot), "[plugins.shop]\nlimit = 7\n").unwrap();
    tokio::time::timeout(PATIENCE, async {
        while services.settings.describe()["plugins"][0]["settings"][0]["value"] != 7 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(
        bot.ask(&bot.owner(), "!menu").await.content,
        "limit 7, here 7, pause 300s"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_whose_values_do_not_fit_is_not_loaded() {
    let bot = Fixture::configured(
        &["hello", "settings"],
        "[plugins.shop]\nlimt = 4\npause = \"soon\"\n",
    )
    .await;
    bot.drop_in(&shop(), "shop");
    let error = bot.until_refused("shop").await;
    assert!(
        error.contains(
            "config.toml:2:1: unknown key `limt` in [plugins.shop]; did you mean `limit`?"
        ),
        "{error}"
    );
    assert!(
        error.contains("config.toml:3:9: `pause` in [plugins.shop]: expected a time with its unit"),
        "{error}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_has_values_of_its_own_which_its_managers_change() {
    let bot = open_shop("").await;
    let (guild, member) = (bot.sandbox.guild_id(), bot.member());
    member
        .says("general", "!settings set shop.limit 9")
        .await
        .unwrap();
    assert_eq!(
        bot.ask(&member, "!menu").await.content,
        "limit 3, here 3, pause 300s"
    );
    let id = member.id();
    let bot = bot
        .restart_after(async |stopped| {
            stopped.sandbox.change_world(|world| {
                let role = world.add_role(guild, "Manager", Permissions::MANAGE_GUILD);
                world.add_member(guild, id, &[role]);
            });
        })
        .await;
    bot.until_generation("shop", 1).await;
    bot.sandbox.bot_ready(PATIENCE).await.unwrap();
    let member = bot.member();
    let answer = bot.ask(&member, "!settings set shop.limit 9").await.text();
    assert!(answer.starts_with("Set\nshop.limit"), "{answer}");
    assert_eq!(
        bot.ask(&member, "!menu").await.content,
        "limit 3, here 9, pause 300s"
    );
    let answer = bot.ask(&member, "!settings set shop.pause 1h").await.text();
    assert!(answer.contains("the bot's owner sets it"), "{answer}");
    let answer = bot.ask(&member, "!settings set shop.limit 90").await.text();
    assert!(answer.contains("expected 1 to 10, found 90"), "{answer}");
    let answer = bot.ask(&member, "!settings").await.text();
    assert!(answer.contains("`9` (server) · default `3`"), "{answer}");
    let bot = bot.restart().await;
    bot.until_generation("shop", 1).await;
    let member = bot.member();
    assert_eq!(
        bot.ask(&member, "!menu").await.content,
        "limit 3, here 9, pause 300s"
    );
    let answer = bot.ask(&member, "!settings reset shop.limit").await.text();
    assert!(answer.starts_with("Reset"), "{answer}");
    assert_eq!(
        bot.ask(&member, "!menu").await.content,
        "limit 3, here 3, pause 300s"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn managers_use_the_slash_command_and_the_plugin_is_told_of_each_change() {
    let bot = open_shop("").await;
    bot.sandbox
        .commands_registered("settings", PATIENCE)
        .await
        .unwrap();
    let (guild, owner, member) = (bot.sandbox.guild_id(), bot.owner(), bot.member());
    let slash = async |who: &Actor, picked: &[(&str, Value)]| {
        let asked = who.slash("general", "settings", picked).await.unwrap();
        who.expects_reply_to(&asked).await.unwrap().text()
    };
    let set = |value: &str| {
        [
            ("action", json!("set")),
            ("setting", json!("shop.limit")),
            ("value", json!(value)),
        ]
    };
    // Discord shows it to managers alone.
    let refused = member.slash("general", "settings", &set("9")).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("MANAGE_GUILD"), "{refused}");
    bot.sandbox.change_world(|world| {
        let role = world.add_role(guild, "Manager", Permissions::MANAGE_GUILD);
        world.add_member(guild, member.id(), &[role]);
    });
    let answer = slash(&member, &set("90")).await;
    assert!(answer.contains("expected 1 to 10, found 90"), "{answer}");
    let answer = slash(&member, &set("9")).await;
    assert!(answer.starts_with("Set\nshop.limit"), "{answer}");
    assert_eq!(news(&bot, "limit of the server, limit 3").await, 1);
    for shown in [
        &[][..],
        &[("action", json!("show"))],
        &[("setting", json!("shop"))],
        &[("action", json!("show")), ("setting", json!("shop.limit"))],
    ] {
        let answer = slash(&member, shown).await;
        assert!(
            answer.contains("`9` (server) · default `3`"),
            "{shown:?}: {answer}"
        );
    }
    let reset = [("action", json!("reset")), ("setting", json!("shop.limit"))];
    let answer = slash(&member, &reset).await;
    assert!(answer.starts_with("Reset"), "{answer}");
    assert_eq!(news(&bot, "limit of the server, limit 3").await, 1);

    // The bot's own value: by command, and by the file.
    bot.ask(&owner, "!cogwright set shop.limit 5").await;
    assert_eq!(news(&bot, "limit of the bot, limit 5").await, 1);
    edit(&bot, b"[plugins.shop]\nlimit = 6\npause = \"1h\"\n").await;
    let both = "limit of the bot, limit 6; pause of the bot, limit 6";
    assert_eq!(news(&bot, both).await, 2);
    // What changes nothing is not told.
    bot.ask(&owner, "!cogwright set shop.limit 6").await;
    bot.ask(&owner, "!cogwright set shop.limit 7").await;
    assert_eq!(news(&bot, "limit of the bot, limit 7").await, 1);
    bot.close().await;
}

/// Waits until the plugin has been told so; of how many changes.
async fn news(bot: &Fixture, expected: &str) -> usize {
    let mut told = Vec::new();
    let waited = tokio::time::timeout(PATIENCE, async {
        while told.join("; ") != expected {
            let answer = bot.ask(&bot.member(), "!news").await.content;
            let new = answer.strip_prefix("news: ").unwrap();
            told.extend(
                new.split("; ")
                    .filter(|one| !one.is_empty())
                    .map(str::to_owned),
            );
        }
    });
    assert!(waited.await.is_ok(), "{expected}: told {told:?}");
    told.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_seen_nowhere() {
    use std::os::unix::fs::PermissionsExt;
    let bot = open_shop("[grants.shop]\nsecrets = [\"key\", \"env_key\"]\n").await;
    let secrets = bot.folder.path().join("secrets");
    fs::create_dir(&secrets).unwrap();
    fs::write(secrets.join("key"), "sesame-of-the-story\n").unwrap();
    fs::set_permissions(secrets.join("key"), fs::Permissions::from_mode(0o600)).unwrap();
    let member = bot.member();
    let said = bot.ask(&member, "!leak").await;
    assert_eq!(said.content, "it is <redacted>");
    let text = said.text();
    assert!(
        !text.contains("sesame")
            && !text.contains("from-the-environment")
            && text.matches("<redacted>").count() == 4,
        "{text}"
    );
    let said = bot.ask(&member, "!leak_user").await.text();
    assert_eq!(said, "the key is <redacted>");
    let said = bot.ask(&member, "!leak_error").await.text();
    assert!(said.starts_with("Something went wrong"), "{said}");
    bot.close().await;
}
