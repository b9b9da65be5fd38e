//! Servers to pick one from, to see its settings.

use maud::html;
use plugin_api::{RouteContext, RouteReply, prelude::*};

use super::SEES;
use crate::{Dashboard, picker::Picker};

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let own = ctx.session().own_servers;
    if !own && !ctx.may(SEES) {
        return Err(Error::user(
            "Your role does not see settings. Ask one of the bot's owners.",
        ));
    }
    let picker = Picker {
        tab: "settings",
        title: "Settings of a server",
        words: "Pick the server.",
        address: "/settings/servers",
        leads: "/settings/server",
        actions: html! { @if !own { a.button href={ (ctx.base()) "/settings" } { "Settings of the bot" } } },
    };
    picker.page(&ctx).await
}
