//! Page of one plugin: how it is, what it uses, what it declares, its files.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::PluginView,
    manifest::Manifest,
    prelude::*,
    text::{clip, milliseconds, size},
};

use super::{
    SEES, declares,
    deeds::{self, Deed},
    files,
    list::address,
    standing::{is_met, issues, pills, serves},
    uses,
};
use crate::{Dashboard, shell, shell::Head, ui};

/// The pages of a plugin: value of the query, and title.
const PARTS: [(&str, &str); 4] = [
    ("", "Overview"),
    ("declares", "What it declares"),
    ("files", "Files and rollback"),
    ("work", "Work and host calls"),
];

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::get("/plugins/of/{name}")
                .right(SEES)
                .words("A plugin: how it is, what it declares, its files, what it uses"),
            page,
        )
        .route(
            Route::get("/plugins/of/{name}/part")
                .right(SEES)
                .words("The same without what is around it"),
            part,
        )
        .route(
            Route::get("/plugins/of/{name}/use")
                .right("plugins.usage")
                .words("What a plugin uses, now and over the last hour"),
            uses::part,
        )
}

async fn found(ctx: &RouteContext<Dashboard>) -> Result<PluginView> {
    let name = ctx.param("name");
    let found = ctx.host().plugins().get(name).await?;
    found.ok_or_else(|| {
        Error::user(format!(
            "There is no plugin “{}” in the extensions folder. The tab Plugins lists those that there are.",
            clip(name, 60)
        ))
    })
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let plugin = found(&ctx).await?;
    let own = address(ctx.base(), &plugin.name);
    let shown = ctx.query("part");
    let content = body(&ctx, &plugin, shown).await?;
    let pages = PARTS.map(|(part, title)| (part_address(&own, part), title));
    let source = format!("{own}/part?part={}", ui::encoded(shown));
    let content = html! {
        (ui::subtabs("Pages of the plugin", &pages, &part_address(&own, shown)))
        div #report aria-live="polite" {}
        div #plugin.stack data-src=(source) data-live="host:plugins" data-every="30" { (content) }
    };
    let title = clip(&plugin.name, 100);
    let head = Head {
        tab: "plugins",
        title: &title,
        words: &clip(&plugin.description, 300),
        actions: html! { a.button href={ (ctx.base()) "/plugins" } { "All plugins" } },
    };
    shell::page_with(&ctx, head, content).await
}

fn part_address(own: &str, part: &str) -> String {
    match part {
        "" => own.to_owned(),
        part => format!("{own}?part={part}"),
    }
}

async fn part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let plugin = found(&ctx).await?;
    let shown = ctx.query("part");
    Ok(shell::part(&body(&ctx, &plugin, shown).await?))
}

async fn body(ctx: &RouteContext<Dashboard>, plugin: &PluginView, part: &str) -> Result<Markup> {
    let declared = plugin.manifest.clone();
    let manifest: Option<Manifest> = declared.map(serde_json::from_value).transpose()?;
    let inner = match (part, &manifest) {
        ("declares", Some(manifest)) => declares::drawn(manifest),
        ("declares", None) => not_loaded("What it declares"),
        ("files", _) => files::drawn(ctx, plugin).await?,
        ("work", Some(_)) => uses::work(ctx, &plugin.name).await?,
        ("work", None) => not_loaded("What it works on"),
        _ => overview(ctx, plugin, manifest.as_ref()).await?,
    };
    Ok(html! {
        div.row.between {
            div.row { (pills(plugin)) }
            div.actions { (actions(ctx, plugin)) }
        }
        // Nothing is wrong with it: somebody has wanted that.
        @if let (true, Some(why)) = (plugin.unloaded && !serves(plugin), &plugin.error) { p.notice { bdi { (clip(why, 1_000)) } } }
        @for issue in issues(plugin) { p.notice.warn { bdi { (clip(&issue, 1_000)) } } }
        (inner)
    })
}

fn not_loaded(what: &str) -> Markup {
    ui::empty(
        &format!("{what} is known while it is loaded"),
        "A dry run says it of a file that is not.",
    )
}

fn actions(ctx: &RouteContext<Dashboard>, plugin: &PluginView) -> Markup {
    // A plugin that is removed has no page any more.
    let gone = format!("go:{}/plugins", ctx.base());
    let then = |deed| match deed {
        Deed::Remove => gone.as_str(),
        _ => "refresh:#plugin",
    };
    let deeds = match serves(plugin) {
        true => &[Deed::Reload, Deed::Unload, Deed::Remove][..],
        false => &[Deed::Load, Deed::Remove],
    };
    html! {
        @if ctx.may("plugins.check") {
            (ui::Action::new("Dry run", format!("{}/plugins/check", ctx.base()))
                .body(&serde_json::json!({ "name": plugin.name }))
                .then("show:#report"))
        }
        @for deed in deeds { (deeds::button(ctx, *deed, plugin, then(*deed))) }
    }
}

async fn overview(
    ctx: &RouteContext<Dashboard>,
    plugin: &PluginView,
    manifest: Option<&Manifest>,
) -> Result<Markup> {
    let own = address(ctx.base(), &plugin.name);
    let uses = match serves(plugin) && ctx.may("plugins.usage") {
        true => Some(uses::drawn(ctx, &plugin.name).await?),
        false => None,
    };
    Ok(html! {
        @if let Some(uses) = uses {
            div.stack data-src={ (own) "/use" } data-every="5" { (uses) }
        }
        div.grid {
            (ui::card("About", facts(plugin, manifest)))
            (ui::card("Relations", relations(ctx, plugin, manifest)))
            (ui::card("Powers", powers(plugin)))
            @if let Some(canary) = &plugin.canary {
                (ui::card("Canary", files::canary_facts(canary)))
            }
            @if let Some(cell) = &plugin.cell {
                (ui::card("Cell", html! {
                    p.muted { "It lives in a process of its own: it can't take the bot with it." }
                    dl.facts {
                        (ui::fact("Process", cell.pid))
                        @if let Some(bytes) = cell.memory_bytes { (ui::fact("Memory", size(bytes))) }
                        @if let Some(percent) = cell.processor_percent { (ui::fact("Processor", format!("at most {percent} %"))) }
                        (ui::fact("Closed in", if cell.closed_in { "yes" } else { "not yet" }))
                    }
                }))
            }
        }
        @let unload = deeds::unload_form(ctx, plugin);
        @if !unload.0.is_empty() { (ui::card("Unload with a reason", unload)) }
    })
}

fn facts(plugin: &PluginView, manifest: Option<&Manifest>) -> Markup {
    html! {
        dl.facts {
            (ui::fact("File", html! { bdi { (plugin.file) } }))
            @if serves(plugin) {
                (ui::fact("Version", html! { bdi { (plugin.version) } }))
                (ui::fact("Load", html! { (plugin.generation) ", " (ui::ago(plugin.since_ms)) ", in " (milliseconds(plugin.load_us)) }))
            }
            @if let Some(manifest) = manifest {
                @if !manifest.authors.is_empty() { (ui::fact("Author", html! { bdi { (clip(&manifest.authors.join(", "), 200)) } })) }
                @if !manifest.license.is_empty() { (ui::fact("Licence", html! { bdi { (clip(&manifest.license, 80)) } })) }
                @if !manifest.homepage.is_empty() { (ui::fact("Home page", link(&manifest.homepage))) }
                @if !manifest.category.is_empty() { (ui::fact("Category", html! { bdi { (clip(&manifest.icon, 8)) " " (clip(&manifest.category, 60)) } })) }
                (ui::fact("State", if manifest.keeps_state { "handed on when it is reloaded" } else { "it keeps none" }))
            }
        }
    }
}

/// A link of somebody else's, where it leads to the web and to nothing else.
fn link(address: &str) -> Markup {
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    html! {
        @if is_web { a href=(address) rel="noreferrer noopener" target="_blank" { bdi.cut { (clip(address, 120)) } } }
        @else { bdi.cut { (clip(address, 120)) } }
    }
}

fn relations(
    ctx: &RouteContext<Dashboard>,
    plugin: &PluginView,
    manifest: Option<&Manifest>,
) -> Markup {
    let named = |name: &str| html! { a href=(address(ctx.base(), name)) { (ui::name(name)) } };
    let wanted = |need: &str| {
        let dependencies = manifest.into_iter().flat_map(|it| &it.dependencies);
        let mut of = dependencies.filter(|it| it.name == need);
        of.next().and_then(|it| it.version.clone())
    };
    let none = plugin.needs.is_empty()
        && plugin.needed_by.is_empty()
        && manifest.is_none_or(|it| {
            it.conflicts.is_empty()
                && it.conflict_versions.is_empty()
                && it.optional_dependencies.is_empty()
                && it.provides.is_empty()
        });
    html! {
        @if none { p.muted { "It needs no other plugin, and none needs it." } }
        dl.facts {
            @for need in &plugin.needs {
                (ui::fact("Needs", html! {
                    (named(need)) " "
                    @if let Some(version) = wanted(need) { code { (version) } " " }
                    @match (plugin.providers.get(need), is_met(plugin, need)) {
                        (Some(by), _) if by != need => span.muted { "from " (ui::name(by)) },
                        (_, true) => (ui::badge(ui::Tone::Good, "there")),
                        _ => (ui::badge(ui::Tone::Bad, "missing")),
                    }
                }))
            }
            @for name in &plugin.needed_by { (ui::fact("Needed by", named(name))) }
            @if let Some(manifest) = manifest {
                @for name in &manifest.optional_dependencies { (ui::fact("Can use", named(name))) }
                @for name in &manifest.conflicts { (ui::fact("Conflicts with", named(name))) }
                @for other in &manifest.conflict_versions {
                    (ui::fact("Conflicts with", html! { (named(&other.name)) " " @if let Some(version) = &other.version { code { (version) } } }))
                }
                @for provided in &manifest.provides {
                    (ui::fact("Provides", html! { (ui::name(&provided.name)) " " @if let Some(version) = &provided.version { code { (version) } } }))
                }
            }
        }
    }
}

fn powers(plugin: &PluginView) -> Markup {
    html! {
        @if plugin.powers.is_empty() {
            p.muted { "It asks for no power: it reaches what is its own, and Discord." }
        } @else {
            p.muted { "Asked for by the plugin, granted by the operator in " code { "[grants]" } " of the configuration." }
            ul.list {
                @for power in &plugin.powers {
                    li.row.between {
                        code { (power.power) }
                        @if power.granted { (ui::badge(ui::Tone::Good, "granted")) } @else { (ui::badge(ui::Tone::Plain, "not granted")) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_page_is_a_link_to_the_web_alone() {
        let bad = link("javascript:alert(1)").into_string();
        assert!(!bad.contains("href"), "{bad}");
        let good = link("https://example.com/\"><b>").into_string();
        assert!(good.contains("href=") && !good.contains("<b>"), "{good}");
    }
}
