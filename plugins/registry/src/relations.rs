//! Relations between plugins: what one needs and what it gets, conflicts, circles; and the mark of its state.

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
    Met(String),
    /// It is loaded in a version that does not fit.
    Misfit(String),
    Missing,
}

pub(crate) fn need(dependency: &Dependency, all: &Registry) -> Need {
    let Some(there) = all.serving(&dependency.name) else {
        return Need::Missing;
    };
    let version = there.view.version.clone();
    let Some(wanted) = &dependency.version else {
        return Need::Met(version);
    };
    let fits = match (VersionReq::parse(wanted), Version::parse(&version)) {
        (Ok(wanted), Ok(version)) => wanted.matches(&version),
        _ => false,
    };
    if fits {
        Need::Met(version)
    } else {
        Need::Misfit(version)
    }
}

/// The plugins that serve and that it says it can't be beside, or that say so of it.
pub(crate) fn conflicts(entry: &Entry, all: &Registry) -> Vec<String> {
    let name = &entry.view.name;
    let is_against = |one: &Entry, other: &str| one.manifest.conflicts.iter().any(|it| it == other);
    let others = all.plugins.iter().filter(|(other, it)| {
        *other != name && it.serves() && (is_against(entry, other) || is_against(it, name))
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
            if dependency.name == goal {
                return true;
            }
            if seen.contains(&&*dependency.name) {
                continue;
            }
            let Some(next) = all.serving(&dependency.name) else {
                continue;
            };
            seen.push(&dependency.name);
            way.push(&dependency.name);
            if search(goal, next, all, way, seen) {
                return true;
            }
            way.pop();
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
        match (need(dependency, all), wanted) {
            (Need::Met(_), _) => {}
            (Need::Misfit(there), wanted) => faults.push(format!(
                "it needs `{name}` {}, and {} is loaded",
                wanted.unwrap_or_default(),
                word(&there)
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
    use plugin_api::abi::PluginState;

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
            need(&Dependency::new("bank", wanted), &all)
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
        assert_eq!(need(&any("bank"), &Registry::default()), Need::Missing);
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
        assert_eq!(need(&any("foo"), &all), Need::Met("1.0.0".into()));
        assert_eq!(faults(&all.plugins["foo"], &all), [""; 0]);
        assert!(all.find("foo-bar").is_none() && all.find(" foobar ").is_some());
    }
}
