//! Tests of commands as they are listed: which ones somebody may use, in one call, and what is told of each.

use std::{collections::BTreeSet, path::PathBuf, sync::OnceLock};

use serde_json::json;
use twilight_model::guild::Permissions;

use crate::{
    fixtures,
    support::{self, Fixture, PATIENCE},
};

const SOURCE: &str = r#"//! Hundreds of commands with rules by chance, and one that compares what is said of them.
use plugin_api::prelude::*;

const COUNT: u64 = 300;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % most
    }

    fn rules(&mut self, command: Command, is_alone: bool) -> Command {
        let command = match self.below(12) {
            0 => command.guild_only(),
            1 if is_alone => return command.dm_only(),
            2 => command.age_restricted(),
            3 => command.owner_only(),
            4 => command.guild_owner_only(),
            5 => command.permissions(Permissions::BAN_MEMBERS),
            6 => command.permissions(Permissions::MANAGE_MESSAGES | Permissions::KICK_MEMBERS),
            7 => command.any_role(["captain", "Nobody"]),
            8 => command.any_role(["Guard"]).permissions(Permissions::SEND_MESSAGES),
            9 => command.bot_permissions(Permissions::MANAGE_THREADS),
            _ => command,
        };
        match self.below(6) {
            0 => command.age_restricted().any_role(["Captain"]),
            1 => command.bot_permissions(Permissions::MANAGE_CHANNELS),
            2 => command.hidden().example("x 1"),
            _ => command,
        }
    }
}

export_plugin!(|| {
    let mut random = Random(15);
    let mut plugin = Plugin::new()
        .category("Chance", "🎲")
        .powers([plugin_api::Power::CommandsRules])
        .tells::<plugin_api::hook::BotReady>()
        .optionally_depends_on("absent")
        .command(Command::new("compare", "Compares").run(compare))
        .command(Command::new("rule", "Names roles by chance").run(rule))
        .command(Command::new("costs", "Lists").example("costs").hidden().run(costs));
    for number in 0..COUNT {
        let command = |name: String| Command::new(name, "One of many").prefix_only().run(|ctx: CommandContext| async move { ctx.reply("done").await });
        let name = format!("c{number}");
        plugin = plugin.command(if number % 5 == 0 {
            let inside = random.rules(command("in".into()), false);
            random.rules(Command::group(name, "A group").prefix_only().command(inside).command(command("out".into())), false)
        } else {
            random.rules(command(name), true)
        });
    }
    plugin
});

async fn rule(ctx: CommandContext) -> Result {
    let guild = ctx.guild_id().ok_or(Error::user("in servers only"))?;
    let (commands, mut random) = (ctx.host().commands(), Random(guild.get()));
    for number in (0..COUNT).step_by(7) {
        let roles = [vec!["Captain".to_owned()], vec!["Guard".to_owned(), "Captain".to_owned()], vec!["@everyone".to_owned()]];
        let roles = &roles[random.below(3) as usize];
        let set = commands.require_roles(guild, &format!("c{number}"), roles).await;
        if let Err(error) = set && error.user_message().is_none() {
            return Err(error);
        }
    }
    ctx.reply("ruled").await
}

async fn compare(ctx: CommandContext) -> Result {
    let (commands, user, guild, channel) = (ctx.host().commands(), ctx.user().id, ctx.guild_id(), ctx.channel_id());
    let all = commands.usable(user, guild, channel).with_refused().await?;
    let usable = commands.usable(user, guild, channel).await?;
    let mut wrong = Vec::new();
    let mut rules = std::collections::BTreeSet::new();
    for view in &all.commands {
        let why = commands.why(&view.path, user, guild, channel).await?;
        if why.rule != view.rule {
            wrong.push(format!("{}: {:?}, and why says {:?}", view.path, view.rule, why.rule));
        }
        rules.extend(view.rule.clone());
    }
    let paths = |views: &[plugin_api::CommandView]| views.iter().map(|it| it.path.clone()).collect::<Vec<_>>();
    let allowed: Vec<_> = all.commands.iter().filter(|it| it.rule.is_none()).cloned().collect();
    let mut paged = Vec::new();
    while let page = commands.usable(user, guild, channel).page(paged.len() as u32, 50).await? && !page.commands.is_empty() {
        if page.total != usable.total { wrong.push(format!("a page is of {}", page.total)); }
        paged.extend(page.commands);
    }
    if paths(&allowed) != paths(&usable.commands) || paths(&paged) != paths(&allowed) || usable.total as usize != allowed.len() {
        wrong.push("all, those that may be used and their pages differ".to_owned());
    }
    let own = commands.usable(user, guild, channel).of_plugin("cogwright").with_refused().await?.total;
    let rules: Vec<String> = rules.into_iter().collect();
    wrong.truncate(5);
    ctx.reply(format!("{} commands, {own} the host's, rules {}, wrong {wrong:?}", all.total, rules.join(" "))).await
}

async fn costs(ctx: CommandContext) -> Result {
    let list = ctx.host().commands().list(ctx.guild_id()).await?;
    let one = |path: &str| list.iter().find(|it| it.path == path).cloned().ok_or(Error::new("there is none"));
    let (own, log, settings) = (one("costs")?, one("fw_set")?, one("reload")?);
    let from = tokio::time::Instant::now();
    let usable = ctx.host().commands().usable(ctx.user().id, ctx.guild_id(), ctx.channel_id()).with_refused().await?;
    tracing::info!(took_us = from.elapsed().as_micros() as u64, commands = usable.total, "usable");
    ctx.reply(format!(
        "{} {} hidden {} example {:?}; {} {:?} {} {:?} of {} words; {} {:?}",
        own.category, own.icon, own.hidden, own.examples,
        log.plugin, log.typed, log.reached, log.options.iter().map(|it| &*it.name).collect::<Vec<_>>(),
        log.options.get(1).map_or(0, |it| it.choices.len()),
        settings.reached, settings.typed,
    )).await
}
"#;

fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("chance", "all", "0.1.0", "", SOURCE))
        .clone()
}

/// A bot with these commands and a second server: `member` owns it, `docks` is age-restricted, and the bot lacks a right there.
async fn bot() -> Fixture {
    let granted = "[grants.chance]\npowers = [\"commands.rules\"]\n";
    let bot = Fixture::configured(&[], granted)
        .await
        .restart_after(async |stopped| {
            let extensions = stopped.folder.join("extensions");
            support::drop_in(&library(), &extensions, "chance");
            let both = Permissions::MANAGE_MESSAGES | Permissions::KICK_MEMBERS;
            stopped.add_harbour(both);
        })
        .await;
    let docks = bot.sandbox.channel_id("docks").unwrap();
    let path = format!("channels/{docks}");
    let nsfw = json!({"nsfw": true});
    let discord = &bot.bot.services().discord;
    discord.json("PATCH", path, &nsfw, false).await.unwrap();
    bot.until_generation("chance", 1).await;
    bot.sandbox
        .commands_registered("compare", PATIENCE)
        .await
        .unwrap();
    bot
}

async fn said(who: &sandbox::Actor, place: &str, text: &str) -> String {
    let sent = who.says(place, text).await.unwrap();
    who.expects_reply_to(&sent).await.unwrap().text()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_may_use_is_what_why_says_of_each_command_and_the_hosts_own_are_among_them() {
    let bot = bot().await;
    let actor = |name: &str| bot.sandbox.actor(name).unwrap();
    let mut rules = BTreeSet::new();
    let mut compare = async |who: &str, place: &str| {
        let found = said(&actor(who), place, "!compare").await;
        // 60 groups of two, and the rest one each.
        assert!(found.starts_with("371 commands, 8 the host's"), "{found}");
        assert!(found.ends_with("wrong []"), "{who} in {place}: {found}");
        let named = found.split_once("rules ").unwrap().1;
        let named = named.split_once(", wrong").unwrap().0;
        rules.extend(named.split(' ').map(str::to_owned));
    };
    for (who, place) in [("guard", "docks"), ("mod", "pier"), ("member", "dm")] {
        compare(who, place).await;
    }
    assert_eq!(said(&bot.member(), "docks", "!rule").await, "ruled");
    for who in ["owner", "mod", "member", "sailor", "guard", "chief"] {
        for place in ["docks", "pier"] {
            compare(who, place).await;
        }
    }
    let named: Vec<&str> = rules.iter().map(String::as_str).collect();
    assert_eq!(
        named,
        [
            "bot",
            "guild_owner",
            "owner",
            "permissions",
            "place",
            "roles"
        ]
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_listed_with_all_that_help_shows_of_it() {
    let bot = bot().await;
    let told = said(&bot.member(), "docks", "!costs").await;
    assert_eq!(
        told,
        "Chance 🎲 hidden true example [\"costs\"]; cogwright [\"!fw_set\"] hybrid, in the owners' servers: /cogwright set \
         [\"setting\", \"value\"] of 0 words; hybrid, in the owners' servers: /cogwright reload [\"!reload\"]"
    );
    bot.close().await;
}

const ALARM: &str = r#"//! Rings a bell where there is one.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::with_state(|host| async move {
    Ok(host.plugin("bell").call::<_, String>("ring", 1, &()).await.unwrap_or_else(|_| "no bell".to_owned()))
})
.optionally_depends_on("bell")
.command(Command::new("alarm", "Rings").run(|ctx: CommandContext<String>| async move { ctx.reply(ctx.state().as_str()).await })));
"#;

const BELL: &str = r#"//! A bell.
use plugin_api::prelude::*;

async fn ring(_ctx: FunctionContext<()>) -> Result<String> {
    Ok("ding".to_owned())
}
export_plugin!(|| Plugin::new().function("ring", 1, ring));
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_dependency_is_loaded_first_and_need_not_be_there() {
    let (alarm, bell) = (
        fixtures::plugin("alarm", "optional", "0.1.0", "", ALARM),
        fixtures::plugin("bell", "optional", "0.1.0", "", BELL),
    );
    let bot = Fixture::with(&["hello"]).await;
    bot.drop_in(&alarm, "alarm");
    bot.until_generation("alarm", 1).await;
    assert_eq!(bot.ask(&bot.member(), "!alarm").await.content, "no bell");
    bot.drop_in(&bell, "bell");
    bot.until_generation("bell", 1).await;
    // By its name the alarm would come first.
    let bot = bot.restart().await;
    bot.until_generation("alarm", 1).await;
    assert_eq!(bot.ask(&bot.member(), "!alarm").await.content, "ding");
    let reloaded = bot.plugins().reload_all().await.unwrap();
    let names: Vec<&str> = reloaded.iter().map(|it| &*it.plugin).collect();
    assert_eq!(names, ["bell", "alarm", "hello"]);
    // It is reloaded with it.
    let reloaded = bot.plugins().reload("bell").await.unwrap();
    let names: Vec<&str> = reloaded.iter().map(|it| &*it.plugin).collect();
    assert_eq!(names, ["bell", "alarm"]);
    // It is no reason to stay, and none to go with it.
    bot.plugins().unload("bell", false).await.unwrap();
    assert_eq!(bot.ask(&bot.member(), "!alarm").await.content, "ding");
    bot.close().await;
}
