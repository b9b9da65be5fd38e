//! Pages to pick a server from: those that whoever looks may see.

use maud::{Markup, html};
use plugin_api::{
    RouteContext, RouteReply,
    abi::{ServerView, ServersCall},
    prelude::*,
    text::counted,
    twilight_model::guild::Guild,
};

use crate::{Dashboard, shell, shell::Head, ui};

/// Servers on a page.
const PAGE: u32 = 50;

/// Own servers that are looked up at most: Discord lets nobody be in more than 200.
const OWN: usize = 200;

/// Such a page of a tab.
pub(crate) struct Picker<'a> {
    pub(crate) tab: &'a str,
    pub(crate) title: &'a str,
    pub(crate) words: &'a str,
    /// Its own address, below the dashboard's.
    pub(crate) address: &'a str,
    /// Where servers are, below the dashboard's; their ids follow.
    pub(crate) leads: &'a str,
    pub(crate) actions: Markup,
}

impl Picker<'_> {
    /// The page, of the servers whose names have what is searched for.
    pub(crate) async fn page(self, ctx: &RouteContext<Dashboard>) -> Result<RouteReply> {
        let search = ctx.query("q").trim();
        let own = ctx.session().own_servers;
        let (servers, next) = match own {
            true => (
                own_servers(ctx, search).await.iter().map(view).collect(),
                None,
            ),
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
        let address = format!("{}{}", ctx.base(), self.address);
        let content = html! {
            (ui::filter_bar(&address, ui::search_field("q", "Search servers", search)))
            @if servers.is_empty() {
                (ui::empty("No such server", match own {
                    true => "Here are the servers that you own or manage, and that the bot is in.",
                    false => "The bot is in no server whose name has these words.",
                }))
            } @else {
                ul.card.list { @for server in &servers { (row(&format!("{}{}", ctx.base(), self.leads), server)) } }
            }
            @if let Some(next) = next {
                nav.pager aria-label="Pages" {
                    a.button href={ (address) "?q=" (ui::encoded(search)) "&after=" (next) } { "Next " (counted(u64::from(PAGE), "server")) }
                }
            }
        };
        let head = Head {
            tab: self.tab,
            title: self.title,
            words: self.words,
            actions: self.actions,
        };
        shell::page_with(ctx, head, content).await
    }
}

fn row(leads: &str, server: &ServerView) -> Markup {
    html! {
        li data-key=(server.id) {
            a.grow href={ (leads) "/" (server.id) } {
                @if server.name.is_empty() { (server.id) } @else { (ui::name(&server.name)) }
            }
            small.muted { (counted(server.members, "member")) }
        }
    }
}

fn view(guild: &Guild) -> ServerView {
    let mut view = ServerView::default();
    (view.id, view.members) = (guild.id.get(), guild.member_count.unwrap_or_default());
    view.name.clone_from(&guild.name);
    view
}

/// Those that the session is for, and that the bot is in: by words in their names, or by an id; in the order of their names.
pub(crate) async fn own_servers(ctx: &RouteContext<Dashboard>, search: &str) -> Vec<Guild> {
    let wanted = search.to_lowercase();
    let mut found = Vec::new();
    for id in ctx.session().guilds.iter().take(OWN) {
        let Some(id) = Id::new_checked(*id) else {
            continue;
        };
        // The bot may have left it since.
        let Ok(guild) = ctx.host().cache().guild(id).known().await else {
            continue;
        };
        if guild.name.to_lowercase().contains(&wanted) || id.to_string() == wanted {
            found.push(guild);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_shown_whatever_it_is_called() {
        let mut server = ServerView::default();
        (server.id, server.members) = (7, 1);
        let shown = row("/p/d/chat", &server).into_string();
        assert!(
            shown.contains("href=\"/p/d/chat/7\">7</a>") && shown.contains("1 member"),
            "{shown}"
        );
        server.name = "<script>".to_owned();
        let shown = row("/p/d/chat", &server).into_string();
        assert!(!shown.contains("<script>"), "{shown}");
    }
}
