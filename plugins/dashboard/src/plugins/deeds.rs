//! Deeds on plugins: load, unload, reload, remove, roll back, canaries. Each is the host call of its name, which the host lets through for
//! those alone whose role has it, whatever the page has shown.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{CanaryView, LoadView, ManagedReply, PluginView, PluginsCall},
    prelude::*,
    text::{counted, milliseconds, size},
};
use serde::Deserialize;
use serde_json::json;

use super::standing::serves;
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

fn canary_words(name: &str, canary: &CanaryView) -> String {
    let servers = counted(canary.guilds.len() as u64, "server");
    let mut words = format!(
        "`{name}` {} serves {servers} now, and the file before all others.",
        canary.version
    );
    for remark in &canary.remarks {
        words.push(' ');
        words.push_str(&sentence(remark));
    }
    words
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

/// What came of it; an error where nothing was loaded that should have been.
pub(super) fn told(name: &str, reply: &ManagedReply) -> Result<RouteReply> {
    words(name, reply).map(RouteReply::text)
}

fn words(name: &str, reply: &ManagedReply) -> Result<String> {
    if reply.begun {
        return Ok(format!(
            "`{name}` goes when this page is answered, since the page is of it. The log says what comes of it."
        ));
    }
    let mut said = Vec::new();
    if let Some(unload) = &reply.unload {
        let mut words = format!("`{}` is unloaded", unload.name);
        if unload.returned_bytes > 0 {
            words.push_str(&format!(
                ", and {} are free again",
                size(unload.returned_bytes)
            ));
        }
        said.push(words + ".");
        said.extend(
            unload
                .stayed
                .iter()
                .map(|what| format!("It has left behind: {what}.")),
        );
    }
    let (loaded, refused): (Vec<&LoadView>, Vec<&LoadView>) =
        reply.loads.iter().partition(|load| load.error.is_none());
    if let Some((first, others)) = loaded.split_first() {
        let verb = if first.replaced { "reloaded" } else { "loaded" };
        said.push(format!(
            "`{}` {} is {verb} (load {}, {}).",
            first.name,
            first.version,
            first.generation,
            milliseconds(first.took_us)
        ));
        if !others.is_empty() {
            let names: Vec<&str> = others.iter().map(|load| load.name.as_str()).collect();
            said.push(format!("With it: {}.", names.join(", ")));
        }
    }
    for load in &refused {
        let why = load.error.as_deref().unwrap_or_default();
        said.push(format!("`{}` was not loaded: {why}.", load.name));
    }
    said.extend(reply.remarks.iter().map(|remark| sentence(remark)));
    match (loaded.is_empty(), refused.is_empty()) {
        (true, false) => Err(Error::user(said.join(" "))),
        _ if said.is_empty() => Ok(format!("Nothing was to be done with `{name}`.")),
        _ => Ok(said.join(" ")),
    }
}

/// A remark, which begins small and has no full stop, as a sentence.
fn sentence(remark: &str) -> String {
    let mut letters = remark.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let end = if remark.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
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
    use plugin_api::abi::UnloadView;

    use super::*;
    use crate::plugins::standing::tests::serving;

    fn load(name: &str) -> LoadView {
        let mut load = LoadView::default();
        (load.name, load.version, load.generation) = (name.to_owned(), "1.0.0".to_owned(), 3);
        load
    }

    #[test]
    fn what_came_of_it_is_a_sentence() {
        let mut reply = ManagedReply::default();
        assert_eq!(
            words("tea", &reply).unwrap(),
            "Nothing was to be done with `tea`."
        );
        reply.loads = vec![load("tea"), load("shop")];
        reply.loads[0].replaced = true;
        reply.remarks = vec!["its tables stay".to_owned()];
        assert_eq!(
            words("tea", &reply).unwrap(),
            "`tea` 1.0.0 is reloaded (load 3, 0.00 ms). With it: shop. Its tables stay."
        );
        reply.begun = true;
        assert!(
            words("tea", &reply)
                .unwrap()
                .contains("when this page is answered")
        );
    }

    #[test]
    fn a_load_that_was_refused_is_an_error_and_what_an_unload_has_left_is_said() {
        let mut reply = ManagedReply::default();
        reply.loads = vec![load("tea")];
        reply.loads[0].error = Some("it is no plugin".to_owned());
        let error = words("tea", &reply).unwrap_err();
        assert!(error.to_string().contains("it is no plugin"), "{error}");
        let mut unload = UnloadView::default();
        (unload.name, unload.returned_bytes) = ("tea".to_owned(), 2_000_000);
        unload.stayed = vec!["a thread".to_owned()];
        let mut reply = ManagedReply::default();
        reply.unload = Some(unload);
        assert_eq!(
            words("tea", &reply).unwrap(),
            "`tea` is unloaded, and 2.0 MB are free again. It has left behind: a thread."
        );
    }

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
