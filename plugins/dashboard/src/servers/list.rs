//! List of servers: page by page, by words in their names, or by id.

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    abi::{ServerView, ServersCall},
    prelude::*,
    text::{counted, number},
    twilight_model::guild::Guild,
};

use super::{icon, shown};
use crate::{Dashboard, picker, ui, ui::Tone};

/// Servers on a page.
const PAGE: u32 = 50;

/// What is found.
#[derive(Debug, Default)]
struct Found {
    servers: Vec<ServerView>,
    /// How many there are, and their members together; `None`: whoever looks sees their own alone.
    all: Option<(u64, u64)>,
    next: Option<u64>,
}

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let search = ctx.query("q").trim();
    let own = ctx.session().own_servers;
    let after: u64 = ctx.query_or("after", 0)?;
    let found = match own {
        true => Found {
            servers: own_ones(&ctx, search).await,
            ..Found::default()
        },
        false => all_servers(&ctx, search, after).await?,
    };
    let address = format!("{}/servers", ctx.base());
    let content = html! {
        @if let Some((count, members)) = found.all {
            div.stats {
                (ui::stat("Servers", number(count), ""))
                (ui::stat("Members", number(members), "of all servers together"))
            }
        }
        (ui::filter_bar(&address, ui::search_field("q", "A part of the name, or an id", search)))
        @if found.servers.is_empty() {
            (ui::empty("No such server", match own {
                true => "Here are the servers that you own or manage, and that the bot is in.",
                false => "The bot is in no server with these words in its name, or with this id.",
            }))
        } @else {
            section.card {
                (ui::table("Servers", &["Server", "Members", "Channels", "Roles", "Owner", "The bot joined"], html! {
                    @for server in &found.servers { (row(&address, server)) }
                }))
            }
        }
        @if found.next.is_some() || after > 0 {
            nav.pager aria-label="Pages" {
                @if after > 0 { a.button href={ (address) "?q=" (ui::encoded(search)) } { "First page" } }
                @if let Some(next) = found.next {
                    a.button href={ (address) "?q=" (ui::encoded(search)) "&after=" (next) } { "Next " (counted(u64::from(PAGE), "server")) }
                }
            }
        }
    };
    shown(&ctx, "Servers", html! {}, content).await
}

fn row(address: &str, server: &ServerView) -> Markup {
    let name = match server.name.as_str() {
        "" => server.id.to_string(),
        name => name.to_owned(),
    };
    html! {
        tr {
            th scope="row" {
                div.row {
                    (icon(server.id, server.icon.as_deref(), &name, false))
                    div.grow {
                        a href={ (address) "/" (server.id) } { (ui::name(&name)) }
                        @if server.is_out { " " (ui::badge(Tone::Warn, "outage")) }
                        br; small.muted { (server.id) }
                    }
                }
            }
            td.number { (number(server.members)) }
            td.number { (number(u64::from(server.channels))) }
            td.number { (number(u64::from(server.roles))) }
            td { @if let Some(owner) = server.owner_id { code { (owner) } } @else { "–" } }
            td { (joined(server.joined_at.as_deref())) }
        }
    }
}

/// When the bot joined, as Discord writes it.
fn joined(at: Option<&str>) -> Markup {
    html! {
        @match at {
            Some(at) if at.len() >= 10 && at.is_ascii() => time datetime=(at) data-ago title=(at) { (at[..10]) },
            _ => "–",
        }
    }
}

async fn all_servers(ctx: &RouteContext<Dashboard>, search: &str, after: u64) -> Result<Found> {
    let call = ServersCall {
        after: Some(after).filter(|after| *after > 0),
        limit: Some(PAGE),
        name: search.to_owned(),
    };
    let reply = ctx.host().cache().servers(&call).await?;
    let mut found = Found {
        servers: reply.servers,
        all: Some((reply.total, reply.members)),
        next: reply.next,
    };
    // An id may also be a part of a name.
    if after == 0
        && let Ok(id) = search.parse()
        && let Some(server) = one(ctx, id).await
    {
        found.servers.retain(|it| it.id != id);
        found.servers.insert(0, server);
    }
    Ok(found)
}

/// Those that the session is for.
async fn own_ones(ctx: &RouteContext<Dashboard>, search: &str) -> Vec<ServerView> {
    let mut servers = Vec::new();
    for guild in picker::own_servers(ctx, search).await {
        servers.push(of(ctx, guild).await);
    }
    servers
}

/// One server, if the bot is in it.
async fn one(ctx: &RouteContext<Dashboard>, id: u64) -> Option<ServerView> {
    let cache = ctx.host().cache();
    let guild = cache.guild(Id::new_checked(id)?).known().await.ok()?;
    Some(of(ctx, guild).await)
}

async fn of(ctx: &RouteContext<Dashboard>, guild: Guild) -> ServerView {
    let channels = ctx.host().cache().channels(guild.id).known().await;
    let mut view = ServerView::default();
    (view.id, view.owner_id) = (guild.id.get(), Some(guild.owner_id.get()));
    view.members = guild.member_count.unwrap_or_default();
    view.channels = channels.map_or(0, |it| it.len().try_into().unwrap_or(u32::MAX));
    view.roles = guild.roles.len().try_into().unwrap_or(u32::MAX);
    view.icon = guild.icon.map(|it| it.to_string());
    view.joined_at = guild.joined_at.map(|it| it.iso_8601().to_string());
    view.is_out = guild.unavailable == Some(true);
    view.name = guild.name;
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_shown_whatever_it_is_called() {
        let mut server = ServerView::default();
        (server.id, server.members) = (7, 1_234);
        assert!(
            row("/p/d/servers", &server).into_string().contains(">7<"),
            "without a name its id"
        );
        server.name = "<b>\u{202e}Tea".to_owned();
        server.joined_at = Some("2024-05-06T07:08:09.000000+00:00".to_owned());
        let shown = row("/p/d/servers", &server).into_string();
        assert!(
            !shown.contains("<b>") && shown.contains("/p/d/servers/7"),
            "{shown}"
        );
        assert!(shown.contains("1,234") && shown.contains(">2024-05-06<"));
        assert_eq!(joined(Some("x")).into_string(), "–");
        assert_eq!(joined(Some("ありがとうございます")).into_string(), "–");
    }
}
