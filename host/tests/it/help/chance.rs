//! Property of help: its lists are what `commands.why` allows, whoever asks, wherever, by whatever rules.

use std::{collections::BTreeSet, path::PathBuf, sync::OnceLock};

use serde_json::json;
use twilight_model::guild::Permissions;

use super::{all_labels, help, proposed, registered};
use crate::{
    fixtures,
    support::{self, Fixture},
};

/// How often it is tried.
const ROUNDS: u64 = 200;

const SOURCE: &str = r#"//! Commands with rules by chance, and one that says which `why` allows.
use plugin_api::prelude::*;

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
        match self.below(14) {
            0 => command.guild_only(),
            1 if is_alone => command.dm_only(),
            2 => command.age_restricted(),
            3 => command.owner_only(),
            4 => command.guild_owner_only(),
            5 => command.permissions(Permissions::BAN_MEMBERS),
            6 => command.permissions(Permissions::MANAGE_MESSAGES | Permissions::KICK_MEMBERS),
            7 => command.any_role(["captain", "Nobody"]),
            8 => command.any_role(["Guard"]).permissions(Permissions::SEND_MESSAGES),
            9 => command.bot_permissions(Permissions::MANAGE_THREADS),
            10 => command.age_restricted().any_role(["Captain"]),
            _ => command,
        }
    }
}

export_plugin!(|| {
    let mut random = Random(4);
    let mut plugin = Plugin::new()
        .category("Dice", "🎲")
        .powers([plugin_api::Power::CommandsRules])
        .command(Command::new("allowed", "Asks why of each").hidden().run(allowed))
        .command(Command::new("rule", "Names roles by chance").hidden().option(CommandOption::integer("seed", "Chance").required()).run(rule));
    for number in 0..16 {
        let command = |name: String| Command::new(name, "One of many").prefix_only().run(|ctx: CommandContext| async move { ctx.reply("done").await });
        let name = format!("throw{number}");
        plugin = plugin.command(if number % 2 == 0 {
            random.rules(command(name), true)
        } else {
            let one = random.rules(command("one".into()), false);
            let two = random.rules(command("two".into()), false);
            random.rules(Command::group(name, "A group").prefix_only().command(one).command(two), false)
        });
    }
    plugin
});

async fn rule(ctx: CommandContext) -> Result {
    let seed: i64 = ctx.option("seed")?;
    let (guild, mut random) = (ctx.guild()?, Random(seed as u64));
    let name = format!("throw{}", random.below(16));
    let roles = [vec![], vec!["Captain".to_owned()], vec!["Guard".to_owned(), "Captain".to_owned()], vec!["@everyone".to_owned()]];
    let roles = &roles[random.below(4) as usize];
    let set = ctx.host().commands().require_roles(guild, &name, roles).await;
    match set {
        Err(error) if error.user_message().is_none() => Err(error),
        _ => ctx.reply("ruled").await,
    }
}

async fn allowed(ctx: CommandContext) -> Result {
    let commands = ctx.host().commands();
    let mut names = Vec::new();
    for command in commands.list(ctx.guild_id()).await? {
        if !command.path.starts_with("throw") {
            continue;
        }
        let why = commands.why(&command.path, ctx.user().id, ctx.guild_id(), ctx.channel_id()).await?;
        if why.rule.is_none() {
            names.push(command.path);
        }
    }
    ctx.reply(format!("allowed,{}", names.join(","))).await
}
"#;

fn dice() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("dice", "help", "0.1.0", "", SOURCE))
        .clone()
}

/// A second server: `member` owns it, `docks` is age-restricted, and the bot lacks a right there.
async fn bot() -> Fixture {
    let granted = "[grants.dice]\npowers = [\"commands.rules\"]\n";
    let bot = Fixture::configured(&["help"], granted)
        .await
        .restart_after(async |stopped| {
            let extensions = stopped.folder.join("extensions");
            support::drop_in(&dice(), &extensions, "dice");
            let both = Permissions::MANAGE_MESSAGES | Permissions::KICK_MEMBERS;
            stopped.add_harbour(both);
        })
        .await;
    let docks = bot.sandbox.channel_id("docks").unwrap();
    let discord = &bot.bot.services().discord;
    let nsfw = json!({"nsfw": true});
    let path = format!("channels/{docks}");
    discord.json("PATCH", path, &nsfw, false).await.unwrap();
    bot.until_generation("dice", 1).await;
    registered(&bot, "allowed").await;
    registered(&bot, "help").await;
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn what_help_lists_is_what_why_allows_by_rules_of_chance() {
    let bot = bot().await;
    let actor = |name: &str| bot.sandbox.actor(name).unwrap();
    let people = ["owner", "mod", "member", "sailor", "guard", "chief"].map(actor);
    let mut numbers = BTreeSet::new();
    for round in 0..ROUNDS {
        // 6 people and 3 places are 18: each pair comes again and again, under other rules.
        let who = &people[round as usize % people.len()];
        let place = ["docks", "pier", "dm"][(round / 6) as usize % 3];
        let seed = [("seed", json!(round))];
        let ruled = bot.owner().slash("pier", "rule", &seed).await;
        // Who is allowed to change rules is no question here: the member owns the server.
        let ruled = match ruled {
            Ok(ruled)
                if ruled
                    .message
                    .as_ref()
                    .is_some_and(|it| it.text() == "ruled") =>
            {
                ruled
            }
            _ => bot.member().slash("pier", "rule", &seed).await.unwrap(),
        };
        assert_eq!(ruled.message.unwrap().text(), "ruled");
        let asked = who.slash(place, "allowed", &[]).await.unwrap();
        let allowed = who.expects_reply_to(&asked).await.unwrap().text();
        let allowed: BTreeSet<String> = allowed
            .split(',')
            .skip(1)
            .map(str::to_owned)
            .filter(|it| !it.is_empty())
            .collect();
        let at = format!("round {round}: {} in {place}", who.name());

        let proposed = proposed(who, place, "throw").await;
        assert_eq!(
            proposed.into_iter().collect::<BTreeSet<_>>(),
            allowed,
            "{at}"
        );
        let above = |path: &String| match path.split_once(' ') {
            Some((group, _)) => format!("{group} …"),
            None => path.clone(),
        };
        let expected: BTreeSet<String> = allowed.iter().map(above).collect();
        if !expected.is_empty() {
            let first = help(who, place, "dice").await;
            let listed = all_labels(who, first).await;
            assert_eq!(
                listed.into_iter().collect::<BTreeSet<_>>(),
                expected,
                "{at}"
            );
        }
        let group = allowed.iter().find_map(|path| path.split_once(' '));
        if let Some((group, _)) = group {
            let listed = all_labels(who, help(who, place, group).await).await;
            let inside = allowed
                .iter()
                .filter(|it| it.split_once(' ').is_some_and(|(it, _)| it == group));
            assert_eq!(listed, inside.cloned().collect::<Vec<_>>(), "{at}");
        }
        numbers.insert(allowed.len());
    }
    assert!(numbers.len() > 5, "the rules differ: {numbers:?}");
    bot.close().await;
}
