//! Relations that plugins declare, as they are compared: names with requirements, and what answers to them.

use std::fmt;

use host_base::PluginName;
use plugin_api::manifest::{Dependency, Manifest};
use semver::{Version, VersionReq};

/// A name in certain versions: what a plugin needs, or is against.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) name: PluginName,
    /// The requirement as it is written; empty: any version.
    pub(super) written: String,
    versions: Versions,
}

#[derive(Debug, Clone)]
enum Versions {
    Any,
    These(VersionReq),
    /// The requirement can't be read, and nothing fits it.
    Unreadable,
}

impl Wanted {
    pub(super) fn new(name: &str, version: Option<&str>) -> Self {
        Self {
            name: PluginName::new(name),
            written: version.unwrap_or_default().to_owned(),
            versions: match version.map(VersionReq::parse) {
                None => Versions::Any,
                Some(Ok(these)) => Versions::These(these),
                Some(Err(_)) => Versions::Unreadable,
            },
        }
    }

    pub(super) fn of(dependency: &Dependency) -> Self {
        Self::new(&dependency.name, dependency.version.as_deref())
    }

    pub(super) fn fits(&self, offer: &Offer) -> bool {
        self.name == offer.name
            && match (&self.versions, &offer.version) {
                (Versions::Any, _) => true,
                (Versions::These(these), Some(version)) => these.matches(version),
                _ => false,
            }
    }

    /// What is wrong with the requirement itself.
    pub(super) fn unreadable(&self) -> Option<String> {
        matches!(self.versions, Versions::Unreadable).then(|| {
            // As other languages write it.
            let example = self.written.trim().strip_prefix("==").map(str::trim);
            let example = example.map_or_else(|| "^1.2".to_owned(), |one| format!("={one}"));
            format!(
                "`{}` in version `{}`, which is no requirement such as {example}",
                self.name, self.written
            )
        })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.written {
            "" => write!(f, "`{}`", self.name),
            written => write!(f, "`{}` {written}", self.name),
        }
    }
}

/// A name that a plugin answers to: its own first, then what it provides.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) name: PluginName,
    pub(super) written: String,
    pub(super) version: Option<Version>,
}

/// What a plugin answers to.
pub(super) fn offers(name: &PluginName, manifest: &Manifest) -> Vec<Offer> {
    let own = Offer {
        name: name.clone(),
        written: manifest.version.clone(),
        version: Version::parse(&manifest.version).ok(),
    };
    let provided = manifest.provides.iter().map(|it| Offer {
        name: PluginName::new(&it.name),
        written: it.version.clone().unwrap_or_default(),
        version: it.version.as_deref().and_then(provided_version),
    });
    let provided = provided.filter(|it| it.name != *name);
    [own].into_iter().chain(provided).collect()
}

/// The version of a provided name: `1.2` is 1.2.0, and `1` is 1.0.0.
pub(crate) fn provided_version(written: &str) -> Option<Version> {
    ["", ".0", ".0.0"]
        .iter()
        .find_map(|rest| Version::parse(&format!("{written}{rest}")).ok())
}

/// What a plugin is against.
pub(super) fn conflicts(manifest: &Manifest) -> Vec<Wanted> {
    let any = manifest
        .conflicts
        .iter()
        .map(|name| Wanted::new(name, None));
    let some = manifest.conflict_versions.iter().map(Wanted::of);
    any.chain(some).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(version: &str) -> Offer {
        Offer {
            name: "market".into(),
            written: version.into(),
            version: Version::parse(version).ok(),
        }
    }

    #[test]
    fn versions_are_compared_by_each_operator() {
        for (wanted, fits) in [
            (">=1.2.3", true),
            (">=1.2.4", false),
            (">1.2.2", true),
            (">1.2.3", false),
            ("<=1.2.3", true),
            ("<=1.2.2", false),
            ("<1.3", true),
            ("<1.2.3", false),
            ("=1.2.3", true),
            ("=1.2.4", false),
            ("1.2.0", true),
            ("~1.1", false),
            ("*", true),
            (">=1.0, <2", true),
            (">=2, <3", false),
            ("nonsense", false),
        ] {
            let wanted = Wanted::new("market", Some(wanted));
            assert_eq!(wanted.fits(&offer("1.2.3")), fits, "{wanted}");
        }
        let any = Wanted::new("market", None);
        assert!(any.fits(&offer("unknown")) && any.unreadable().is_none());
        assert!(!Wanted::new("market", Some("*")).fits(&offer("unknown")));
        let told = |written| Wanted::new("market", Some(written)).unreadable().unwrap();
        assert!(told("==1.2.3").ends_with("no requirement such as =1.2.3"));
        assert!(told("the newest").ends_with("no requirement such as ^1.2"));
    }

    #[test]
    fn a_provided_version_may_be_short() {
        for (written, version) in [("1", "1.0.0"), ("1.2", "1.2.0"), ("1.2.3", "1.2.3")] {
            assert_eq!(provided_version(written).unwrap().to_string(), version);
        }
        for odd in ["", "v1", "1.2.3.4", "^1"] {
            assert_eq!(provided_version(odd), None, "{odd}");
        }
    }
}
