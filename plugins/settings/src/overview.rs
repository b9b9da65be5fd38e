//! Command `fw_settings`: settings of the host and of plugins, for owners.

use plugin_api::{
    abi::DescribeReply,
    prelude::*,
    text::{FIELDS, clip, plain},
};

use crate::{
    place::{Place, Scope, described, table_of},
    view,
    words::lines,
};

/// Characters of an embed that are left for its fields.
const EMBED: usize = 5_300;

pub(super) fn command() -> Command {
    Command::new("fw_settings", "Shows settings, their values and what they accept")
        .alias("fw_config")
        .help(
            "Without an argument: what is not as it comes, and a menu that changes settings. `cogwright set` changes one by typing.",
        )
        .option(CommandOption::string(
            "of",
            "A plugin, or a table of config.toml",
        ))
        .autocomplete("of", tables)
        .example("fw_settings")
        .example("fw_settings bot")
        .run(show)
}

/// The plugins and tables that have in them what is typed.
async fn tables(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let typed = ctx.typed().to_lowercase();
    let all = described(ctx.host(), None, None).await?;
    let mut tables: Vec<&str> = all.settings.iter().map(table_of).collect();
    tables.dedup();
    let found = tables.into_iter().filter(|table| table.contains(&typed));
    Ok(found.take(25).map(str::to_owned).collect())
}

async fn show(ctx: CommandContext) -> Result {
    let of: Option<String> = ctx.option("of")?;
    let all = described(ctx.host(), None, of.clone()).await?;
    let shown = match of {
        None => view::tables(&ctx, all, Place::new(Scope::Bot))?,
        Some(of) => listed(&format!("Settings of {of}"), &all),
    };
    ctx.reply(shown).await
}

/// Settings, each with what it is and may be.
pub(super) fn listed(title: &str, all: &DescribeReply) -> NewMessage {
    let count = all.settings.len();
    let mut shown = embed(title);
    if let Some(trouble) = &all.trouble {
        let text = format!(
            "⚠ config.toml can't be read, the last good values hold:\n{}",
            clip(&plain(trouble), 300)
        );
        shown = shown.error().description(text);
    } else if count == 0 {
        shown = shown.description("Nothing is set, and no loaded plugin declares settings.");
    } else if count > FIELDS {
        shown = shown.description(format!(
            "{FIELDS} of {count}; name a plugin or a table for the others"
        ));
    }
    // Discord takes so many characters of all of them.
    let room = EMBED / count.clamp(1, FIELDS);
    for one in all.settings.iter().take(FIELDS) {
        let room = room.saturating_sub(one.path.len()).clamp(60, 220);
        shown = shown.field(&one.path, clip(&lines(one), room), false);
    }
    shown.build().into()
}
