//! Layout of the dependency graph: layers by depth, those that need others above what they need.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    registry::Registry,
    relations::{Mark, Need, conflicts, mark, need},
};

/// Plugins that are drawn at most, so that the picture stays one that Discord shows.
const MOST: usize = 150;

/// A plugin in the picture; without a mark it is one that is needed and not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) mark: Option<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Needs,
    /// What is needed is not there, or in a version that does not fit.
    InVain,
    Optional,
    Conflict,
}

/// A line between two nodes, by their places in [`Graph::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: Kind,
}

/// The graph, as it is drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
    /// Those with relations, the topmost layer first.
    pub(crate) layers: Vec<Vec<usize>>,
    /// Those without.
    pub(crate) alone: Vec<usize>,
    /// How many are not drawn.
    pub(crate) left_out: usize,
}

impl Graph {
    pub(crate) fn of(all: &Registry) -> Self {
        let (nodes, mut edges) = collected(all);
        edges.sort();
        edges.dedup();
        let mut graph = Self {
            nodes,
            edges,
            ..Self::default()
        };
        let related: BTreeSet<usize> = graph.edges.iter().flat_map(|it| [it.from, it.to]).collect();
        graph.alone = (0..graph.nodes.len())
            .filter(|at| !related.contains(at))
            .collect();
        graph.layers = layers(&related, &graph.edges);
        graph.cut();
        graph
    }

    /// Takes away what is too much: those that stand alone first, then from the last layers.
    fn cut(&mut self) {
        let related: usize = self.layers.iter().map(Vec::len).sum();
        let alone = MOST.saturating_sub(related);
        if self.alone.len() > alone {
            self.left_out += self.alone.len() - alone;
            self.alone.truncate(alone);
        }
        let mut room = MOST;
        for layer in &mut self.layers {
            let kept = layer.len().min(room);
            self.left_out += layer.len() - kept;
            layer.truncate(kept);
            room -= kept;
        }
        let drawn: BTreeSet<usize> = self.layers.iter().flatten().copied().collect();
        self.edges
            .retain(|it| drawn.contains(&it.from) && drawn.contains(&it.to));
        self.layers.retain(|layer| !layer.is_empty());
    }
}

fn collected(all: &Registry) -> (Vec<Node>, Vec<Edge>) {
    let mut nodes = Vec::new();
    let mut places = BTreeMap::new();
    for (name, entry) in &all.plugins {
        places.insert(name.clone(), nodes.len());
        nodes.push(Node {
            name: name.clone(),
            version: entry.view.version.clone(),
            mark: Some(mark(entry, all)),
        });
    }
    let mut edges = Vec::new();
    for (name, entry) in &all.plugins {
        let from = places[name];
        for dependency in &entry.manifest.dependencies {
            let (kind, other) = match need(entry, dependency, all) {
                Need::Met(there) => (Kind::Needs, there.plugin),
                Need::Misfit(there) => (Kind::InVain, there.plugin),
                Need::Missing => (Kind::InVain, dependency.name.clone()),
            };
            let to = *places.entry(other).or_insert_with(|| {
                nodes.push(Node {
                    name: dependency.name.clone(),
                    version: dependency.version.clone().unwrap_or_default(),
                    mark: None,
                });
                nodes.len() - 1
            });
            edges.push(Edge { from, to, kind });
        }
        for optional in &entry.manifest.optional_dependencies {
            // What is not there is not missed.
            let there = all.offering(optional).next();
            let there = there.map_or(optional, |(it, _)| &it.view.name);
            if let Some(to) = places.get(there).copied() {
                edges.push(Edge {
                    from,
                    to,
                    kind: Kind::Optional,
                });
            }
        }
        for other in conflicts(entry, all) {
            let other = places[&other];
            let (from, to) = (from.min(other), from.max(other));
            edges.push(Edge {
                from,
                to,
                kind: Kind::Conflict,
            });
        }
    }
    (nodes, edges)
}

/// Layers by the longest way down; on a way that comes back to where it has been, it ends there.
fn layers(related: &BTreeSet<usize>, edges: &[Edge]) -> Vec<Vec<usize>> {
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
    let mut below: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in edges.iter().filter(|it| it.kind != Kind::Conflict) {
        below.entry(edge.from).or_default().push(edge.to);
    }
    let mut known = BTreeMap::new();
    let mut layers: Vec<Vec<usize>> = Vec::new();
    for at in related {
        let depth = depth(*at, &below, &mut known, &mut Vec::new());
        layers.resize(layers.len().max(depth + 1), Vec::new());
        layers[depth].push(*at);
    }
    ordered(&mut layers, &below);
    layers.reverse();
    layers
}

/// Each layer in the order of what its plugins need, so that fewer lines cross.
fn ordered(layers: &mut [Vec<usize>], below: &BTreeMap<usize, Vec<usize>>) {
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for layer in layers {
        let mean = |at: &usize| {
            let needed = below.get(at).into_iter().flatten();
            let needed: Vec<usize> = needed.filter_map(|it| places.get(it).copied()).collect();
            needed.iter().sum::<usize>() * 100 / needed.len().max(1)
        };
        layer.sort_by_key(|at| (mean(at), *at));
        for (place, at) in layer.iter().enumerate() {
            places.insert(*at, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::manifest::Dependency;

    use super::*;
    use crate::relations::tests::registry;

    fn names(graph: &Graph, layer: &[usize]) -> Vec<String> {
        layer
            .iter()
            .map(|at| graph.nodes[*at].name.clone())
            .collect()
    }

    #[test]
    fn who_needs_others_is_above_them_and_who_needs_nobody_stands_alone() {
        let on = |name: &str| Dependency::any(name);
        let all = registry(&[
            ("a", "1.0.0", &[on("b"), on("c")]),
            ("b", "1.0.0", &[on("c")]),
            ("c", "1.0.0", &[]),
            ("d", "1.0.0", &[on("gone")]),
            ("e", "1.0.0", &[]),
        ]);
        let graph = Graph::of(&all);
        let layers: Vec<_> = graph
            .layers
            .iter()
            .map(|layer| names(&graph, layer))
            .collect();
        assert_eq!(layers, [vec!["a"], vec!["b", "d"], vec!["c", "gone"]]);
        assert_eq!(names(&graph, &graph.alone), ["e"]);
        let in_vain = graph.edges.iter().filter(|it| it.kind == Kind::InVain);
        assert_eq!(in_vain.map(|it| it.to).collect::<Vec<_>>(), [5]);
        assert_eq!(graph.nodes[5].mark, None);
    }

    #[test]
    fn a_circle_has_layers_and_ends() {
        let on = |name: &str| [Dependency::any(name)];
        let all = registry(&[
            ("a", "1.0.0", &on("b")),
            ("b", "1.0.0", &on("c")),
            ("c", "1.0.0", &on("a")),
        ]);
        let graph = Graph::of(&all);
        assert_eq!(graph.layers.iter().map(Vec::len).sum::<usize>(), 3);
        assert_eq!(graph.edges.len(), 3);
    }

    #[test]
    fn a_thousand_plugins_are_cut_and_counted() {
        let names: Vec<String> = (0..1_000).map(|n| format!("p{n:03}")).collect();
        let needs: Vec<Vec<Dependency>> = (0..1_000)
            .map(|n| {
                if n < 400 {
                    vec![Dependency::any("p999")]
                } else {
                    Vec::new()
                }
            })
            .collect();
        let plugins: Vec<(&str, &str, &[Dependency])> = names
            .iter()
            .zip(&needs)
            .map(|(name, needs)| (&**name, "1.0.0", &**needs))
            .collect();
        let graph = Graph::of(&registry(&plugins));
        let drawn: usize = graph.layers.iter().map(Vec::len).sum::<usize>() + graph.alone.len();
        assert_eq!((drawn, graph.left_out), (MOST, 1_000 - MOST));
    }
}
