//! Command `modules`: the plugins that are loaded, for everybody.
//!
//! The owners' `extensions` shows files and failures; what people may know is here.

use plugin_api::{
    abi::{PluginState, PluginView},
    prelude::*,
    text::{ago, clip, counted, milliseconds},
};

use crate::{NOT_GRANTED, given};

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
    let mut footer = format!("{} loaded", counted(serving as u64, "plugin"));
    if serving < plugins.len() {
        footer.push_str(&format!(", {} not running", plugins.len() - serving));
    }
    let mut card = embed("Plugins").footer(footer);
    for plugin in plugins.iter().skip(ctx.index() * PAGE).take(PAGE) {
        let title = format!("{} {}", plugin.name, plugin.version);
        card = card.field(title.trim_end(), told(plugin), false);
    }
    Ok(Page::new(card, plugins.len().div_ceil(PAGE)))
}

fn is_up(plugin: &PluginView) -> bool {
    plugin.state == PluginState::Serving
}

fn told(plugin: &PluginView) -> String {
    // Why is the owners' business: it may name paths.
    if !is_up(plugin) {
        return "🔴 is not running".into();
    }
    let figures = format!(
        "{}, loaded {} in {}",
        counted(plugin.commands.into(), "command"),
        ago(plugin.since_ms),
        milliseconds(plugin.load_us),
    );
    match &*plugin.description {
        "" => figures,
        text => format!("{}\n{figures}", clip(text, DESCRIPTION)),
    }
}
