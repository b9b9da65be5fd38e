//! Shell: what every page has around its content, and other plugins' tabs within it.

use maud::{DOCTYPE, Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{PageSession, TabView},
    prelude::*,
};

use crate::{Dashboard, actions, assets, icons, sidebar};

/// The right without which the header has no figures.
pub(crate) const FIGURES: &str = "bot.status";

/// Whether whoever asks may see what is about the whole bot, and not about servers of their own alone.
pub(crate) fn sees(ctx: &RouteContext<Dashboard>, right: &str) -> bool {
    ctx.may(right) && !ctx.session().own_servers
}

/// Refuses what is about the whole bot to whoever has their role for servers of their own.
///
/// # Errors
///
/// They have.
pub(crate) fn is_of_all(ctx: &RouteContext<Dashboard>) -> Result {
    match ctx.session().own_servers {
        true => Err(Error::user(
            "That is about the whole bot, and your role here is for servers of your own.",
        )),
        false => Ok(()),
    }
}

/// Seconds between two looks at the figures in the header.
const HEADER_EVERY_S: u32 = 5;

/// The tab whose page has the quick actions in sight.
pub(crate) const OVERVIEW: &str = "overview";

/// What stands above a page's content.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    /// The tab that is marked in the sidebar.
    pub(crate) tab: &'a str,
    /// The page's heading, and its title in the browser.
    pub(crate) title: &'a str,
    /// A sentence below the heading; empty: none.
    pub(crate) words: &'a str,
    /// Buttons beside the heading; empty: none.
    pub(crate) actions: Markup,
}

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let route =
        Route::get("/tab/{plugin}/{id}").words("Another plugin's tab, within the dashboard");
    plugin.route(route, others_tab)
}

/// A whole page of the dashboard's own: `tab` is what is marked in the sidebar, `title` the heading above `content`.
pub(crate) async fn page(
    ctx: &RouteContext<Dashboard>,
    tab: &str,
    title: &str,
    content: Markup,
) -> Result<RouteReply> {
    let head = Head {
        tab,
        title,
        words: "",
        actions: html! {},
    };
    page_with(ctx, head, content).await
}

/// The same, with a sentence and buttons beside the heading.
pub(crate) async fn page_with(
    ctx: &RouteContext<Dashboard>,
    head: Head<'_>,
    content: Markup,
) -> Result<RouteReply> {
    let tabs = ctx.host().pages().tabs().await?;
    let own = ctx.host().plugin_name();
    let bot = bot_name(ctx.host()).await;
    let frame = Frame {
        base: ctx.base(),
        own,
        bot: &bot,
        tabs: &tabs,
        current: (own, head.tab),
        session: ctx.session(),
        figures: sees(ctx, FIGURES),
        quick: match head.tab {
            // It has the same buttons in sight.
            OVERVIEW => html! {},
            _ => actions::for_palette(ctx),
        },
    };
    Ok(RouteReply::html(frame.drawn(&head, &content)))
}

/// A part of a page, as `data-src` fetches it.
pub(crate) fn part(content: &Markup) -> RouteReply {
    RouteReply::html(content.0.clone())
}

async fn others_tab(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let tabs = ctx.host().pages().tabs().await?;
    let wanted = (ctx.param("plugin"), ctx.param("id"));
    let found = tabs
        .iter()
        .find(|tab| (tab.plugin.as_str(), tab.id.as_str()) == wanted);
    let tab = found.ok_or_else(|| {
        Error::user("There is no such tab: its plugin may be unloaded, or your role may not see it. Pick another one in the sidebar.")
    })?;
    let bot = bot_name(ctx.host()).await;
    let frame = Frame {
        base: ctx.base(),
        own: ctx.host().plugin_name(),
        bot: &bot,
        tabs: &tabs,
        current: wanted,
        session: ctx.session(),
        figures: sees(&ctx, FIGURES),
        quick: actions::for_palette(&ctx),
    };
    let head = Head {
        tab: &tab.id,
        title: &tab.title,
        words: "",
        actions: html! {},
    };
    let (own, open) = opened(tab, ctx.query("at"));
    let content = html! { section data-src=(open) data-own=(own) data-scripts {} };
    Ok(RouteReply::html(frame.drawn(&head, &content)))
}

/// Where the tab's plugin has its pages, and which of them is shown: the tab's own, unless another one is asked for.
fn opened(tab: &TabView, at: &str) -> (String, String) {
    let place = format!("/p/{}", tab.plugin);
    let before = tab.address.find(&place).unwrap_or(0);
    let own = format!("{}{place}", &tab.address[..before]);
    let path = at.split(['?', '#']).next().unwrap_or_default();
    // A browser goes up a folder for `%2e%2e` as well: what is shown is never another plugin's.
    let dots = path.to_lowercase().replace("%2e", ".");
    let is_page =
        path.starts_with('/') && !at.contains('\\') && !dots.split('/').any(|it| it == "..");
    let open = match is_page {
        true => format!("{own}{at}"),
        false => tab.address.clone(),
    };
    (own, open)
}

/// What the bot is called, or the host's name where that is not known.
async fn bot_name(host: &Host) -> String {
    let user = host.cache().current_user().known().await;
    user.map_or_else(|_| "Cogwright".to_owned(), |user| user.name)
}

/// What is around the content.
struct Frame<'a> {
    base: &'a str,
    own: &'a str,
    bot: &'a str,
    tabs: &'a [TabView],
    /// Plugin and id of the open tab.
    current: (&'a str, &'a str),
    session: &'a PageSession,
    /// Whether whoever asks may see the figures in the header.
    figures: bool,
    /// What Ctrl+K finds beside the tabs.
    quick: Markup,
}

impl Frame<'_> {
    fn drawn(&self, head: &Head<'_>, content: &Markup) -> Markup {
        let asset = |name: &str| assets::address(self.base, name);
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (head.title) " · " (self.bot) }
                    link rel="icon" type="image/svg+xml" href=(asset("icon.svg"));
                    @for style in assets::styles(self.base) { link rel="stylesheet" href=(style); }
                    // Before the first paint: the theme that was chosen.
                    script src=(asset("theme.js")) {}
                    script type="module" src=(asset("app.js")) {}
                }
                body {
                    a.skip href="#main" { "Skip to content" }
                    div.shell {
                        (self.sidebar())
                        div.backdrop data-drawer-close {}
                        div.page {
                            (self.header())
                            main #main tabindex="-1" {
                                div.page-head {
                                    div {
                                        h1.cut { bdi { (head.title) } }
                                        @if !head.words.is_empty() { p.muted { (head.words) } }
                                    }
                                    @if !head.actions.0.is_empty() { div.actions { (head.actions) } }
                                }
                                (content)
                            }
                            footer.foot { "Cogwright · " a href={ (self.base) "/credits" } { "Credits" } }
                        }
                    }
                    (self.quick)
                    div #toasts.toasts aria-live="polite" {}
                }
            }
        }
    }

    fn sidebar(&self) -> Markup {
        html! {
            nav #sidebar.sidebar aria-label="Tabs" {
                a.brand href={ (self.base) "/" } {
                    span.brand-mark aria-hidden="true" { (icons::icon("cog")) }
                    bdi.cut { (self.bot) }
                }
                div.nav { (sidebar::list(self.base, self.own, self.tabs, self.current)) }
            }
        }
    }

    fn header(&self) -> Markup {
        let session = self.session;
        html! {
            header.top {
                button.icon-button.drawer-button type="button" data-drawer aria-controls="sidebar" aria-expanded="false" aria-label="Tabs" {
                    (icons::icon("menu"))
                }
                button.search-button type="button" data-palette-open aria-keyshortcuts="Control+K" {
                    (icons::icon("search"))
                    span { "Search" }
                    kbd aria-hidden="true" { "Ctrl K" }
                }
                @if self.figures {
                    div.figures data-src={ (self.base) "/header" } data-every=(HEADER_EVERY_S) data-live="host:health" {}
                } @else {
                    div.figures {}
                }
                button.icon-button type="button" data-theme-toggle aria-label="Light or dark" title="Light or dark" {
                    (icons::icon("theme"))
                }
                div.user {
                    @if session.avatar.is_empty() {
                        span.avatar aria-hidden="true" { (initial(&session.name)) }
                    } @else {
                        img.avatar src=(session.avatar) alt="" width="28" height="28";
                    }
                    span.user-name { bdi.cut { (session.name) } small.muted.cut { (session.role) } }
                    button.icon-button type="button" data-post="/logout" data-then="go:/login" aria-label="Log out" title="Log out" {
                        (icons::icon("out"))
                    }
                }
            }
        }
    }
}

/// The first letter of a name, which stands for a picture.
fn initial(name: &str) -> String {
    let first = name.chars().find(|c| c.is_alphanumeric());
    first.map_or_else(|| "?".to_owned(), |c| c.to_uppercase().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_shows_pages_of_its_own_plugin_alone() {
        let mut tab = TabView::default();
        (tab.plugin, tab.address) = ("tea".to_owned(), "/bots/1/p/tea/rooms".to_owned());
        let of = |at: &str| opened(&tab, at);
        let own = "/bots/1/p/tea";
        assert_eq!(
            of("/rooms/7?x=1"),
            (own.into(), format!("{own}/rooms/7?x=1"))
        );
        assert_eq!(
            of("//evil.example"),
            (own.into(), format!("{own}//evil.example"))
        );
        for at in [
            "",
            "rooms",
            "https://evil.example",
            "/../x",
            "/a/%2E%2e/x",
            "/.%2e/x",
            "/\\evil.example",
            "/a\\..\\x",
        ] {
            assert_eq!(of(at), (own.into(), tab.address.clone()), "{at}");
        }
    }

    #[test]
    fn a_page_escapes_all_names_and_has_neither_inline_script_nor_style() {
        let mut session = PageSession::default();
        session.name = "<script>alert(1)</script>".to_owned();
        session.role = "\"><b>".to_owned();
        let frame = Frame {
            base: "/p/dashboard",
            own: "dashboard",
            bot: "<b>bot</b>",
            tabs: &[],
            current: ("dashboard", "overview"),
            session: &session,
            figures: true,
            quick: html! {},
        };
        let head = Head {
            tab: "overview",
            title: "Over<view>",
            words: "",
            actions: html! {},
        };
        let page = frame.drawn(&head, &html! { p { "content" } }).into_string();
        assert!(page.starts_with("<!DOCTYPE html>"));
        assert!(page.contains("<p>content</p>"));
        for absent in ["<script>", "<b>", "Over<view>", " style=", " onclick="] {
            assert!(!page.contains(absent), "{absent} in {page}");
        }
    }

    #[test]
    fn a_name_without_letters_has_a_question_mark_for_a_picture() {
        assert_eq!(initial("…kettle"), "K");
        assert_eq!(initial("🫖"), "?");
        assert_eq!(initial("ßa"), "SS");
    }
}
