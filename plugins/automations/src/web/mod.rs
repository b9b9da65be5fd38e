//! Tab of the dashboard: a server's automations, made and changed on pages as by the form in Discord, by whoever may manage the server there.

mod deeds;
mod form;
mod list;
mod names;
mod sent;
mod tickets;

use plugin_api::{Route, RouteContext, RouteReply, Tab, manifest::RightLevel, prelude::*};

use crate::{
    automation::{self, Automation},
    model::Guild,
    rights,
    state::Shared,
    store,
};

/// The right to all of it; whether somebody may manage a server, is asked beside.
const RIGHT: &str = "manage";

type Request = RouteContext<Shared>;

pub(crate) fn declare(plugin: Plugin<Shared>) -> Plugin<Shared> {
    let get = |path: &str, words: &str| Route::get(path).right(RIGHT).words(words);
    let post = |path: &str, words: &str| Route::post(path).right(RIGHT).words(words);
    plugin
        .server_right(
            RIGHT,
            RightLevel::Server,
            "makes and changes automations of servers that they may manage",
        )
        .tab(Tab::new("automations", "Automations", "/").icon("⚙️").group("Tools"))
        .route(get("/", "Servers, to see one's automations"), list::servers)
        .route(get("/servers/{guild}", "A server's automations"), list::page)
        .route(get("/servers/{guild}/tickets", "A server's tickets"), tickets::page)
        .route(get("/servers/{guild}/new/{template}", "The form of a new automation"), form::new)
        .route(get("/servers/{guild}/edit/{id}", "The form of an automation"), form::edit)
        .route(
            // Texts, conditions and steps of the longest kind.
            post("/servers/{guild}/save", "Keeps a new automation, or a changed one; with `only`: `preview`, says what it would do, and keeps nothing").body_bytes(256 << 10),
            deeds::save,
        )
        .route(post("/servers/{guild}/switch", "Switches an automation on or off"), deeds::switch)
        .route(post("/servers/{guild}/delete", "Deletes an automation with what it has kept"), deeds::delete)
}

/// The server of the path, for those who may manage it and for the bot's owners.
///
/// # Errors
///
/// They may not (any more).
async fn managed(ctx: &Request) -> Result<Guild> {
    let guild = ctx.guild()?;
    if ctx.session().all
        || rights::held(ctx.host(), guild, ctx.user_id())
            .await?
            .contains(Permissions::MANAGE_GUILD)
    {
        return Ok(guild);
    }
    Err(Error::user(
        "Automations of this server are for those who have \"Manage Server\" there.",
    ))
}

/// The automation of this number.
///
/// # Errors
///
/// There is none (any more).
async fn numbered(ctx: &Request, guild: Guild, id: &str) -> Result<Automation> {
    let all = store::all(ctx.host(), guild).await?;
    automation::find(&all, id)
        .cloned()
        .ok_or_else(|| Error::user("This automation is gone. Go back to the list."))
}

fn html(markup: &maud::Markup) -> Result<RouteReply> {
    let stacked = maud::html! { div.stack { (markup) } };
    Ok(RouteReply::html(stacked.into_string()))
}
