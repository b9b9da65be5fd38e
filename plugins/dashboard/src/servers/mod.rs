//! Servers: all that the bot is in, and each with its channels, roles and members; leaving one.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `list.rs` | the servers page by page, and those that are searched for |
//! | `one.rs` | a server: figures, what the bot may there, members that are searched for |
//! | `channels.rs`, `roles.rs` | its channels as Discord shows them, its roles |
//!
//! A session that is for own servers sees those alone: the list is its own, and the host looks at each path with a server in it.

mod channels;
mod list;
mod one;
mod roles;

use maud::{Markup, html};
use plugin_api::{
    Json, Route, RouteContext, RouteReply, Tab, manifest::RightLevel, prelude::*, text::clip,
};
use serde::Deserialize;
use serde_json::json;

use crate::{Dashboard, deed::Deed, shell, shell::Head};

/// Who may see servers: all of them, or their own.
const SEES: &str = "servers.see";

/// Who may look for members by their names.
const SEARCHES: &str = "servers.members";

/// Who may have the bot leave one.
const LEAVES: &str = "servers.leave";

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(
            Tab::new("servers", "Servers", "/servers")
                .icon("🏰")
                .group("Tools"),
        )
        .right(
            SEES,
            RightLevel::Server,
            "sees the servers that the bot is in, with their channels and roles",
        )
        .right(
            SEARCHES,
            RightLevel::Server,
            "looks for members of a server by their names",
        )
        .right(LEAVES, RightLevel::Owner, "has the bot leave a server")
        .route(
            Route::get("/servers")
                .right(SEES)
                .words("The servers whose names have `q` in them, or the one with that id, behind the id `after`"),
            list::page,
        )
        .route(
            Route::get("/servers/{guild}")
                .right(SEES)
                .words("A server; with `member` also its members whose names begin with that"),
            one::page,
        )
        .route(
            Route::post("/servers/{guild}/leave")
                .right(LEAVES)
                .words("Has the bot leave a server, whose `name` or id is sent along"),
            leave,
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leave {
    name: String,
}

async fn leave(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let guild = ctx.guild()?;
    let typed: Leave = ctx.json()?;
    let name = one::known(&ctx, guild).await?.name;
    if !is_meant(&typed.name, &name, guild.get()) {
        return Err(Error::user(
            "That is not the server's name. Type it as it is written above, or type the server's id.",
        ));
    }
    let deed = Deed::begun(
        &ctx,
        "servers.leave",
        (Some(guild), None),
        json!({"name": clip(&name, 100)}),
    )
    .await?;
    let left = ctx.host().discord().leave(guild).await;
    deed.ended((Json::Null, Json::Null), &left).await;
    left?;
    Ok(RouteReply::text(format!(
        "The bot has left {}.",
        clip(&name, 80)
    )))
}

/// Whether what was typed is the server's name, or its id: some names are hard to type.
fn is_meant(typed: &str, name: &str, id: u64) -> bool {
    let typed = typed.trim();
    !typed.is_empty() && (typed == name.trim() || typed == id.to_string())
}

/// A server's picture, or the first letter of its name.
fn icon(id: u64, hash: Option<&str>, name: &str, large: bool) -> Markup {
    let class = if large {
        "server-icon large"
    } else {
        "server-icon"
    };
    let size = if large { 128 } else { 64 };
    let letter = name.chars().find(|c| c.is_alphanumeric());
    // What is no hash is no part of an address.
    let hash = hash
        .filter(|it| !it.is_empty() && it.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    html! {
        @if let Some(hash) = hash {
            img class=(class) src={ "https://cdn.discordapp.com/icons/" (id) "/" (hash) ".png?size=" (size) } alt="" loading="lazy";
        } @else {
            span class=(class) aria-hidden="true" { @if let Some(letter) = letter { (letter.to_uppercase().to_string()) } @else { "?" } }
        }
    }
}

/// A page of this tab.
async fn shown(
    ctx: &RouteContext<Dashboard>,
    title: &str,
    actions: Markup,
    content: Markup,
) -> Result<RouteReply> {
    let head = Head {
        tab: "servers",
        title,
        words: "",
        actions,
    };
    shell::page_with(ctx, head, content).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_left_by_its_name_or_its_id_alone() {
        assert!(is_meant(" Tea House ", "Tea House", 7) && is_meant("7", "Tea House", 7));
        for typed in ["", " ", "tea house", "Tea", "8"] {
            assert!(!is_meant(typed, "Tea House", 7), "{typed}");
        }
        assert!(
            !is_meant("", "", 7),
            "a name that could not be read is no name"
        );
    }

    #[test]
    fn a_picture_comes_from_discord_or_there_is_a_letter() {
        let shown = |hash, name| icon(7, hash, name, false).into_string();
        assert!(shown(Some("a_1f"), "x").contains("https://cdn.discordapp.com/icons/7/a_1f.png"));
        assert!(!shown(Some("../../evil?"), "x").contains("img"));
        assert!(shown(None, "«tea").contains(">T<"));
        assert!(shown(None, "🫖").contains(">?<"));
    }
}
