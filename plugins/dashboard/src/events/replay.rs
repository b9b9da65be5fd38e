//! Replay of an event to one plugin, in the sandbox: for trying a handler out again and again.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{PluginState, PluginsCall},
    prelude::*,
};
use serde::Deserialize;

use super::{GONE, refuse_own_servers};
use crate::{Dashboard, ui};

/// The host call, and so the right.
const RIGHT: &str = "events.replay";

/// Plugins to choose from.
const MOST: u32 = 500;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin.route(
        Route::post("/events/replay").right(RIGHT).words(
            "Has a plugin hear the event with this `number` once more; in the sandbox alone",
        ),
        replay,
    )
}

/// The form below an event; nothing where it would be refused.
pub(super) async fn form(ctx: &RouteContext<Dashboard>, number: u64) -> Result<Markup> {
    let is_kept = ctx.state().events.raw(number).is_some();
    if !is_kept || !ctx.may(RIGHT) || !ctx.host().bot().status().await?.simulated {
        return Ok(html! {});
    }
    let call = PluginsCall {
        limit: Some(MOST),
        ..PluginsCall::default()
    };
    let plugins = ctx.host().plugins().page(&call).await?.plugins;
    let own = ctx.host().plugin_name();
    let loaded = plugins
        .iter()
        .filter(|it| it.state == PluginState::Serving && it.name != own);
    Ok(html! {
        form.row data-post={ (ctx.base()) "/events/replay" } {
            input type="hidden" name="number" value=(number);
            div.field {
                label for="replay-plugin" { "Once more, to the plugin" }
                select #replay-plugin name="plugin" required {
                    @for plugin in loaded { option value=(plugin.name) { (ui::name(&plugin.name)) } }
                }
            }
            button.button type="submit" { "Replay" }
            p.error role="alert" data-error {}
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    number: String,
    plugin: String,
}

async fn replay(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    refuse_own_servers(&ctx)?;
    let wanted: Replay = ctx.json()?;
    let number = wanted.number.parse().ok();
    let kept = number.and_then(|number| ctx.state().events.raw(number));
    let (kind, json) = kept.ok_or_else(|| Error::user(GONE))?;
    ctx.host().replay_event(&wanted.plugin, &kind, json).await?;
    Ok(RouteReply::text(format!(
        "`{}` hears this {kind} once more.",
        wanted.plugin
    )))
}
