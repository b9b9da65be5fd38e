//! Relations between plugins: what one needs and what it gets, conflicts, circles; and the mark of its state.

use std::fmt;

use plugin_api::{manifest::Dependency, text::word};
use semver::{Version, VersionReq};

use crate::registry::{Entry, Registry};

/// Mark of a plugin's state, by sign and by word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    Serves,
    Faulty,
    Circle,
    Down,
    Quarantine,
}

impl Mark {
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Serves => "✅",
            Self::Faulty => "⚠️",
            Self::Circle => "🔄",
            Self::Down => "❌",
            Self::Quarantine => "💥",
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::Faulty => "serves, with a fault",
            Self::Circle => "serves, in a circle of plugins that need each other",
            Self::Down => "is not running",
            Self::Quarantine => "is in quarantine: it has crashed the bot",
        }
    }
}

/// What becomes of something that a plugin needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// It is loaded, in this version.
    Met(There),
    /// It is loaded in a version that does not fit.
    Misfit(There),
    Missing,
}

/// A plugin that answers to a name that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct There {
    pub(crate) plugin: String,
    pub(crate) version: String,
    /// The version of what it provides under that name, where it is not its own.
    provided: Option<String>,
}

impl There {
    fn new(entry: &Entry, name: &str, version: &str) -> Self {
        let view = &entry.view;
        Self {
            plugin: view.name.clone(),
            version: view.version.clone(),
            provided: (view.name != name).then(|| version.to_owned()),
        }
    }
}

impl fmt::Display for There {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = word(&self.version);
        match &self.provided {
            None => write!(f, "{version} is loaded"),
            Some(provided) => {
                let name = word(&self.plugin);
                write!(f, "`{name}` {version} provides {}", word(provided))
            }
        }
    }
}

/// Whether a version fits a requirement; a provided one may be short, such as `1.2`.
fn fits(wanted: Option<&str>, version: &str) -> bool {
    let Some(wanted) = wanted else {
        return true;
    };
    let parsed = |rest: &&str| Version::parse(&format!("{version}{rest}")).ok();
    match (
        VersionReq::parse(wanted),
        ["", ".0", ".0.0"].iter().find_map(parsed),
    ) {
        (Ok(wanted), Some(version)) => wanted.matches(&version),
        _ => false,
    }
}

/// What meets a need of a plugin: what it uses for it, or else whatever fits.
pub(crate) fn need(entry: &Entry, dependency: &Dependency, all: &Registry) -> Need {
    let name = &*dependency.name;
    let used = entry.view.providers.get(name);
    let is_used = |it: &Entry| used == Some(&it.view.name);
    let others = || {
        all.offering(name)
            .filter(|(it, _)| it.view.name != entry.view.name || it.view.name == name)
    };
    let is_met = |version: &str| fits(dependency.version.as_deref(), version);
    let met = others().filter(|(_, version)| is_met(version));
    if let Some((by, version)) = met.min_by_key(|(it, _)| !is_used(it)) {
        return Need::Met(There::new(by, name, version));
    }
    match others().next() {
        Some((by, version)) => Need::Misfit(There::new(by, name, version)),
        None => Need::Missing,
    }
}

/// Whether a plugin says that it can't be beside another.
fn is_against(one: &Entry, other: &Entry) -> bool {
    let own = (&*other.view.name, &*other.view.version);
    let provided = other.manifest.provides.iter();
    let provided = provided.map(|it| (&*it.name, it.version.as_deref().unwrap_or_default()));
    let mut offers = [own].into_iter().chain(provided);
    offers.any(|(name, version)| {
        let by_name = one.manifest.conflicts.iter().any(|it| it == name);
        let mut versions = one.manifest.conflict_versions.iter();
        by_name || versions.any(|it| it.name == name && fits(it.version.as_deref(), version))
    })
}

/// The plugins that serve and that it says it can't be beside, or that say so of it.
pub(crate) fn conflicts(entry: &Entry, all: &Registry) -> Vec<String> {
    let name = &entry.view.name;
    let others = all.plugins.iter().filter(|(other, it)| {
        *other != name && it.serves() && (is_against(entry, it) || is_against(it, entry))
    });
    others.map(|(other, _)| other.clone()).collect()
}

/// The way on which it needs itself: `a`, `b`, `a`; empty when it does not.
pub(crate) fn circle(name: &str, all: &Registry) -> Vec<String> {
    fn search<'a>(
        goal: &str,
        at: &'a Entry,
        all: &'a Registry,
        way: &mut Vec<&'a str>,
        seen: &mut Vec<&'a str>,
    ) -> bool {
        for dependency in &at.manifest.dependencies {
            for (next, version) in all.offering(&dependency.name) {
                let name = &*next.view.name;
                if name == goal {
                    return true;
                }
                if seen.contains(&name) || !fits(dependency.version.as_deref(), version) {
                    continue;
                }
                seen.push(name);
                way.push(name);
                if search(goal, next, all, way, seen) {
                    return true;
                }
                way.pop();
            }
        }
        false
    }
    let Some(entry) = all.serving(name) else {
        return Vec::new();
    };
    let (mut way, mut seen) = (Vec::new(), Vec::new());
    if !search(name, entry, all, &mut way, &mut seen) {
        return Vec::new();
    }
    let around = [name].into_iter().chain(way).chain([name]);
    around.map(str::to_owned).collect()
}

/// What is wrong between a plugin that serves and the others, a sentence each.
pub(crate) fn faults(entry: &Entry, all: &Registry) -> Vec<String> {
    let mut faults = Vec::new();
    for dependency in &entry.manifest.dependencies {
        let (name, wanted) = (
            word(&dependency.name),
            dependency.version.as_deref().map(word),
        );
        match (need(entry, dependency, all), wanted) {
            (Need::Met(_), _) => {}
            (Need::Misfit(there), wanted) => faults.push(format!(
                "it needs `{name}` {}, and {there}",
                wanted.unwrap_or_default(),
            )),
            (Need::Missing, None) => faults.push(format!("it needs `{name}`, which is not loaded")),
            (Need::Missing, Some(wanted)) => {
                faults.push(format!("it needs `{name}` {wanted}, which is not loaded"));
            }
        }
    }
    for other in conflicts(entry, all) {
        faults.push(format!(
            "it conflicts with `{}`, which is loaded",
            word(&other)
        ));
    }
    faults
}

pub(crate) fn mark(entry: &Entry, all: &Registry) -> Mark {
    if entry.view.quarantined && !entry.serves() {
        Mark::Quarantine
    } else if !entry.serves() {
        Mark::Down
    } else if !circle(&entry.view.name, all).is_empty() {
        Mark::Circle
    } else if entry.view.error.is_some() || !faults(entry, all).is_empty() {
        Mark::Faulty
    } else {
        Mark::Serves
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use plugin_api::{abi::PluginState, manifest::ProvidedManifest};

    use super::*;

    /// Plugins that serve: name, version, what each needs.
    pub(crate) fn registry(plugins: &[(&str, &str, &[Dependency])]) -> Registry {
        let mut all = Registry::default();
        for (name, version, needs) in plugins {
            let mut entry = Entry::default();
            entry.view.state = PluginState::Serving;
            (entry.view.name, entry.view.version) = ((*name).into(), (*version).into());
            entry.manifest.dependencies = needs.to_vec();
            all.plugins.insert((*name).into(), entry);
        }
        all
    }

    fn any(name: &str) -> Dependency {
        Dependency::any(name)
    }

    #[test]
    fn versions_are_compared_as_semver_does_and_nothing_is_ever_met_by_chance() {
        let need_of = |version: &str, wanted: &str| {
            let all = registry(&[("bank", version, &[])]);
            need(&Entry::default(), &Dependency::new("bank", wanted), &all)
        };
        let met = |version: &str, wanted: &str| matches!(need_of(version, wanted), Need::Met(_));
        for (version, wanted) in [
            ("1.0.0", "=1.0"),
            ("1.2.3", "^1.2"),
            ("1.5.0", ">=1, <2"),
            ("1.2.9", "~1.2"),
        ] {
            assert!(met(version, wanted), "{version} {wanted}");
        }
        for (version, wanted) in [
            ("2.0.0", ">=1, <2"),
            ("1.3.0", "~1.2"),
            ("1.0.0-beta2", ">1.0.0"),
            ("1.0.0", "!=1.0"),
            ("1.0.0", "nonsense"),
            ("unknown", ">=0.1"),
        ] {
            assert!(!met(version, wanted), "{version} {wanted}");
        }
        let nobody = Entry::default();
        assert_eq!(
            need(&nobody, &any("bank"), &Registry::default()),
            Need::Missing
        );
    }

    #[test]
    fn a_circle_is_the_way_through_it_and_who_only_leads_into_it_is_none() {
        let all = registry(&[
            ("a", "1.0.0", &[any("d"), any("b")]),
            ("b", "1.0.0", &[any("c")]),
            ("c", "1.0.0", &[any("a")]),
            ("d", "1.0.0", &[]),
            ("e", "1.0.0", &[any("a")]),
            ("f", "1.0.0", &[any("f")]),
        ]);
        assert_eq!(circle("a", &all), ["a", "b", "c", "a"]);
        assert_eq!(circle("b", &all), ["b", "c", "a", "b"]);
        assert_eq!(circle("d", &all), [""; 0]);
        assert_eq!(circle("e", &all), [""; 0]);
        assert_eq!(circle("f", &all), ["f", "f"]);
        let marks = ["a", "d", "e"].map(|name| mark(&all.plugins[name], &all));
        assert_eq!(marks, [Mark::Circle, Mark::Serves, Mark::Serves]);
    }

    #[test]
    fn conflicts_are_looked_at_both_ways_and_with_what_serves_alone() {
        let mut all = registry(&[
            ("a", "1.0.0", &[]),
            ("b", "1.0.0", &[]),
            ("c", "1.0.0", &[]),
        ]);
        let of = |all: &mut Registry, name: &str, against: &str| {
            let entry = all
                .plugins
                .get_mut(name)
                .unwrap_or_else(|| panic!("{name}"));
            entry.manifest.conflicts = vec![against.into()];
        };
        of(&mut all, "a", "b");
        assert_eq!(conflicts(&all.plugins["a"], &all), ["b"]);
        assert_eq!(conflicts(&all.plugins["b"], &all), ["a"]);
        assert_eq!(conflicts(&all.plugins["c"], &all), [""; 0]);
        assert_eq!(mark(&all.plugins["b"], &all), Mark::Faulty);
        if let Some(entry) = all.plugins.get_mut("b") {
            entry.view.state = PluginState::Refused;
        }
        assert_eq!(conflicts(&all.plugins["a"], &all), [""; 0]);
        assert_eq!(mark(&all.plugins["b"], &all), Mark::Down);
        if let Some(entry) = all.plugins.get_mut("b") {
            entry.view.quarantined = true;
        }
        assert_eq!(mark(&all.plugins["b"], &all), Mark::Quarantine);
    }

    #[test]
    fn faults_name_the_plugin_the_version_and_what_is_there() {
        let needs = [
            Dependency::new("bank", "^2"),
            any("tea"),
            Dependency::new("milk", "^1"),
        ];
        let all = registry(&[("shop", "1.0.0", &needs), ("bank", "1.0.0", &[])]);
        assert_eq!(
            faults(&all.plugins["shop"], &all),
            [
                "it needs `bank` ^2, and 1.0.0 is loaded",
                "it needs `tea`, which is not loaded",
                "it needs `milk` ^1, which is not loaded",
            ]
        );
    }

    #[test]
    fn names_that_begin_alike_are_two_plugins() {
        let all = registry(&[("foo", "1.0.0", &[]), ("foobar", "1.0.0", &[any("foo")])]);
        let met = need(&all.plugins["foobar"], &any("foo"), &all);
        assert!(matches!(met, Need::Met(there) if there.plugin == "foo"));
        assert_eq!(faults(&all.plugins["foo"], &all), [""; 0]);
        assert!(all.find("foo-bar").is_none() && all.find(" foobar ").is_some());
    }

    #[test]
    fn what_is_provided_meets_a_need_and_the_one_in_use_is_told() {
        let wanted = Dependency::new("economy", "^1");
        let mut all = registry(&[
            ("shop", "1.0.0", std::slice::from_ref(&wanted)),
            ("bank", "3.0.0", &[]),
            ("coins", "1.0.0", &[]),
            ("foe", "1.0.0", &[]),
        ]);
        let mut provides = |name: &str, version: &str| {
            let entry = all.plugins.entry(name.to_owned()).or_default();
            entry.manifest.provides = vec![ProvidedManifest::new("economy", version)];
        };
        provides("bank", "1.2");
        provides("coins", "1");
        if let Some(foe) = all.plugins.get_mut("foe") {
            foe.manifest.conflict_versions = vec![Dependency::new("economy", "<1.1")];
        }
        let told = |all: &Registry| match need(&all.plugins["shop"], &wanted, all) {
            Need::Met(there) => there.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(told(&all), "`bank` 3.0.0 provides 1.2");
        assert_eq!(conflicts(&all.plugins["foe"], &all), ["coins"]);
        if let Some(shop) = all.plugins.get_mut("shop") {
            shop.view.providers = [("economy".to_owned(), "coins".to_owned())].into();
        }
        assert_eq!(told(&all), "`coins` 1.0.0 provides 1");
        // A circle by what is provided.
        if let Some(coins) = all.plugins.get_mut("coins") {
            coins.manifest.dependencies = vec![any("shop")];
        }
        assert_eq!(circle("shop", &all), ["shop", "coins", "shop"]);
    }
}
