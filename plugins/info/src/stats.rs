//! Command `stats`: the bot's figures.

use std::{cmp::Reverse, collections::BTreeMap};

use plugin_api::{
    EmbedBuilder,
    abi::{BotStatus, HourView, ServersCall, SlashBudget, UsageView},
    prelude::*,
};

use crate::{
    NOT_GRANTED, given,
    words::{chart, counted, number, size, span},
};

/// Commands that are named.
const TOP: usize = 5;

pub(super) fn stats() -> Command {
    Command::new("stats", "Shows how the bot fares")
        .help("Servers, members, commands, memory and more, since the bot began; messages and commands by the hour; the commands that were used most in 30 days.")
        .example("stats")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let host = ctx.host();
    let mut card = embed("Statistics").now();
    card = match given("bot.status", host.bot().status().await) {
        Some(bot) => {
            let slash = given("slash.budget", host.bot().slash_budget().await);
            by_the_hour(figures(card, &bot, slash.as_ref()), &bot.hours)
        }
        None => without_power(&ctx, card).await,
    };
    let usage = given("commands.usage", host.commands().usage(None, None).await);
    let usage = usage.unwrap_or_default();
    if !usage.is_empty() {
        card = card.field("Used most in 30 days", most_used(&usage), false);
    }
    ctx.reply(card.build()).await
}

fn figures(card: EmbedBuilder, bot: &BotStatus, slash: Option<&SlashBudget>) -> EmbedBuilder {
    let latency = bot.latency_ms.map_or_else(
        || "not measured yet".into(),
        |latency| format!("{latency:.0} ms"),
    );
    let shards = match bot.shards_connected {
        connected if connected == bot.shards => number(connected.into()),
        connected => format!("{connected} of {} connected", bot.shards),
    };
    let card = card
        .field("Uptime", span(bot.up_ms), true)
        .field("Servers", number(bot.guilds), true)
        .field("Members", number(bot.members), true)
        .field("Commands used", number(bot.commands_used), true)
        .field("Errors", errors(bot), true)
        .field("Messages seen", number(bot.messages), true)
        .field("Plugins", plugins(bot), true)
        .field("Latency", latency, true)
        .field("Shards", shards, true)
        .field("Memory", size(bot.memory_bytes), true)
        .field("Processor", format!("{:.1} %", bot.cpu_percent), true);
    match slash {
        Some(slash) => card.field(
            "Slash commands",
            format!("{} of {}", slash.used, slash.limit),
            true,
        ),
        None => card,
    }
}

fn errors(bot: &BotStatus) -> String {
    let failed = number(bot.commands_failed);
    match bot.commands_used {
        0 => failed,
        used => {
            let percent = 100.0 * bot.commands_failed as f64 / used as f64;
            format!("{failed} ({percent:.1} %)")
        }
    }
}

fn plugins(bot: &BotStatus) -> String {
    let text = format!(
        "{}, {}",
        number(bot.plugins.into()),
        counted(bot.commands.into(), "command")
    );
    match bot.plugins_refused {
        0 => text,
        down => format!("{text}; {down} not running"),
    }
}

/// What everybody may know, whatever the plugin was granted.
async fn without_power(ctx: &CommandContext, card: EmbedBuilder) -> EmbedBuilder {
    let call = ServersCall {
        limit: Some(1),
        ..ServersCall::default()
    };
    let card = card.description(NOT_GRANTED);
    match given("cache.servers", ctx.host().cache().servers(&call).await) {
        Some(servers) => card.field("Servers", number(servers.total), true).field(
            "Members",
            number(servers.members),
            true,
        ),
        None => card,
    }
}

fn by_the_hour(card: EmbedBuilder, hours: &[HourView]) -> EmbedBuilder {
    let row = |what: &str, of: fn(&HourView) -> u64| {
        let values = hours.iter().map(of);
        let last = values.clone().next_back().unwrap_or(0);
        format!("`{}` {what}, {} in this one", chart(values), number(last))
    };
    let rows = [
        row("messages", |hour| hour.messages),
        row("commands", |hour| hour.commands),
        row("errors", |hour| hour.errors),
    ];
    let title = match hours.len() {
        0 => return card,
        1 => "This hour".into(),
        hours => format!("The last {hours} hours"),
    };
    card.field(title, rows.join("\n"), false)
}

fn most_used(usage: &[UsageView]) -> String {
    let mut uses: BTreeMap<&str, u64> = BTreeMap::new();
    for day in usage {
        *uses.entry(&day.command).or_default() += day.uses;
    }
    let mut uses: Vec<_> = uses.into_iter().collect();
    uses.sort_by_key(|(command, uses)| (Reverse(*uses), *command));
    let places = uses.iter().take(TOP).enumerate();
    let lines = places
        .map(|(at, (command, uses))| format!("{}. `{command}`: {}", at + 1, counted(*uses, "use")));
    lines.collect::<Vec<_>>().join("\n")
}
