//! Slash commands beside what Discord takes: how many there are, what was grouped and why, and a forecast for a file.
//!
//! The host plans and groups, whether this plugin is loaded or not.

mod bar;
mod forecast;
mod now;

use std::time::Duration;

use plugin_api::{Power, prelude::*};

export_plugin!(|| {
    Plugin::new()
        .category("Framework", "📏")
        .powers([Power::BotRead, Power::PluginsRead])
        .command(slashlimit())
});

fn slashlimit() -> Command {
    Command::new("slashlimit", "Shows how many slash commands there are, and may be")
        .help(
            "How many of Discord's places are taken, which commands are grouped and why. With a file of the extensions \
             folder, or a plugin's name, it shows what would be after its load; nothing is loaded.",
        )
        // `cogwright slash-limit` stands for that.
        .alias("fw_slash_limit")
        .owner_only()
        .ephemeral_by_slash()
        .cooldown(1, Duration::from_secs(10))
        .option(CommandOption::string("file", "A file of the extensions folder, or a plugin; left out: as it is now").rest())
        .autocomplete("file", forecast::files)
        .example("slashlimit")
        .example("slashlimit libshop.so")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let file: Option<String> = ctx.option("file")?;
    let shown = match file.as_deref().map(str::trim) {
        None | Some("") => now::card(ctx.host()).await?,
        Some(file) => forecast::card(ctx.host(), file).await?,
    };
    ctx.reply(shown).await
}
