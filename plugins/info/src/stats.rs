//! Command `stats`: the bot's figures.

use std::{cmp::Reverse, collections::BTreeMap};

use plugin_api::{
    EmbedBuilder,
    abi::{BotStatus, HourView, ServersCall, SlashBudget, UsageView},
    prelude::*,
    text::{chart, counted, number, size, span},
};

use crate::{NOT_GRANTED, given};

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
    match (bot.commands_failed, bot.commands_used) {
        (0, _) | (_, 0) => failed,
        (errors, used) => format!("{failed} ({:.1} %)", 100.0 * errors as f64 / used as f64),
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

/// One of an hour's counts.
type Of = fn(&HourView) -> u64;

fn by_the_hour(card: EmbedBuilder, hours: &[HourView]) -> EmbedBuilder {
    let Some(now) = hours.last() else {
        return card;
    };
    let kinds: [(&str, Of); 3] = [
        ("message", |hour| hour.messages),
        ("command", |hour| hour.commands),
        ("error", |hour| hour.errors),
    ];
    if hours.len() == 1 {
        let counts = kinds.map(|(what, of)| counted(of(now), what));
        return card.field("This hour", counts.join(", "), false);
    }
    let rows = kinds.map(|(what, of)| {
        let bars = chart(hours.iter().map(of));
        format!("`{bars}` {what}s, {} in this hour", number(of(now)))
    });
    let title = format!("The last {} hours", hours.len());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A bot's hours with so many messages in each, and an error in the first.
    fn hours(messages: &[u64]) -> Vec<HourView> {
        let hour = |(at, messages): (usize, &u64)| {
            let mut hour = HourView::default();
            (hour.messages, hour.errors) = (*messages, u64::from(at == 0));
            hour
        };
        messages.iter().enumerate().map(hour).collect()
    }

    fn shown(messages: &[u64]) -> Vec<(String, String)> {
        let card = by_the_hour(embed("Statistics"), &hours(messages)).build();
        let fields = card.fields.into_iter();
        fields.map(|field| (field.name, field.value)).collect()
    }

    #[test]
    fn hours_are_a_chart_as_soon_as_there_are_two() {
        assert_eq!(shown(&[]), []);
        let one = (
            "This hour".into(),
            "1,200 messages, 0 commands, 1 error".into(),
        );
        assert_eq!(shown(&[1_200]), [one]);
        let rows = "`▁█▅` messages, 5 in this hour\n`▁▁▁` commands, 0 in this hour\n`█▁▁` errors, 0 in this hour";
        assert_eq!(
            shown(&[0, 10, 5]),
            [("The last 3 hours".into(), rows.into())]
        );
    }

    #[test]
    fn errors_have_a_share_where_there_are_some() {
        let mut bot = BotStatus::default();
        assert_eq!(errors(&bot), "0");
        bot.commands_used = 2_000;
        assert_eq!(errors(&bot), "0");
        bot.commands_failed = 30;
        assert_eq!(errors(&bot), "30 (1.5 %)");
    }

    #[test]
    fn days_of_a_command_are_added_up_and_the_first_five_named() {
        let used = |command: &str, uses: u64| {
            let mut used = UsageView::default();
            command.clone_into(&mut used.command);
            used.uses = uses;
            used
        };
        let days = ["b", "a", "f", "e", "d", "c"].map(|name| used(name, 2));
        let days: Vec<_> = days.into_iter().chain([used("f", 1_000)]).collect();
        assert_eq!(
            most_used(&days),
            "1. `f`: 1,002 uses\n2. `a`: 2 uses\n3. `b`: 2 uses\n4. `c`: 2 uses\n5. `d`: 2 uses"
        );
    }
}
