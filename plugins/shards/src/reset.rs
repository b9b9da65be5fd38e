//! Command `shardreset`: counts begin from zero.

use plugin_api::{
    abi::ShardView,
    prelude::*,
    text::{DESCRIPTION, counted, lines, word},
};

use crate::{memory::Watch, words::shard};

/// What stands for each shard.
const ALL: &str = "all";

pub(super) fn shardreset() -> Command<Watch> {
    Command::new("shardreset", "Has a shard, or all of them, count from zero")
        .help("Events, reconnects and resumes, and the latencies that were seen. The connection stays as it is.")
        .example("shardreset 0")
        .example("shardreset")
        .option(CommandOption::string("id", "Its number; left out, or `all`: each").default(ALL))
        .autocomplete("id", ids)
        .run(run)
}

async fn ids(ctx: AutocompleteContext<Watch>) -> Result<Vec<String>> {
    let shards = ctx.host().shards().await?.shards;
    let numbers = shards.iter().map(|shard| shard.id.to_string());
    let all = std::iter::once(ALL.to_owned()).chain(numbers);
    Ok(all
        .filter(|id| id.starts_with(ctx.typed().trim()))
        .take(25)
        .collect())
}

async fn run(ctx: CommandContext<Watch>) -> Result {
    let typed: String = ctx.option("id")?;
    let before = ctx.host().shards().await?.shards;
    let only = match typed.trim() {
        all if all.eq_ignore_ascii_case(ALL) => None,
        // As the reference writes it.
        "-1" => None,
        number => Some(number.parse::<u32>().map_err(|_| {
            Error::user(format!(
                "`{}` is no number of a shard: name one, or `{ALL}`.",
                word(number)
            ))
        })?),
    };
    let reset: Vec<&ShardView> = match only {
        Some(number) => vec![shard(&before, number)?],
        None => before.iter().collect(),
    };
    ctx.host().reset_shard(only).await?;
    for shard in &reset {
        if let Some(seen) = ctx.state().0.borrow_mut().shards.get_mut(&shard.id) {
            seen.latencies.clear();
        }
    }
    let told: Vec<String> = reset.iter().map(|shard| line(shard)).collect();
    let card = embed("Counts begin from zero")
        .success()
        .description(lines(&told, DESCRIPTION));
    ctx.reply(card).await
}

fn line(shard: &ShardView) -> String {
    format!(
        "Shard {} had {}, {} and {}",
        shard.id,
        counted(shard.events, "event"),
        counted(shard.reconnects, "reconnect"),
        counted(shard.resumes, "resume"),
    )
}
