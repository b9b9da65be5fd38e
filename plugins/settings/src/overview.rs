//! Command `fw_settings`: settings of the host and of plugins, for owners.

use plugin_api::prelude::*;

use crate::{
    listing::listed,
    place::{Place, Scope, described, table_of},
    view,
};

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
