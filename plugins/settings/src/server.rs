//! Command `serversettings`: this server at a glance, for those who manage it.

use std::collections::BTreeMap;

use plugin_api::{
    EmbedBuilder,
    prelude::*,
    text::{ago, counted, listed, made, moment, number, word},
};

use crate::{given, place::described, words::shown};

/// The host, as if it were a plugin.
const HOST: &str = "cogwright";

/// What a reader is told where a power was taken away.
const NOT_GRANTED: &str =
    "The bot's owner keeps that private: this plugin has not been granted the power to see it.";

pub(super) fn command() -> Command {
    Command::new("serversettings", "Shows how the bot is set up in this server")
        .help("The prefix, how commands are typed here, rules of commands, plugins' settings that this server has changed, and facts of the server.")
        .guild_only()
        .permissions(Permissions::MANAGE_GUILD)
        .example("serversettings")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let guild = ctx.guild()?;
    let host = ctx.host();
    let mut card = embed("How the bot is set up here");
    if let Some(it) = given("commands.prefix", host.commands().prefix(guild).await) {
        let own = if it.own {
            "this server's own"
        } else {
            "the bot's"
        };
        let mention = if it.mention_prefix {
            "works like it"
        } else {
            "is only a mention"
        };
        card = card
            .field("Prefix", format!("`{}`, {own}", word(&it.prefix)), true)
            .field("A mention of the bot", mention, true)
            .field(
                "How commands are typed",
                typed(&it.prefix, it.mention_prefix),
                false,
            );
    }
    card = rules(card, &ctx, guild).await;
    let all = given(
        "settings.describe",
        described(host, Some(guild.get()), None).await,
    );
    card = card.field("Settings of plugins", settings(all), false);
    ctx.reply(facts(card, &ctx, guild).await.now().build())
        .await
}

fn typed(prefix: &str, mention: bool) -> String {
    let prefix = word(prefix);
    let mention = if mention { ", `@bot help`" } else { "" };
    format!("`{prefix}help`{mention}, or `/help` where Discord lists it")
}

/// Which roles are needed for which command or group.
async fn rules(
    card: EmbedBuilder,
    ctx: &CommandContext,
    guild: Id<marker::GuildMarker>,
) -> EmbedBuilder {
    let Some(commands) = given(
        "commands.list",
        ctx.host().commands().list(Some(guild)).await,
    ) else {
        return card;
    };
    let commands = commands.into_iter().filter(|it| it.plugin != HOST);
    let (mut ruled, mut all) = (BTreeMap::new(), 0_u64);
    for command in commands {
        all += 1;
        if !command.roles.is_empty() && !command.owner_only {
            ruled.insert(command.path, command.roles);
        }
    }
    let lines: Vec<String> = ruled
        .iter()
        .map(|(path, roles)| {
            let roles: Vec<String> = roles.iter().map(|role| format!("<@&{role}>")).collect();
            format!("`{path}` {}", roles.join(" "))
        })
        .collect();
    let rules = match &*lines {
        [] => format!("none of {} needs a role", counted(all, "command")),
        lines => listed(lines, "\n"),
    };
    card.field("Rules of commands", rules, false)
}

fn settings(all: Option<plugin_api::abi::DescribeReply>) -> String {
    let Some(all) = all else {
        return NOT_GRANTED.to_owned();
    };
    let own = all.settings.iter().filter(|one| one.value != one.default);
    let lines: Vec<String> = own
        .map(|one| {
            let whose = if one.from == "server" {
                ""
            } else {
                " (the bot's)"
            };
            format!("`{}` {}{whose}", one.path, shown(one, &one.value))
        })
        .collect();
    match &*lines {
        [] if all.settings.is_empty() => "no plugin that is loaded has any for a server".to_owned(),
        [] if all.settings.len() == 1 => "the only one is as it comes".to_owned(),
        [] => format!("all {} are as they come", number(all.settings.len() as u64)),
        lines => listed(lines, "\n"),
    }
}

async fn facts(
    card: EmbedBuilder,
    ctx: &CommandContext,
    id: Id<marker::GuildMarker>,
) -> EmbedBuilder {
    let cache = ctx.host().cache();
    let card = card.footer(format!("Server {id}"));
    let Some(guild) = given("cache.guild", cache.guild(id).or_fetch().await) else {
        return card;
    };
    let channels = given("cache.channels", cache.channels(id).known().await);
    let mut lines = vec![
        format!("**{}**, of <@{}>", word(&guild.name), guild.owner_id),
        format!("made {}", moment(made(id.get()) * 1_000, 'D')),
    ];
    if let Some(joined) = guild.joined_at {
        let joined = u64::try_from(joined.as_secs()).unwrap_or(0) * 1_000;
        lines.push(format!("the bot came {}", ago(joined)));
    }
    if let Some(members) = guild.member_count {
        lines.push(counted(members, "member"));
    }
    if let Some(channels) = channels {
        lines.push(counted(channels.len() as u64, "channel"));
    }
    // The role that everybody has is none to count.
    let roles = guild.roles.len().saturating_sub(1) as u64;
    lines.push(counted(roles, "role"));
    card.field("Server", lines.join("\n"), false)
}
