//! Drawing of the dependency graph as SVG: narrow, so that it is read on a phone, and on a ground of its own, dark or light around it.

use std::{collections::BTreeMap, fmt::Write};

use pictures::escaped;
use plugin_api::text::clip;

use crate::{
    layout::{Edge, Graph, Kind, Node},
    relations::Mark,
};

/// Pixels: the picture, a plugin's box, and what is between them.
const WIDTH: u32 = 380;
const MARGIN: u32 = 12;
const BOX: (u32, u32) = (112, 44);
const GAP: u32 = 10;
const BETWEEN_LAYERS: u32 = 40;

/// Boxes in a row.
const ROW: usize = 3;

/// Characters of a name and of a version that a box holds.
const NAME: usize = 14;
const VERSION: usize = 13;

const GROUND: &str = "#1b1f24";
const TEXT: &str = "#f0f3f6";
const FAINT: &str = "#b6bec8";

/// Colour, sign and words of a state.
const fn look(mark: Option<Mark>) -> (&'static str, &'static str, &'static str) {
    match mark {
        Some(Mark::Serves) => ("#3fb950", "✓", "serves"),
        Some(Mark::Faulty) => ("#e3b341", "!", "with a fault"),
        Some(Mark::Circle) => ("#79c0ff", "↻", "in a circle"),
        Some(Mark::Down | Mark::Quarantine) => ("#ff7b72", "✗", "not running"),
        None => ("#9da7b3", "?", "missing"),
    }
}

const ALL: [Option<Mark>; 5] = [
    Some(Mark::Serves),
    Some(Mark::Faulty),
    Some(Mark::Circle),
    Some(Mark::Down),
    None,
];

pub(crate) fn svg(graph: &Graph) -> String {
    let mut drawing = Drawing {
        y: MARGIN,
        ..Drawing::default()
    };
    for layer in &graph.layers {
        drawing.rows(graph, layer);
        drawing.y += BETWEEN_LAYERS - GAP;
    }
    if !graph.alone.is_empty() {
        if !graph.layers.is_empty() {
            drawing.line("Need nobody, and are not needed:");
        }
        drawing.rows(graph, &graph.alone);
    }
    if graph.left_out > 0 {
        drawing.line(&format!("… and {} more", graph.left_out));
    }
    drawing.legend(graph);
    drawing.done(graph)
}

/// A picture that grows downwards.
#[derive(Default)]
struct Drawing {
    y: u32,
    boxes: String,
    /// The upper left corners, by node.
    places: BTreeMap<usize, (u32, u32)>,
}

impl Drawing {
    fn rows(&mut self, graph: &Graph, nodes: &[usize]) {
        for row in nodes.chunks(ROW) {
            let count = row.len() as u32;
            let wide = count * BOX.0 + count.saturating_sub(1) * GAP;
            let mut x = (WIDTH - wide) / 2;
            for at in row {
                self.places.insert(*at, (x, self.y));
                self.boxes.push_str(&boxed(&graph.nodes[*at], x, self.y));
                x += BOX.0 + GAP;
            }
            self.y += BOX.1 + GAP;
        }
    }

    fn line(&mut self, text: &str) {
        self.y += 14;
        let _ = writeln!(
            self.boxes,
            r#"<text x="{MARGIN}" y="{}" font-size="12" fill="{FAINT}">{}</text>"#,
            self.y,
            escaped(text)
        );
        self.y += 10;
    }

    /// What the colours and signs that there are stand for.
    fn legend(&mut self, graph: &Graph) {
        let drawn =
            |mark: &Option<Mark>| self.places.keys().any(|at| graph.nodes[*at].mark == *mark);
        let marks: Vec<Option<Mark>> = ALL.into_iter().filter(drawn).collect();
        let mut text = String::new();
        for (n, mark) in marks.iter().enumerate() {
            let (colour, sign, words) = look(*mark);
            let x = MARGIN + (n as u32 % 3) * 120;
            let y = self.y + 16 + (n as u32 / 3) * 18;
            let _ = writeln!(
                text,
                r#"<text x="{x}" y="{y}" font-size="12" fill="{FAINT}"><tspan fill="{colour}" font-weight="bold">{sign}</tspan> {words}</text>"#
            );
        }
        self.boxes.push_str(&text);
        self.y += 18 * (marks.len() as u32).div_ceil(3) + 8;
    }

    fn done(self, graph: &Graph) -> String {
        let height = self.y + MARGIN;
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="{}">
<defs>{}{}</defs>
<rect width="{WIDTH}" height="{height}" rx="10" fill="{GROUND}"/>
"#,
            pictures::FONT,
            arrow("needs", line_of(Kind::Needs).0),
            arrow("vain", line_of(Kind::InVain).0),
        );
        for edge in &graph.edges {
            if let (Some(from), Some(to)) = (self.places.get(&edge.from), self.places.get(&edge.to))
            {
                svg.push_str(&drawn(*edge, *from, *to));
            }
        }
        svg.push_str(&self.boxes);
        svg.push_str("</svg>");
        svg
    }
}

fn arrow(id: &str, colour: &str) -> String {
    format!(
        r#"<marker id="{id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{colour}"/></marker>"#
    )
}

/// Colour, dashes and arrow of a line.
const fn line_of(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Needs => ("#b6bec8", "none", "url(#needs)"),
        Kind::InVain => ("#ff7b72", "none", "url(#vain)"),
        Kind::Optional => ("#b6bec8", "3 4", "url(#needs)"),
        Kind::Conflict => ("#ff7b72", "6 4", "none"),
    }
}

fn drawn(edge: Edge, from: (u32, u32), to: (u32, u32)) -> String {
    let (colour, dashes, arrow) = line_of(edge.kind);
    let middle = BOX.0 / 2;
    let path = if from.1 < to.1 {
        // Downwards, from box to box.
        let (x1, y1, x2, y2) = (from.0 + middle, from.1 + BOX.1, to.0 + middle, to.1 - 2);
        let bend = y1 + (y2 - y1) / 2;
        // Past a box that is straight between them.
        let past = if x1 == x2 && y2 - y1 > BOX.1 + GAP {
            BOX.0
        } else {
            0
        };
        format!(
            "M{x1} {y1} C{} {bend} {} {bend} {x2} {y2}",
            x1 + past,
            x2 + past
        )
    } else if from.1 > to.1 {
        // Back up, beside the boxes' middles.
        let (x1, y1, x2, y2) = (
            from.0 + middle + 20,
            from.1,
            to.0 + middle + 20,
            to.1 + BOX.1 + 2,
        );
        let bend = y2 + (y1 - y2) / 2;
        format!("M{x1} {y1} C{x1} {bend} {x2} {bend} {x2} {y2}")
    } else {
        // Within a row: below it.
        let (x1, x2, y) = (from.0 + middle, to.0 + middle, from.1 + BOX.1);
        format!("M{x1} {y} C{x1} {0} {x2} {0} {x2} {1}", y + 24, y + 2)
    };
    format!(
        "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" stroke-dasharray=\"{dashes}\" marker-end=\"{arrow}\"/>\n"
    )
}

fn boxed(node: &Node, x: u32, y: u32) -> String {
    let (colour, sign, _) = look(node.mark);
    let dashes = if node.mark.is_none() { "4 3" } else { "none" };
    let (width, height) = BOX;
    // Long ones are written smaller.
    let size = if node.name.chars().count() > 11 {
        11
    } else {
        13
    };
    let name = escaped(&clip(&node.name, NAME));
    let version = escaped(&clip(&node.version, VERSION));
    let middle = x + width / 2;
    format!(
        r##"<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" fill="#2a3038" stroke="{colour}" stroke-width="1.8" stroke-dasharray="{dashes}"/>
<text x="{middle}" y="{}" font-size="{size}" font-weight="bold" text-anchor="middle" fill="{TEXT}">{name}</text>
<text x="{middle}" y="{}" font-size="11" text-anchor="middle" fill="{FAINT}"><tspan fill="{colour}" font-weight="bold">{sign}</tspan> {version}</text>
"##,
        y + 19,
        y + 35,
    )
}

#[cfg(test)]
mod tests {
    use plugin_api::manifest::Dependency;

    use super::*;
    use crate::{registry::Registry, relations::tests::registry};

    fn drawn(all: &Registry) -> (String, Vec<u8>) {
        let svg = svg(&Graph::of(all));
        let png = pictures::png(&svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
        (svg, png)
    }

    #[test]
    fn every_kind_of_plugin_and_line_is_drawn() {
        let on = |name: &str| Dependency::any(name);
        let mut all = registry(&[
            ("shop", "1.0.0", &[on("bank"), on("gone")]),
            ("bank", "1.2.7", &[on("ledger")]),
            ("ledger", "0.1.0", &[on("bank")]),
            ("alone", "0.1.0", &[]),
            ("<odd>&name-that-is-long", "0.1.0-beta.2+build", &[]),
        ]);
        if let Some(shop) = all.plugins.get_mut("shop") {
            shop.manifest.conflicts = vec!["alone".into()];
            shop.manifest.optional_dependencies = vec!["ledger".into()];
        }
        let (svg, png) = drawn(&all);
        for words in [
            "shop",
            "in a circle",
            "missing",
            "url(#vain)",
            "3 4",
            "6 4",
            "&lt;odd&gt;&amp;name-th…",
        ] {
            assert!(svg.contains(words), "no {words} in {svg}");
        }
        assert!(png.starts_with(b"\x89PNG"));
    }

    #[test]
    fn no_plugins_and_very_many_are_pictures_as_well() {
        assert!(drawn(&Registry::default()).1.starts_with(b"\x89PNG"));
        let names: Vec<String> = (0..400).map(|n| format!("p{n}")).collect();
        let plugins: Vec<(&str, &str, &[Dependency])> = names
            .iter()
            .map(|name| (&**name, "1.0.0", &[][..]))
            .collect();
        let (svg, _) = drawn(&registry(&plugins));
        assert!(svg.contains("… and 250 more"));
    }
}
