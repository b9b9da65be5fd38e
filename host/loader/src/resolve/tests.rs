//! Tests of the resolution: 10,000 small universes agree with brute force, and what is told of a refusal.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// Numbers that a seed determines (xorshift).
struct Random(u64);

impl Random {
    fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const NAMES: &[&str] = &["a", "b", "c", "d", "e", "f", "g", "h"];
const CAPABILITIES: &[&str] = &["x", "y"];
const VERSIONS: &[&str] = &["1.0.0", "1.4.0", "2.1.0"];
const REQUIREMENTS: &[&str] = &["^1", "^2", "*", "<2", ">=1.4"];

/// A plugin of a test's universe.
#[derive(Debug, Clone)]
struct Written {
    manifest: Manifest,
    serves: bool,
    refused: bool,
}

fn written(json: Value) -> Manifest {
    serde_json::from_value(json).unwrap()
}

fn universe(plugins: &BTreeMap<String, Written>) -> Universe {
    let candidates = plugins.iter().map(|(name, it)| Candidate {
        name: PluginName::new(name),
        manifest: &it.manifest,
        serves: it.serves,
        refused: it.refused.then(|| "it is broken".to_owned()),
    });
    Universe::new(candidates, Enforced::ALL)
}

/// Some relations, or none.
fn relations(random: &mut Random, most: usize, of: &[&str]) -> Vec<Value> {
    let count = random.below(most + 1);
    let relation = |_| {
        let name = random.one(of);
        match random.below(3) {
            0 => json!({"name": name, "version": random.one(REQUIREMENTS)}),
            _ => json!({ "name": name }),
        }
    };
    (0..count).map(relation).collect()
}

fn random(random: &mut Random) -> BTreeMap<String, Written> {
    let all: Vec<&str> = NAMES.iter().chain(CAPABILITIES).copied().collect();
    let count = 2 + random.below(NAMES.len() - 1);
    let mut plugins = BTreeMap::new();
    for name in &NAMES[..count] {
        let provides: Vec<Value> = match random.below(3) {
            0 => vec![json!({"name": random.one(CAPABILITIES), "version": random.one(VERSIONS)})],
            _ => Vec::new(),
        };
        let manifest = written(json!({
            "name": name,
            "version": random.one(VERSIONS),
            "dependencies": relations(random, 2, &all),
            "conflict_versions": relations(random, 1, &all),
            "optional_dependencies": [random.one(&all)],
            "provides": provides,
        }));
        let state = random.below(10);
        let it = Written {
            manifest,
            serves: state == 0,
            refused: state == 1,
        };
        plugins.insert((*name).to_owned(), it);
    }
    plugins
}

/// The rules once more, in the plainest way: names and requirements are looked up anew each time.
mod plainly {
    use semver::{Version, VersionReq};

    use super::*;

    fn answers(plugin: &Manifest, wanted: &plugin_api::manifest::Dependency) -> bool {
        let own = [(&plugin.name, &plugin.version)];
        let provided = plugin.provides.iter();
        let provided = provided.map(|it| (&it.name, it.version.as_ref().unwrap()));
        own.into_iter().chain(provided).any(|(name, version)| {
            let fits = |wanted: &String| {
                let wanted = VersionReq::parse(wanted).unwrap();
                wanted.matches(&Version::parse(version).unwrap())
            };
            *name == wanted.name && wanted.version.as_ref().is_none_or(fits)
        })
    }

    fn conflict(one: &Manifest, other: &Manifest) -> bool {
        let against = |one: &Manifest, other| {
            let mut against = one.conflict_versions.iter();
            against.any(|wanted| answers(other, wanted))
        };
        against(one, other) || against(other, one)
    }

    /// Whether one can be loaded behind those that are there.
    pub(super) fn can_follow(plugin: &Written, there: &[&Written]) -> bool {
        let is_met = |wanted| there.iter().any(|it| answers(&it.manifest, wanted));
        plugin.serves || (!plugin.refused && plugin.manifest.dependencies.iter().all(is_met))
    }

    /// Whether a set can be loaded: by an order in which each can follow, without conflicts but among those that serve.
    pub(super) fn is_valid(set: &[&Written]) -> bool {
        for (at, one) in set.iter().enumerate() {
            for other in &set[at + 1..] {
                let both_serve = one.serves && other.serves;
                if !both_serve && conflict(&one.manifest, &other.manifest) {
                    return false;
                }
            }
        }
        let (mut there, mut left): (Vec<&Written>, Vec<&Written>) =
            set.iter().partition(|it| it.serves);
        while let Some(at) = left.iter().position(|it| can_follow(it, &there)) {
            there.push(left.remove(at));
        }
        left.is_empty()
    }

    /// The most that can be loaded together with all that serves, by trying every set.
    pub(super) fn most(plugins: &BTreeMap<String, Written>) -> usize {
        let all: Vec<&Written> = plugins.values().collect();
        let sets = (0..1_u32 << all.len()).map(|bits| {
            let chosen =
                |(at, it): (usize, &&'_ Written)| (bits >> at & 1 == 1 || it.serves).then_some(at);
            all.iter()
                .enumerate()
                .filter_map(chosen)
                .map(|at| all[at])
                .collect::<Vec<_>>()
        });
        sets.filter(|set| is_valid(set))
            .map(|set| set.len())
            .max()
            .unwrap_or_default()
    }
}

#[test]
fn ten_thousand_small_universes_agree_with_brute_force() {
    for seed in 1..=10_000 {
        let plugins = random(&mut Random::of(seed));
        let plan = universe(&plugins).plan();
        let order: Vec<&Written> = plan.order.iter().map(|name| &plugins[&**name]).collect();
        assert!(plan.is_largest, "{seed}");
        assert_eq!(order.len() + plan.left_out.len(), plugins.len());
        assert!(
            plainly::is_valid(&order),
            "{seed}: {plan:?} of {plugins:#?}"
        );
        assert_eq!(
            order.len(),
            plainly::most(&plugins),
            "{seed}: {plan:?} of {plugins:#?}"
        );
        for (name, plugin) in &plugins {
            let is_left_out = plan.left_out.iter().any(|it| it.is(name));
            assert!(!plugin.serves || !is_left_out, "{seed}: {name} served");
        }
        // Each is loaded behind what it needs.
        let serving: Vec<&Written> = plugins.values().filter(|it| it.serves).collect();
        for (at, plugin) in order.iter().enumerate() {
            let before: Vec<&Written> = serving.iter().chain(&order[..at]).copied().collect();
            assert!(plainly::can_follow(plugin, &before), "{seed}: {plan:?}");
        }
    }
}

/// Whatever is left out of the plan is told a reason, and whatever is in it is told none.
#[test]
fn each_that_is_left_out_is_told_why_once_the_plan_serves() {
    for seed in 1..=10_000 {
        let mut plugins = random(&mut Random::of(seed));
        let plan = universe(&plugins).plan();
        let was_serving: Vec<String> = plugins
            .iter()
            .filter(|it| it.1.serves)
            .map(|it| it.0.clone())
            .collect();
        for name in &plan.order {
            plugins.get_mut(&**name).unwrap().serves = true;
        }
        let universe = universe(&plugins);
        for (name, plugin) in &plugins {
            let name = PluginName::new(name);
            let told = [universe.conflicts(&name), universe.unmet(&name)].concat();
            if plan.left_out.contains(&name) {
                assert!(
                    plugin.refused || !told.is_empty(),
                    "{seed}: {name} of {plugins:#?}"
                );
            } else if !was_serving.iter().any(|it| name.is(it)) {
                assert_eq!(told, [""; 0], "{seed}: {name} of {plugins:#?}");
            }
        }
    }
}

/// Names in the order of a plan.
fn check(plugins: Value, expect: &[&str]) {
    let plugins = read(plugins);
    let order = universe(&plugins).plan().order;
    let order: Vec<&str> = order.iter().map(|name| &**name).collect();
    assert_eq!(order, expect);
}

fn read(plugins: Value) -> BTreeMap<String, Written> {
    let plugins = plugins.as_object().unwrap().iter().map(|(name, declared)| {
        let mut manifest = written(declared.clone());
        manifest.name.clone_from(name);
        let is = |word: &str| declared["is"] == word;
        let it = Written {
            manifest,
            serves: is("loaded"),
            refused: is("broken"),
        };
        (name.clone(), it)
    });
    plugins.collect()
}

fn needs(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}

#[test]
fn dependencies_come_first_and_optional_ones_where_they_can() {
    let of = |needs_: &[&str], wishes: &[&str]| json!({"version": "1.0.0", "dependencies": needs(needs_), "optional_dependencies": wishes});
    check(
        json!({"a": of(&["b"], &[]), "b": of(&[], &[])}),
        &["b", "a"],
    );
    check(
        json!({"a": of(&[], &["b"]), "b": of(&[], &[])}),
        &["b", "a"],
    );
    check(json!({"a": of(&[], &["absent"])}), &["a"]);
    // Two that wish for each other are no circle, and what is needed goes before what is wished for.
    check(
        json!({"a": of(&[], &["b"]), "b": of(&[], &["a"])}),
        &["a", "b"],
    );
    check(
        json!({"a": of(&[], &["b"]), "b": of(&["a"], &[])}),
        &["a", "b"],
    );
    check(json!({"a": of(&["b"], &[]), "b": of(&["a"], &[])}), &[]);
    // All that provide a name go before who needs it.
    let money = |version: &str| json!({"version": "1.0.0", "provides": [{"name": "money", "version": version}]});
    check(
        json!({"a": of(&["money"], &[]), "b": money("1.0"), "c": money("2")}),
        &["b", "c", "a"],
    );
}

#[test]
fn as_many_as_can_be_stay_and_what_serves_stays_whatever_comes() {
    let against = |names: &[&str]| json!({"version": "1.0.0", "conflicts": names});
    let rivals = json!({"a": against(&["b", "c"]), "b": against(&[]), "c": against(&[])});
    check(rivals, &["b", "c"]);
    check(json!({"a": against(&["b"]), "b": against(&[])}), &["a"]);
    check(
        json!({"a": against(&[]), "b": against(&[]), "star": {"version": "1.0.0", "conflicts": ["a", "b"], "is": "loaded"}}),
        &["star"],
    );
    // One of a kind: it conflicts with all others that provide the same.
    let only =
        || json!({"version": "1.0.0", "provides": [{"name": "money"}], "conflicts": ["money"]});
    check(json!({"a": only(), "b": only(), "c": only()}), &["a"]);
}

#[test]
fn not_enforced_everything_goes_in_order_all_the_same() {
    let plugins = read(json!({
        "a": {"version": "1.0.0", "dependencies": needs(&["b", "absent"]), "conflicts": ["b"]},
        "b": {"version": "1.0.0"},
    }));
    let candidates = plugins
        .iter()
        .map(|(name, it)| Candidate::new(PluginName::new(name), &it.manifest));
    let none = Enforced {
        dependencies: false,
        conflicts: false,
    };
    let plan = Universe::new(candidates, none).plan();
    assert_eq!(
        (plan.order, plan.left_out),
        (vec!["b".into(), "a".into()], vec![])
    );
}

/// What is told of a plugin that is not loaded.
fn tells(plugins: Value, name: &str, expect: &[&str]) {
    let universe = universe(&read(plugins));
    let name = PluginName::new(name);
    let told = [universe.conflicts(&name), universe.unmet(&name)].concat();
    assert_eq!(told, expect);
}

#[test]
fn a_refusal_is_told_with_the_whole_chain_and_the_next_step() {
    let shop = json!({"version": "1.0.0", "dependencies": [{"name": "economy", "version": "^2"}]});
    let bank = json!({"version": "1.4.0", "provides": [{"name": "economy", "version": "1.4"}], "is": "loaded"});
    let coins = json!({
        "version": "3.0.0",
        "provides": [{"name": "economy", "version": "2.1"}],
        "conflict_versions": [{"name": "bank", "version": "<2"}],
    });
    tells(
        json!({"shop": shop, "bank": bank, "coins": coins}),
        "shop",
        &[
            "it needs `economy` ^2: `bank` 1.4.0 provides economy 1.4 (not ^2); `coins` 3.0.0 provides economy 2.1, but is refused \
           itself: it conflicts with `bank` <2, and 1.4.0 is loaded; unload `bank` first, or install a version of `bank` that is \
           not <2",
        ],
    );
    tells(
        json!({"shop": shop, "bank": bank}),
        "shop",
        &[
            "it needs `economy` ^2: `bank` 1.4.0 provides economy 1.4 (not ^2); install one that provides `economy` ^2",
        ],
    );
    tells(
        json!({"shop": shop}),
        "shop",
        &["it needs `economy`, which is not loaded; load `economy` first"],
    );
    tells(
        json!({"shop": shop, "economy": {"version": "1.0.0", "is": "loaded"}}),
        "shop",
        &["it needs `economy` ^2, and 1.0.0 is loaded; install a version of `economy` that fits"],
    );
    tells(
        json!({"shop": shop, "economy": {"version": "2.0.0", "is": "broken"}}),
        "shop",
        &["it needs `economy` ^2, which is refused itself: it is broken"],
    );
    let of = |names: &[&str]| json!({"version": "1.0.0", "dependencies": needs(names)});
    tells(
        json!({"a": of(&["b"]), "b": of(&["c"]), "c": of(&["d"])}),
        "a",
        &[
            "it needs `b`, which is refused itself: it needs `c`, which is refused itself: it needs `d`, which is not loaded; load \
           `d` first",
        ],
    );
}

#[test]
fn a_circle_is_told_as_the_way_through_it() {
    let of = |names: &[&str]| json!({"version": "1.0.0", "dependencies": needs(names)});
    let plugins = json!({
        "a": of(&["d", "b"]), "b": of(&["c"]), "c": of(&["a"]), "d": {"version": "1.0.0", "is": "loaded"}, "e": of(&["a"]), "f": of(&["f"]),
    });
    let step = "one of them must do without another: let it depend on that optionally, and ask for it when it is needed";
    tells(
        plugins.clone(),
        "a",
        &[&format!(
            "it needs `b`, which is refused itself: it needs `c`, which is refused itself: it needs `a`, which needs it in turn: \
             `a` → `b` → `c` → `a`; {step}"
        )],
    );
    tells(
        plugins.clone(),
        "e",
        &[&format!(
            "it needs `a`, which is refused itself: it needs `b`, which is refused itself: it needs `c`, which is refused itself: \
             it needs `a`, which needs it in turn: `a` → `b` → `c` → `a`; {step}"
        )],
    );
    tells(
        plugins.clone(),
        "f",
        &["it needs `f`, which is itself; take that need away"],
    );
    let universe = universe(&read(plugins));
    let circle = |name: &str| PluginName::list(&universe.cycle(&name.into()));
    assert_eq!(circle("a"), "a, b, c, a");
    assert_eq!(circle("f"), "f, f");
    assert_eq!((circle("d"), circle("e")), (String::new(), String::new()));
}

#[test]
fn conflicts_are_told_from_both_sides_with_their_versions() {
    let rival = |against: Value| json!({"old": {"version": "1.0.0"}, "rival": {"version": "2.0.0", "conflict_versions": against, "is": "loaded"}});
    tells(
        rival(json!([{"name": "old", "version": "<2"}])),
        "old",
        &[
            "`rival`, which is loaded, conflicts with `old` <2, and this is 1.0.0; unload `rival` first, or install another version of it",
        ],
    );
    tells(
        rival(json!([{"name": "old", "version": ">=2"}])),
        "old",
        &[],
    );
    tells(
        rival(json!([{"name": "old"}])),
        "old",
        &["it conflicts with `rival`, which is loaded; unload `rival` first"],
    );
}

#[test]
fn a_provider_that_is_in_use_stays_so_while_it_fits() {
    let plugins = |version: &str| {
        read(json!({
            "shop": {"version": "1.0.0", "dependencies": [{"name": "economy", "version": "^1"}]},
            "bank": {"version": "1.4.0", "provides": [{"name": "economy", "version": version}], "is": "loaded"},
            "coins": {"version": "1.0.0", "provides": [{"name": "economy", "version": "1.2"}], "is": "loaded"},
        }))
    };
    let shop = PluginName::new("shop");
    let used = |universe: &Universe, before| {
        universe.providers(&shop, before)[&PluginName::new("economy")].to_string()
    };
    let equal = universe(&plugins("1.2"));
    assert_eq!(used(&equal, None), "bank");
    let older = universe(&plugins("1.1"));
    assert_eq!(used(&older, None), "coins");
    let before = Providers::from([("economy".into(), "bank".into())]);
    assert_eq!(used(&older, Some(&before)), "bank");
    assert!(older.does_without(&shop, &"bank".into()));
    let other = universe(&plugins("2.0"));
    assert_eq!(used(&other, Some(&before)), "coins");
    assert!(!other.does_without(&shop, &"coins".into()));
}

#[test]
fn what_can_not_be_read_is_told() {
    let manifest = written(json!({
        "conflict_versions": [{"name": "bank", "version": "==1"}],
        "provides": [{"name": "economy", "version": "new"}, {"name": "x"}, {"name": "y", "version": "1.2"}],
    }));
    assert_eq!(
        unreadable(&manifest),
        [
            "it conflicts with `bank` in version `==1`, which is no requirement such as =1",
            "it provides `economy` in version `new`, which is no version such as 1.2",
        ]
    );
}
