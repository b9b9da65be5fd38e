//! Plan of a start: which plugins are loaded side by side, what each of them goes after, and which are loaded behind all of those.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use futures_util::future::BoxFuture;
use host_base::PluginName;
use plugin_api::manifest::Manifest;
use tokio_util::sync::CancellationToken;

use crate::{manifest_check::Neighbour, resolve::Universe};

/// What a load of many will load, in the order in which it does.
#[derive(Debug, Default)]
pub struct StartPlan {
    /// Those that nothing is known to stand in the way of: each is loaded as soon as those are that it goes after.
    pub(super) together: Vec<Planned>,
    /// The others, one after the other behind all of those: a load that is refused tells why.
    pub(super) rest: Vec<PathBuf>,
}

#[derive(Debug)]
pub(super) struct Planned {
    pub(super) file: PathBuf,
    name: PluginName,
    manifest: Manifest,
    /// Places in the plan of those that it goes after: what it needs, what it wishes for, and what it is against.
    pub(super) after: Vec<usize>,
    /// Cancelled when it is loaded or refused.
    pub(super) done: CancellationToken,
}

impl StartPlan {
    /// Those that will be loaded unless their own start fails, and what they declare.
    pub fn expected(&self) -> impl Iterator<Item = (&PluginName, &Manifest)> {
        self.together.iter().map(|it| (&it.name, &it.manifest))
    }

    /// Completes when those of them are loaded or refused that declare something, once this is being loaded.
    pub fn loaded(&self, declares: impl Fn(&Manifest) -> bool) -> BoxFuture<'static, ()> {
        let those = self.together.iter().filter(|it| declares(&it.manifest));
        let done: Vec<CancellationToken> = those.map(|it| it.done.clone()).collect();
        Box::pin(async move {
            for done in done {
                done.cancelled().await;
            }
        })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.together.iter().map(|it| &it.file).chain(&self.rest)
    }
}

/// Which of these can be loaded side by side with the outcome of one after the other: those that meet with nothing before them in the order
/// by which they are refused, and go after none that is not among them. `serving` is there already.
pub(super) fn side_by_side(
    universe: &Universe,
    serving: &BTreeMap<PluginName, Manifest>,
    in_order: impl Iterator<Item = (PathBuf, Option<(PluginName, Manifest)>)>,
    is_refused: impl Fn(&PluginName, &Manifest, &[Neighbour<'_>]) -> bool,
) -> StartPlan {
    let mut plan = StartPlan::default();
    let mut places: HashMap<PluginName, usize> = HashMap::new();
    let mut later: HashSet<PluginName> = HashSet::new();
    for (file, declared) in in_order {
        let Some((name, manifest)) = declared else {
            plan.rest.push(file);
            continue;
        };
        let goes_after = universe.goes_after(&name);
        let meets_with_nothing = || {
            let serving = serving
                .iter()
                .map(|(name, manifest)| Neighbour { name, manifest });
            let before = plan.together.iter().map(|it| Neighbour {
                name: &it.name,
                manifest: &it.manifest,
            });
            let others = serving.chain(before).filter(|it| *it.name != name);
            let others: Vec<_> = others.collect();
            !is_refused(&name, &manifest, &others)
        };
        // Of two files of one name the second is refused.
        let is_first = !places.contains_key(&name);
        let goes_along = !goes_after.iter().any(|it| later.contains(it));
        if !(is_first && goes_along && meets_with_nothing()) {
            later.insert(name);
            plan.rest.push(file);
            continue;
        }
        let after = goes_after.iter().filter_map(|it| places.get(it).copied());
        let after = after.collect();
        places.insert(name.clone(), plan.together.len());
        plan.together.push(Planned {
            file,
            name,
            manifest,
            after,
            done: CancellationToken::new(),
        });
    }
    plan
}

/// Files in the order of a plan, the others behind it as they were.
pub(super) fn by_plan(
    mut files: Vec<PathBuf>,
    order: &[PluginName],
    name: impl Fn(&Path) -> Option<PluginName>,
) -> Vec<PathBuf> {
    let places: HashMap<&PluginName, usize> =
        order.iter().enumerate().map(|(at, it)| (it, at)).collect();
    let place = |file: &PathBuf| {
        let name = name(file)?;
        places.get(&name).copied()
    };
    files.sort_by_cached_key(|file| place(file).unwrap_or(usize::MAX));
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::{Candidate, Enforced};

    #[test]
    fn what_is_in_no_plan_comes_last_as_it_was() {
        let files = ["libd.so", "libc.so", "libb.so", "liba.so"].map(PathBuf::from);
        let order = ["b".into(), "c".into()];
        let ordered = by_plan(files.into(), &order, crate::file::plugin_name);
        assert_eq!(
            ordered,
            ["libb.so", "libc.so", "libd.so", "liba.so"].map(PathBuf::from)
        );
    }

    /// Plans these: those that are loaded side by side, each with those that it goes after, and the files of the rest. Of two that declare
    /// the same command the second is refused.
    fn planned(declared: &[(&str, serde_json::Value)]) -> (Vec<String>, Vec<String>) {
        let manifests = declared.iter().map(|(name, declared)| {
            let mut declared = declared.clone();
            declared["name"] = (*name).into();
            let manifest: Manifest = serde_json::from_value(declared).unwrap();
            (PluginName::new(name), manifest)
        });
        let manifests: Vec<(PluginName, Manifest)> = manifests.collect();
        let candidates = manifests
            .iter()
            .map(|(name, manifest)| Candidate::new(name, manifest));
        let universe = Universe::new(candidates, Enforced::ALL);
        let order = universe.plan().order;
        let in_order = order.iter().map(|name| {
            let (_, manifest) = manifests.iter().find(|it| it.0 == *name).unwrap();
            let file = PathBuf::from(format!("lib{name}.so"));
            (file, Some((name.clone(), manifest.clone())))
        });
        let unknown = [("libodd.so".into(), None)];
        let serving = BTreeMap::new();
        let in_order = in_order.chain(unknown);
        let plan = side_by_side(&universe, &serving, in_order, |_, manifest, others| {
            let commands = |it: &Manifest| -> Vec<String> {
                it.commands.iter().map(|it| it.name.clone()).collect()
            };
            let own = commands(manifest);
            let mut others = others.iter();
            others.any(|it| {
                commands(it.manifest)
                    .iter()
                    .any(|other| own.contains(other))
            })
        });
        let name = |at: &usize| plan.together[*at].name.to_string();
        let together = plan.together.iter().map(|it| {
            let after: Vec<String> = it.after.iter().map(name).collect();
            format!("{} after [{}]", it.name, after.join(" "))
        });
        let rest = plan.rest.iter().map(|it| it.display().to_string());
        (together.collect(), rest.collect())
    }

    #[test]
    fn each_goes_after_what_it_needs_or_wishes_for_and_after_nobody_else() {
        let needs = |name: &str| serde_json::json!({"dependencies": [{"name": name}]});
        let (together, rest) = planned(&[
            ("tea", needs("shop")),
            ("shop", needs("economy")),
            (
                "bank",
                serde_json::json!({"provides": [{"name": "economy"}]}),
            ),
            (
                "chat",
                serde_json::json!({"optional_dependencies": ["tea"]}),
            ),
            ("alone", serde_json::json!({})),
        ]);
        assert_eq!(
            together,
            [
                "bank after []",
                "shop after [bank]",
                "tea after [shop]",
                "chat after [tea]",
                "alone after []",
            ]
        );
        assert_eq!(rest, ["libodd.so"]);
    }

    /// Whoever came first would win otherwise.
    #[test]
    fn what_meets_with_one_before_it_is_loaded_behind_all_of_them_and_so_is_what_needs_it() {
        let brew = serde_json::json!({"commands": [{"name": "brew"}]});
        let (together, rest) = planned(&[
            ("a", brew.clone()),
            ("b", brew),
            ("c", serde_json::json!({"dependencies": [{"name": "b"}]})),
            ("d", serde_json::json!({})),
        ]);
        assert_eq!(together, ["a after []", "d after []"]);
        assert_eq!(rest, ["libb.so", "libc.so", "libodd.so"]);
    }

    #[test]
    fn those_that_wish_for_each_other_go_one_after_the_other() {
        let wishes = |name: &str| serde_json::json!({"optional_dependencies": [name]});
        let (together, _) = planned(&[("a", wishes("b")), ("b", wishes("a"))]);
        assert_eq!(together, ["a after []", "b after [a]"]);
    }
}
