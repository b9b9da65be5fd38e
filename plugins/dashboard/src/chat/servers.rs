//! Servers to read the channels of: those that whoever looks may see.

use maud::html;
use plugin_api::{
    RouteContext, RouteReply,
    abi::{ServerView, ServersCall},
    prelude::*,
    text::{counted, number},
};

use crate::{Dashboard, shell, shell::Head, ui};

/// Servers on a page.
const PAGE: u32 = 50;

/// Own servers that are looked up at most: Discord lets nobody be in more than 200.
const OWN: usize = 200;

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let search = ctx.query("q");
    let own = ctx.session().own_servers;
    let (servers, next) = match own {
        true => (own_servers(&ctx, search).await, None),
        false => {
            let call = ServersCall {
                after: Some(ctx.query_or("after", 0)?).filter(|after| *after > 0),
                limit: Some(PAGE),
                name: search.to_owned(),
            };
            let reply = ctx.host().cache().servers(&call).await?;
            (reply.servers, reply.next)
        }
    };
    let address = format!("{}/chat", ctx.base());
    let content = html! {
        (ui::filter_bar(&address, ui::search_field("q", "Search servers", search)))
        @if servers.is_empty() {
            (ui::empty("No such server", match own {
                true => "Here are the servers that you own or manage, and that the bot is in.",
                false => "The bot is in no server whose name has these words.",
            }))
        } @else {
            ul.card.list {
                @for server in &servers {
                    li {
                        a.grow href={ (address) "/" (server.id) } {
                            @if server.name.is_empty() { (server.id) } @else { (ui::name(&server.name)) }
                        }
                        small.muted { (number(server.members)) @if server.members == 1 { " member" } @else { " members" } }
                    }
                }
            }
        }
        @if let Some(next) = next {
            nav.pager aria-label="Pages" {
                a.button href={ (address) "?q=" (ui::encoded(search)) "&after=" (next) } { "Next " (counted(u64::from(PAGE), "server")) }
            }
        }
    };
    let head = Head {
        tab: "chat",
        title: "Chat",
        words: "Read channels, and write in them as the bot. Pick the server.",
        actions: html! {},
    };
    shell::page_with(&ctx, head, content).await
}

/// Those that the session is for, by name.
async fn own_servers(ctx: &RouteContext<Dashboard>, search: &str) -> Vec<ServerView> {
    let wanted = search.to_lowercase();
    let mut found = Vec::new();
    for id in ctx.session().guilds.iter().take(OWN) {
        let Some(guild) = Id::new_checked(*id) else {
            continue;
        };
        // The bot may have left it since.
        let Ok(guild) = ctx.host().cache().guild(guild).known().await else {
            continue;
        };
        if guild.name.to_lowercase().contains(&wanted) {
            let mut view = ServerView::default();
            (view.id, view.members) = (*id, guild.member_count.unwrap_or_default());
            view.name = guild.name;
            found.push(view);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}
