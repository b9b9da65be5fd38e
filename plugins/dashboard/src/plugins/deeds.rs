//! Deeds on plugins: load, unload, reload, remove, roll back, canaries. Each is the host call of its name, which the host lets through for
//! those alone whose role has it, whatever the page has shown.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{ManagedReply, PluginView, PluginsCall},
    prelude::*,
    text::counted,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    outcome::{canary_words, told},
    standing::serves,
};
use crate::{Dashboard, place, ui::Action};

/// Longest reason that is kept with an unload.
const REASON: usize = 200;

/// What there is to do with a plugin by a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Load,
    Unload,
    Reload,
    Remove,
    Promote,
    TakeBack,
}

impl Deed {
    /// The host call, which is the right to it.
    const fn right(self) -> &'static str {
        match self {
            Self::Load => "plugins.load",
            Self::Unload => "plugins.unload",
            Self::Reload => "plugins.reload",
            Self::Remove => "plugins.remove",
            Self::Promote => "plugins.promote_canary",
            Self::TakeBack => "plugins.take_canary_back",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Load => "/plugins/load",
            Self::Unload => "/plugins/unload",
            Self::Reload => "/plugins/reload",
            Self::Remove => "/plugins/remove",
            Self::Promote => "/plugins/canary/promote",
            Self::TakeBack => "/plugins/canary/back",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Load => "Load",
            Self::Unload => "Unload",
            Self::Reload => "Reload",
            Self::Remove => "Remove",
            Self::Promote => "Promote",
            Self::TakeBack => "Take back",
        }
    }

    /// What is asked first; empty: nothing.
    fn question(self, plugin: &PluginView) -> String {
        let name = &plugin.name;
        let others = match plugin.needed_by.as_slice() {
            [] => String::new(),
            others => format!(" {} need it, and go with it.", others.join(", ")),
        };
        match self {
            Self::Load => String::new(),
            Self::Reload => match plugin.needed_by.as_slice() {
                [] => String::new(),
                others => format!(
                    "Reload {name}? {} use it, and are reloaded as well.",
                    others.join(", ")
                ),
            },
            Self::Unload => {
                format!(
                    "Unload {name}? It stays so until it is loaded again, over a restart, too.{others}"
                )
            }
            Self::Remove => format!(
                "Remove {name}? It is unloaded, and its file taken out of the extensions folder. The file is kept for a rollback, and what it stores stays.{others}"
            ),
            Self::Promote => {
                format!("Promote the canary of {name}? Its file serves all servers from then on.")
            }
            Self::TakeBack => {
                format!("Take the canary of {name} back? The file before serves all servers again.")
            }
        }
    }
}

/// The button of a deed; nothing where whoever looks may not do it.
pub(super) fn button(
    ctx: &RouteContext<Dashboard>,
    deed: Deed,
    plugin: &PluginView,
    then: &str,
) -> Markup {
    if !ctx.may(deed.right()) {
        return html! {};
    }
    // Those that need it go as well, and the question has said so.
    let force = matches!(deed, Deed::Unload | Deed::Remove) && !plugin.needed_by.is_empty();
    let address = format!("{}{}", ctx.base(), deed.path());
    let mut action = Action::new(deed.words(), address)
        .body(&json!({ "name": plugin.name, "force": force }))
        .label(format!("{} {}", deed.words(), plugin.name))
        .then(then);
    let question = deed.question(plugin);
    if !question.is_empty() {
        action = action.confirm(question);
    }
    if matches!(deed, Deed::Unload | Deed::Remove) {
        action = action.danger();
    }
    html! { (action) }
}

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let route = |deed: Deed, words: &str| Route::post(deed.path()).right(deed.right()).words(words);
    plugin
        .route(
            route(Deed::Load, "Loads a plugin of the extensions folder"),
            load,
        )
        .route(
            route(
                Deed::Unload,
                "Unloads a plugin; with `force` those that need it, too",
            ),
            unload,
        )
        .route(
            route(Deed::Reload, "Reloads a plugin, and those that need it"),
            reload,
        )
        .route(
            route(
                Deed::Remove,
                "Unloads a plugin and takes its file out of the extensions folder",
            ),
            remove,
        )
        .route(
            Route::post("/plugins/rollback")
                .right("plugins.rollback")
                .words("Loads a former file of a plugin"),
            roll_back,
        )
        .route(
            Route::post("/plugins/canary/begin")
                .right("plugins.begin_canary")
                .words("Has a newer file of a plugin serve some servers"),
            begin_canary,
        )
        .route(
            route(
                Deed::Promote,
                "Has the canary of a plugin serve all servers",
            ),
            promote,
        )
        .route(
            route(Deed::TakeBack, "Ends the canary of a plugin"),
            take_back,
        )
}

/// What the page sends: of it what the deed needs.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Order {
    pub(super) name: String,
    pub(super) force: bool,
    /// Of an unload.
    reason: String,
    /// Of a rollback: the file's SHA-256.
    which: String,
    /// Of a rollback: with the state that the file had left.
    then: bool,
    /// Of a canary: servers by id or name, with commas or lines between them.
    servers: String,
}

async fn load(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let order: Order = ctx.json()?;
    let reply = ctx.host().plugins().load(&order.name).await?;
    told(&order.name, &reply)
}

async fn reload(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let order: Order = ctx.json()?;
    let reply = ctx.host().plugins().reload(&order.name).await?;
    told(&order.name, &reply)
}

async fn unload(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let Order {
        name,
        force,
        reason,
        ..
    } = ctx.json()?;
    if reason.chars().count() > REASON {
        return Err(Error::user(format!(
            "The reason is too long: at most {REASON} characters are kept."
        )));
    }
    let plugins = ctx.host().plugins();
    let reply = match reason.trim() {
        "" => plugins.unload(&name, force).await?,
        reason => plugins.unload_because(&name, force, reason).await?,
    };
    told(&name, &reply)
}

async fn remove(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let order: Order = ctx.json()?;
    let params = json!({ "name": order.name, "force": order.force });
    let call = ctx.host().call("plugins.remove", params, Vec::new());
    let reply: ManagedReply = serde_json::from_value(call.await?.0)?;
    if reply.begun {
        return told(&order.name, &reply);
    }
    Ok(RouteReply::text(format!(
        "`{}` is removed. A rollback brings it back.",
        order.name
    )))
}

async fn roll_back(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let order: Order = ctx.json()?;
    let call = PluginsCall {
        name: order.name.clone(),
        which: Some(order.which).filter(|which| !which.is_empty()),
        then: order.then,
        force: order.force,
        ..PluginsCall::default()
    };
    let reply = ctx.host().plugins().roll_back_to(&call).await?;
    told(&order.name, &reply)
}

async fn begin_canary(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let order: Order = ctx.json()?;
    let mut guilds = Vec::new();
    for words in order.servers.split([',', '\n']).map(str::trim) {
        if !words.is_empty() {
            guilds.push(place::server(ctx.host(), words).await?.get());
        }
    }
    let canary = ctx
        .host()
        .plugins()
        .begin_canary(&order.name, &guilds)
        .await?;
    Ok(RouteReply::text(canary_words(&order.name, &canary)))
}

async fn promote(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let order: Order = ctx.json()?;
    let reply = ctx.host().plugins().promote_canary(&order.name).await?;
    told(&order.name, &reply)
}

async fn take_back(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let order: Order = ctx.json()?;
    let canary = ctx.host().plugins().take_canary_back(&order.name).await?;
    Ok(RouteReply::text(format!(
        "The canary of `{}` is taken back. It has handled {}, of which {} failed.",
        order.name,
        counted(canary.handled, "thing"),
        canary.failed
    )))
}

/// A form that unloads with a reason; nothing where whoever looks may not, or it does not serve.
pub(super) fn unload_form(ctx: &RouteContext<Dashboard>, plugin: &PluginView) -> Markup {
    if !serves(plugin) || !ctx.may(Deed::Unload.right()) {
        return html! {};
    }
    html! {
        form.stack data-post={ (ctx.base()) (Deed::Unload.path()) } data-confirm=(Deed::Unload.question(plugin)) data-danger data-then="refresh:#plugin" {
            input type="hidden" name="name" value=(plugin.name);
            div.field {
                label for="unload-reason" { "Reason, which is shown until it is loaded again" }
                input #unload-reason type="text" name="reason" maxlength=(REASON) placeholder="none";
            }
            label.row { input type="checkbox" name="force"; " also those that need it, and without its state if that can't be saved" }
            div.actions { button.button.danger type="submit" { "Unload" } }
            p.error role="alert" data-error {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::standing::tests::serving;

    #[test]
    fn questions_name_whoever_goes_with_it() {
        let mut plugin = serving("tea");
        assert_eq!(Deed::Reload.question(&plugin), "");
        plugin.needed_by = vec!["shop".to_owned(), "bar".to_owned()];
        assert!(
            Deed::Unload
                .question(&plugin)
                .ends_with("shop, bar need it, and go with it.")
        );
        assert!(Deed::Reload.question(&plugin).contains("shop, bar use it"));
    }

    #[test]
    fn nothing_else_than_what_a_deed_needs_is_taken() {
        let order: Result<Order, _> =
            serde_json::from_value(json!({ "name": "tea", "action": "delete" }));
        assert!(order.is_err());
    }
}
