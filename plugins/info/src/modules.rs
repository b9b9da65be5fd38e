//! Command `modules`: the plugins that are loaded, for everybody.
//!
//! The owners' `extensions` shows files and failures; what people may know is here.

use plugin_api::{
    abi::{PluginState, PluginView},
    prelude::*,
};

use crate::{
    NOT_GRANTED, given,
    words::{ago, beginning, counted, milliseconds},
};

/// Plugins on a page.
const PAGE: usize = 10;

/// Characters of what a plugin says of itself.
const DESCRIPTION: usize = 120;

pub(super) fn modules() -> Command {
    Command::new("modules", "Shows the plugins that the bot is made of")
        .alias("plugins")
        .example("modules")
        .run(async |ctx: CommandContext| ctx.pages("modules", "").await)
}

pub(super) async fn page(ctx: PageContext) -> Result<Page> {
    let Some(plugins) = given("plugins.list", ctx.host().plugins().all().await) else {
        return Ok(Page::new(embed("Plugins").description(NOT_GRANTED), 1));
    };
    let serving = plugins.iter().filter(|plugin| is_up(plugin)).count();
    let shown = plugins.iter().skip(ctx.index() * PAGE).take(PAGE);
    let lines: Vec<String> = shown.map(line).collect();
    let mut footer = format!("{} loaded", counted(serving as u64, "plugin"));
    if serving < plugins.len() {
        footer.push_str(&format!(", {} not running", plugins.len() - serving));
    }
    let card = embed("Plugins")
        .description(lines.join("\n"))
        .footer(footer);
    Ok(Page::new(card, plugins.len().div_ceil(PAGE)))
}

fn is_up(plugin: &PluginView) -> bool {
    plugin.state == PluginState::Serving
}

fn line(plugin: &PluginView) -> String {
    let name = &plugin.name;
    // Why is the owners' business: it may name paths.
    if !is_up(plugin) {
        return format!("🔴 **{name}** is not running");
    }
    let mut text = format!(
        "🟢 **{name}** {} · {} · loaded {} in {}",
        plugin.version,
        counted(plugin.commands.into(), "command"),
        ago(plugin.since_ms),
        milliseconds(plugin.load_us),
    );
    if !plugin.description.is_empty() {
        text.push('\n');
        text.push_str(&beginning(&plugin.description, DESCRIPTION));
    }
    text
}
