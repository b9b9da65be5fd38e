//! Features that plugins bring: which plugin has which, whether it is loaded, and its tab. Nothing is shown in a plugin's place.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Tab,
    abi::{PluginState, PluginView, TabView},
    prelude::*,
};

use crate::{
    Dashboard, shell,
    shell::Head,
    sidebar,
    ui::{self, Tone},
};

/// Who may see which plugins there are.
const SEES: &str = "plugins.list";

/// A feature that a plugin of its own brings.
struct Feature {
    plugin: &'static str,
    title: &'static str,
    does: &'static str,
}

/// Those that have a place in the dashboard. A plugin brings more by declaring a tab.
const FEATURES: [Feature; 4] = [
    Feature {
        plugin: "automations",
        title: "Automations",
        does: "what happens by itself in a server: when this, do that; tickets of members",
    },
    Feature {
        plugin: "assistant",
        title: "Assistant",
        does: "answers questions about the bot",
    },
    Feature {
        plugin: "marketplace",
        title: "Marketplace",
        does: "plugins that others have published",
    },
    Feature {
        plugin: "backup",
        title: "Backups of servers",
        does: "copies of a server's channels, roles and settings",
    },
];

/// How it stands with a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing<'a> {
    /// Its plugin serves, and has this tab.
    Shown(&'a TabView),
    /// Its plugin serves, without a tab that one may see.
    Loaded,
    /// Its plugin is known, and does not serve.
    Stopped,
    /// There is no such plugin.
    Absent,
    /// Whoever asks may not see which plugins there are.
    Unknown,
}

fn standing<'a>(plugin: &str, tabs: &'a [TabView], plugins: Option<&[PluginView]>) -> Standing<'a> {
    if let Some(tab) = tabs.iter().find(|tab| tab.plugin == plugin) {
        return Standing::Shown(tab);
    }
    let Some(plugins) = plugins else {
        return Standing::Unknown;
    };
    match plugins.iter().find(|it| it.name == plugin) {
        None => Standing::Absent,
        Some(found) if is_loaded(found) => Standing::Loaded,
        Some(_) => Standing::Stopped,
    }
}

/// Whether a generation serves, whatever became of a newer file.
fn is_loaded(plugin: &PluginView) -> bool {
    plugin.generation > 0 && plugin.state == PluginState::Serving
}

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(Tab::new("more", "More", "/more").icon("🧩").group("Meta"))
        .route(
            Route::get("/more")
                .words("Which features come from which plugin, and whether it is loaded"),
            page,
        )
}

/// The plugins, as far as whoever asks may see them.
async fn plugins(ctx: &RouteContext<Dashboard>) -> Result<Option<Vec<PluginView>>> {
    match shell::sees(ctx, SEES) {
        true => Ok(Some(ctx.host().plugins().all().await?)),
        false => Ok(None),
    }
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let tabs = ctx.host().pages().tabs().await?;
    let plugins = plugins(&ctx).await?;
    let own = ctx.host().plugin_name();
    let rows = html! {
        @for feature in &FEATURES {
            tr {
                th scope="row" { (feature.title) }
                td.words { (feature.does) }
                td { code { (feature.plugin) } }
                td { (pill(ctx.base(), own, standing(feature.plugin, &tabs, plugins.as_deref()))) }
            }
        }
    };
    let others: Vec<&TabView> = tabs
        .iter()
        .filter(|tab| tab.plugin != own && !FEATURES.iter().any(|it| it.plugin == tab.plugin))
        .collect();
    let content = html! {
        (ui::card("Features with a plugin of their own", ui::table("Features", &["Feature", "What it is", "Plugin", ""], rows)))
        (ui::card("Tabs of other plugins", html! {
            @if others.is_empty() {
                (ui::empty("No other tabs", "A plugin that is loaded and declares a tab has it here and in the sidebar."))
            } @else {
                ul.list { @for tab in others {
                    li {
                        a.grow href=(sidebar::address(ctx.base(), own, tab)) { (ui::name(&tab.title)) }
                        small.muted { "by " bdi { (tab.plugin) } }
                    }
                } }
            }
        }))
    };
    let head = Head {
        tab: "more",
        title: "More",
        words: "What plugins add to the dashboard. Their tabs come when they are loaded, and go with them.",
        actions: html! {},
    };
    shell::page_with(&ctx, head, content).await
}

fn pill(base: &str, own: &str, standing: Standing<'_>) -> Markup {
    match standing {
        Standing::Shown(tab) => html! {
            (ui::badge(Tone::Good, "loaded")) " " a href=(sidebar::address(base, own, tab)) { "Open " (ui::name(&tab.title)) }
        },
        Standing::Loaded => {
            html! { (ui::badge(Tone::Good, "loaded")) " " span.muted { "without a tab for you" } }
        }
        Standing::Stopped => ui::badge(Tone::Warn, "not loaded"),
        Standing::Absent => ui::badge(Tone::Plain, "not installed"),
        Standing::Unknown => html! { span.muted { "not for you to see" } },
    }
}

/// A card in the place of a feature: which plugin has it, and whether that is loaded.
pub(crate) async fn slot(ctx: &RouteContext<Dashboard>, plugin: &str) -> Result<Markup> {
    let Some(feature) = FEATURES.iter().find(|it| it.plugin == plugin) else {
        return Ok(html! {});
    };
    let tabs = ctx.host().pages().tabs().await?;
    let plugins = plugins(ctx).await?;
    let standing = standing(plugin, &tabs, plugins.as_deref());
    let (base, own) = (ctx.base(), ctx.host().plugin_name());
    Ok(ui::card_with(
        feature.title,
        pill(base, own, standing),
        html! { p.muted { "The plugin " code { (feature.plugin) } " has this: " (feature.does) "." } },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_what_its_plugin_is() {
        let mut tab = TabView::default();
        (tab.plugin, tab.id) = ("tickets".to_owned(), "tickets".to_owned());
        let (mut serving, mut stopped) = (PluginView::default(), PluginView::default());
        (serving.name, serving.generation, serving.state) =
            ("assistant".to_owned(), 2, PluginState::Serving);
        stopped.name = "backup".to_owned();
        let (tabs, plugins) = ([tab], [serving, stopped]);
        let of = |plugin| standing(plugin, &tabs, Some(&plugins));
        assert_eq!(of("tickets"), Standing::Shown(&tabs[0]));
        assert_eq!(of("assistant"), Standing::Loaded);
        assert_eq!(of("backup"), Standing::Stopped);
        assert_eq!(of("marketplace"), Standing::Absent);
        assert_eq!(standing("marketplace", &tabs, None), Standing::Unknown);
    }
}
