//! Command `fw_history`: how the bot was, entry by entry.

use plugin_api::{
    prelude::*,
    text::{DESCRIPTION, lines, moment, number, size},
};

use crate::{
    judge::percent,
    memory::Memory,
    watch::{Entry, HISTORY, history as kept, listed},
};

pub(super) fn history() -> Command<Memory> {
    Command::new("fw_history", "Shows how healthy the bot was lately")
        .help("An entry is made each five minutes, and when the state changes; 48 are kept.")
        .example("fw_history 20")
        .option(
            CommandOption::integer("entries", "How many entries, the latest first")
                .min(1)
                .max(20)
                .default("10"),
        )
        .run(run)
}

async fn run(ctx: CommandContext<Memory>) -> Result {
    let wanted: u8 = ctx.option("entries")?;
    let all = kept(ctx.host()).await.map_err(|error| {
        tracing::warn!("{error}");
        Error::user(format!(
            "`{HISTORY}` can't be read. The next look, within a minute, begins a new one."
        ))
    })?;
    let card = embed("Health, lately");
    if all.is_empty() {
        let text = "Nothing yet: the first look is a minute after the plugin was loaded.";
        return ctx.reply(card.description(text)).await;
    }
    let shown: Vec<String> = all.iter().rev().take(wanted.into()).map(line).collect();
    ctx.reply(card.description(lines(&shown, DESCRIPTION)).footer(format!(
        "{} of {} entries",
        shown.len(),
        all.len()
    )))
    .await
}

fn line(entry: &Entry) -> String {
    let mut text = format!(
        "{} {} **{}** · {} of {} failed{} · {:.0} ms late · {}",
        entry.state.mark(),
        moment(entry.at_ms, 't'),
        entry.state,
        number(entry.errors),
        number(entry.commands),
        match entry.errors {
            0 => String::new(),
            errors => format!(" ({:.1} %)", percent(errors, entry.commands)),
        },
        entry.lag_ms,
        size(entry.memory_bytes),
    );
    if !entry.reasons.is_empty() {
        text.push('\n');
        text.push_str(&listed(&entry.reasons));
    }
    text
}
