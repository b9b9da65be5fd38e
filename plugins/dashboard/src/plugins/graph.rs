//! Page of the graph of dependencies: its picture, and a table of the same.

use maud::{Markup, html};
use plugin_api::{RouteContext, RouteReply, prelude::*, text::counted};

use super::{
    drawing, list,
    nodes::{Graph, Kind},
};
use crate::{Dashboard, shell, shell::Head, ui};

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let reply = super::all(ctx.host(), true).await?;
    let graph = Graph::of(&reply.plugins);
    let content = match graph.edges.is_empty() {
        true => ui::empty(
            "No plugin needs another",
            "Once one declares what it needs, can use or conflicts with, it is drawn here.",
        ),
        false => content(ctx.base(), &graph),
    };
    let head = Head {
        tab: "plugins",
        title: "Graph of plugins",
        words: "Who needs others stands above what it needs.",
        actions: html! { a.button href={ (ctx.base()) "/plugins" } { "All plugins" } },
    };
    shell::page_with(&ctx, head, content).await
}

fn content(base: &str, graph: &Graph) -> Markup {
    let named = |at: usize| match graph.nodes.get(at) {
        Some(node) => html! { a href=(list::address(base, &node.name)) { (ui::name(&node.name)) } },
        None => html! {},
    };
    let rows = html! {
        @for edge in &graph.edges {
            tr {
                th scope="row" { (named(edge.from)) }
                td { (ui::badge(edge.kind.tone(), edge.kind.words())) }
                td { (named(edge.to)) }
            }
        }
    };
    html! {
        section.card aria-label="Picture" {
            div.scroll tabindex="0" role="region" aria-label="Picture of the graph" { (drawing::svg(base, graph)) }
            p.row.graph-legend {
                @for kind in [Kind::Needs, Kind::InVain, Kind::Optional, Kind::Conflict] {
                    span.row { svg.graph-key width="36" height="10" aria-hidden="true" { line.graph-edge.(kind.class()) x1="2" y1="5" x2="34" y2="5" {} } (kind.words()) }
                }
            }
            @if graph.alone > 0 { p.muted { (counted(graph.alone as u64, "plugin")) " more, which " @if graph.alone == 1 { "has" } @else { "have" } " to do with no other." } }
            @if graph.left_out > 0 { p.muted { (counted(graph.left_out as u64, "plugin")) " not drawn, since there are too many. The table has all." } }
        }
        (ui::card("As a table", ui::table("Which plugin needs which", &["Plugin", "Relation", "Other plugin"], rows)))
    }
}
