//! Picture of the graph of plugins, as SVG whose colours are the page's.

use std::collections::BTreeMap;

use maud::{Markup, html};
use plugin_api::text::clip;

use super::{
    list,
    nodes::{Edge, Graph, Kind, Node},
};

/// Width and height of a box.
const BOX: (u32, u32) = (132, 46);

/// Between boxes side by side, and between layers.
const GAP: (u32, u32) = (18, 54);

const MARGIN: u32 = 8;

/// Boxes side by side: a layer with more goes on below.
const SIDE_BY_SIDE: usize = 7;

/// Characters of a name and of a version that a box holds.
const NAME: usize = 15;
const VERSION: usize = 18;

/// The picture. Who does not see it has the table beside it, which says the same.
pub(super) fn svg(base: &str, graph: &Graph) -> Markup {
    let (places, (width, height)) = places(graph);
    let needs = graph
        .edges
        .iter()
        .filter(|it| it.kind == Kind::Needs)
        .count();
    let label = format!(
        "{} plugins, {needs} needs that are met, {} lines in all; the table below has each",
        places.len(),
        graph.edges.len()
    );
    html! {
        svg.graph width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(label) {
            defs {
                @for kind in [Kind::Needs, Kind::InVain, Kind::Optional] {
                    marker id={ "arrow-" (kind.class()) } viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" {
                        path.graph-arrow.(kind.class()) d="M0 0 L8 4 L0 8 z" {}
                    }
                }
            }
            @for edge in &graph.edges {
                @if let (Some(from), Some(to)) = (places.get(&edge.from), places.get(&edge.to)) {
                    (line(*edge, *from, *to))
                }
            }
            @for (at, place) in &places {
                @if let Some(node) = graph.nodes.get(*at) { (boxed(base, node, *place)) }
            }
        }
    }
}

/// Where each node's box begins, and how large the picture is.
fn places(graph: &Graph) -> (BTreeMap<usize, (u32, u32)>, (u32, u32)) {
    let mut rows: Vec<(&[usize], bool)> = Vec::new();
    for layer in &graph.layers {
        for (at, row) in layer.chunks(SIDE_BY_SIDE).enumerate() {
            rows.push((row, at == 0));
        }
    }
    let longest = rows.iter().map(|(row, _)| row.len()).max().unwrap_or(1);
    let across = |count: usize| {
        let count = u32::try_from(count).unwrap_or(1).max(1);
        count * BOX.0 + (count - 1) * GAP.0
    };
    let width = across(longest) + 2 * MARGIN;
    let mut places = BTreeMap::new();
    let mut y = MARGIN;
    for (number, (row, begins_layer)) in rows.iter().enumerate() {
        if number > 0 {
            y += BOX.1 + if *begins_layer { GAP.1 } else { GAP.0 };
        }
        let mut x = (width - across(row.len())) / 2;
        for at in *row {
            places.insert(*at, (x, y));
            x += BOX.0 + GAP.0;
        }
    }
    (places, (width, y + BOX.1 + MARGIN))
}

fn line(edge: Edge, from: (u32, u32), to: (u32, u32)) -> Markup {
    let middle = BOX.0 / 2;
    let path = if from.1 < to.1 {
        // Downwards; past what is straight between them.
        let (x1, y1, x2, y2) = (from.0 + middle, from.1 + BOX.1, to.0 + middle, to.1 - 2);
        let bend = y1 + (y2 - y1) / 2;
        let past = match x1 == x2 && y2 - y1 > BOX.1 + GAP.1 {
            true => BOX.0,
            false => 0,
        };
        format!(
            "M{x1} {y1} C{} {bend} {} {bend} {x2} {y2}",
            x1 + past,
            x2 + past
        )
    } else if from.1 > to.1 {
        // Back up, in a circle.
        let (x1, y1, x2, y2) = (
            from.0 + middle + 20,
            from.1,
            to.0 + middle + 20,
            to.1 + BOX.1 + 2,
        );
        let bend = y2 + (y1 - y2) / 2;
        format!("M{x1} {y1} C{x1} {bend} {x2} {bend} {x2} {y2}")
    } else {
        let (x1, x2, y) = (from.0 + middle, to.0 + middle, from.1 + BOX.1);
        format!("M{x1} {y} C{x1} {0} {x2} {0} {x2} {1}", y + 24, y + 2)
    };
    let arrow = (edge.kind != Kind::Conflict).then(|| format!("url(#arrow-{})", edge.kind.class()));
    html! { path.graph-edge.(edge.kind.class()) d=(path) marker-end=[arrow] {} }
}

fn boxed(base: &str, node: &Node, (x, y): (u32, u32)) -> Markup {
    let state = match (node.serves, node.version.is_empty()) {
        (true, _) => "serves",
        (false, true) => "missing",
        (false, false) => "down",
    };
    let middle = x + BOX.0 / 2;
    let version = match node.serves {
        true => clip(&node.version, VERSION),
        false => "not loaded".to_owned(),
    };
    html! {
        a href=(list::address(base, &node.name)) {
            title { (node.name) " " (version) }
            rect.graph-box.(state) x=(x) y=(y) width=(BOX.0) height=(BOX.1) rx="7" {}
            text.graph-name x=(middle) y=(y + 20) text-anchor="middle" { (clip(&node.name, NAME)) }
            text.graph-version x=(middle) y=(y + 37) text-anchor="middle" { (version) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::nodes::tests::plugin;

    #[test]
    fn every_box_and_line_is_within_the_picture_and_names_are_escaped() {
        let names: Vec<String> = (0..20).map(|n| format!("p{n}")).collect();
        let mut all: Vec<_> = names
            .iter()
            .map(|name| plugin(name, &["core"], true))
            .collect();
        all.push(plugin("core", &["<script>alert(1)</script>"], false));
        let graph = Graph::of(&all);
        let (places, (width, height)) = places(&graph);
        assert_eq!(places.len(), 22);
        for (x, y) in places.values() {
            assert!(x + BOX.0 <= width && y + BOX.1 <= height, "{x},{y}");
        }
        let mut distinct: Vec<_> = places.values().collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 22);
        let shown = svg("/p/d", &graph).into_string();
        assert!(
            !shown.contains("<script>") && shown.contains("in-vain"),
            "{shown}"
        );
        assert!(!shown.contains("style="));
    }
}
