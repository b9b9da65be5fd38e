//! Graph of dependencies: plugins as nodes, in layers, and what each needs, can use or conflicts with as edges.

use std::collections::{BTreeMap, BTreeSet};

use plugin_api::{Json, abi::PluginView};

use super::standing::{is_met, serves};
use crate::ui::Tone;

/// Plugins that are drawn at most, so that the picture can be taken in.
const MOST: usize = 120;

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Needs,
    /// What is needed is not there, or in no version that fits.
    InVain,
    Optional,
    Conflict,
}

impl Kind {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Needs => "needs",
            Self::InVain => "needs, and has not got",
            Self::Optional => "can use",
            Self::Conflict => "conflicts with",
        }
    }

    /// The class that gives its line a look.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Needs => "needs",
            Self::InVain => "in-vain",
            Self::Optional => "optional",
            Self::Conflict => "conflict",
        }
    }

    pub(super) const fn tone(self) -> Tone {
        match self {
            Self::Needs => Tone::Good,
            Self::Optional => Tone::Plain,
            Self::InVain | Self::Conflict => Tone::Bad,
        }
    }
}

/// A plugin, or a name that is needed and nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) serves: bool,
}

/// A line between two nodes, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: Kind,
}

/// The plugins that have to do with others.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// By the longest way down, those that need others above what they need.
    pub(super) layers: Vec<Vec<usize>>,
    /// Plugins that have to do with nobody.
    pub(super) alone: usize,
    pub(super) left_out: usize,
}

impl Graph {
    pub(super) fn of(plugins: &[PluginView]) -> Self {
        let mut graph = Self::default();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for plugin in plugins {
            places.insert(plugin.name.to_lowercase(), graph.nodes.len());
            graph.nodes.push(Node {
                name: plugin.name.clone(),
                version: plugin.version.clone(),
                serves: serves(plugin),
            });
        }
        for (from, plugin) in plugins.iter().enumerate() {
            graph.relate(from, plugin, &mut places);
        }
        graph.edges.sort();
        graph.edges.dedup();
        let related: BTreeSet<usize> = graph
            .edges
            .iter()
            .flat_map(|edge| [edge.from, edge.to])
            .collect();
        graph.alone = graph.nodes.len() - related.len();
        graph.layers = layers(&related, &graph.edges);
        graph.cut();
        graph
    }

    fn relate(&mut self, from: usize, plugin: &PluginView, places: &mut BTreeMap<String, usize>) {
        for need in &plugin.needs {
            let by = plugin.providers.get(need).unwrap_or(need);
            let kind = match is_met(plugin, need) || !serves(plugin) {
                true => Kind::Needs,
                false => Kind::InVain,
            };
            let to = *places.entry(by.to_lowercase()).or_insert_with(|| {
                self.nodes.push(Node {
                    name: by.clone(),
                    version: String::new(),
                    serves: false,
                });
                self.nodes.len() - 1
            });
            self.edges.push(Edge { from, to, kind });
        }
        let relations = [
            (Kind::Optional, names(plugin, "optional_dependencies")),
            (Kind::Conflict, names(plugin, "conflicts")),
            (Kind::Conflict, names(plugin, "conflict_versions")),
        ];
        for (kind, names) in relations {
            // What is not there is neither missed nor in the way.
            let there = names.into_iter().filter_map(|name| places.get(&name));
            let edges = there.map(|to| Edge {
                from,
                to: *to,
                kind,
            });
            self.edges.extend(edges.filter(|edge| edge.to != from));
        }
    }

    /// Takes away what is too much to be drawn.
    fn cut(&mut self) {
        let mut room = MOST;
        for layer in &mut self.layers {
            let kept = layer.len().min(room);
            self.left_out += layer.len() - kept;
            layer.truncate(kept);
            room -= kept;
        }
        self.layers.retain(|layer| !layer.is_empty());
    }
}

/// Names in a list of the manifest, in small letters: texts, or entries with a name.
fn names(plugin: &PluginView, list: &str) -> Vec<String> {
    let entries = plugin.manifest.as_ref().and_then(|it| it.get(list));
    let entries = entries.and_then(Json::as_array).into_iter().flatten();
    let named = entries.filter_map(|it| it.as_str().or_else(|| it.get("name")?.as_str()));
    named.map(str::to_lowercase).collect()
}

/// Layers by the longest way down; on a way that comes back to where it has been, it ends there.
fn layers(related: &BTreeSet<usize>, edges: &[Edge]) -> Vec<Vec<usize>> {
    let mut below: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.kind != Kind::Conflict) {
        below.entry(edge.from).or_default().push(edge.to);
    }
    let mut known = BTreeMap::new();
    let mut layers: Vec<Vec<usize>> = Vec::new();
    for at in related {
        let depth = depth(*at, &below, &mut known, &mut Vec::new());
        layers.resize(layers.len().max(depth + 1), Vec::new());
        layers[depth].push(*at);
    }
    layers.reverse();
    layers
}

fn depth(
    at: usize,
    below: &BTreeMap<usize, Vec<usize>>,
    known: &mut BTreeMap<usize, usize>,
    way: &mut Vec<usize>,
) -> usize {
    if let Some(depth) = known.get(&at) {
        return *depth;
    }
    way.push(at);
    let mut deepest = 0;
    for next in below.get(&at).into_iter().flatten() {
        if !way.contains(next) {
            deepest = deepest.max(depth(*next, below, known, way) + 1);
        }
    }
    way.pop();
    known.insert(at, deepest);
    deepest
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::plugins::standing::tests::serving;

    pub(in crate::plugins) fn plugin(name: &str, needs: &[&str], met: bool) -> PluginView {
        let mut plugin = serving(name);
        plugin.needs = needs.iter().map(|&need| need.to_owned()).collect();
        if met {
            let met = plugin.needs.iter().map(|need| (need.clone(), need.clone()));
            plugin.providers = met.collect();
        }
        plugin
    }

    fn names_of(graph: &Graph) -> Vec<Vec<&str>> {
        let layers = graph.layers.iter();
        let name = |at: &usize| graph.nodes[*at].name.as_str();
        layers.map(|it| it.iter().map(name).collect()).collect()
    }

    #[test]
    fn who_needs_others_stands_above_them_and_what_is_missing_is_drawn() {
        let all = [
            plugin("shop", &["bank", "ledger"], true),
            plugin("bank", &["ledger"], true),
            plugin("ledger", &[], true),
            plugin("cafe", &["gone"], false),
            plugin("alone", &[], true),
        ];
        let graph = Graph::of(&all);
        assert_eq!(
            names_of(&graph),
            [vec!["shop"], vec!["bank", "cafe"], vec!["ledger", "gone"]]
        );
        assert_eq!(graph.alone, 1);
        let in_vain: Vec<_> = graph
            .edges
            .iter()
            .filter(|it| it.kind == Kind::InVain)
            .collect();
        assert_eq!(in_vain.len(), 1);
    }

    #[test]
    fn optional_plugins_and_conflicts_are_lines_where_they_are_there() {
        let mut shop = plugin("shop", &[], true);
        shop.manifest = Some(json!({
            "optional_dependencies": ["bank", "gone"],
            "conflicts": ["Cafe"],
            "conflict_versions": [{"name": "bar", "version": "<2"}],
        }));
        let all = [
            shop,
            plugin("bank", &[], true),
            plugin("cafe", &[], true),
            plugin("bar", &[], true),
        ];
        let graph = Graph::of(&all);
        let kinds: Vec<Kind> = graph.edges.iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [Kind::Optional, Kind::Conflict, Kind::Conflict]);
    }

    #[test]
    fn a_circle_has_an_end_and_very_many_are_cut() {
        let all = [
            plugin("a", &["b"], true),
            plugin("b", &["c"], true),
            plugin("c", &["a"], true),
        ];
        let graph = Graph::of(&all);
        assert_eq!(graph.layers.iter().map(Vec::len).sum::<usize>(), 3);
        let names: Vec<String> = (0..300).map(|n| format!("p{n}")).collect();
        let mut all: Vec<_> = names
            .iter()
            .map(|name| plugin(name, &["core"], true))
            .collect();
        all.push(plugin("core", &[], true));
        let graph = Graph::of(&all);
        assert_eq!(graph.layers.iter().map(Vec::len).sum::<usize>(), MOST);
        assert_eq!((graph.left_out, graph.edges.len()), (301 - MOST, 300));
    }
}
