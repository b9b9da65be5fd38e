//! Resolution of dependencies: which plugins can be loaded together, in which order, which of several is used, and why not the rest.
//!
//! All of it is a pure function of what plugins declare; no file is read and none of their code runs. Why it is not a crate's:
//! [0086](../../../../docs/decisions/0086-a-resolver-of-our-own.md).
//!
//! A plugin answers to its own name and to those that it provides. A set of plugins can be loaded when there is an order in which each
//! finds what it needs among those before it, and no two conflict.

mod plan;
mod provider;
mod reason;
mod relation;
mod universe;

#[cfg(test)]
mod tests;

use host_base::PluginName;
use plugin_api::manifest::Manifest;

use self::relation::Wanted;
pub use self::{
    plan::Plan,
    provider::Providers,
    universe::{Candidate, Enforced, Universe},
};

/// Requirements and versions of a manifest's relations that can't be read, in words.
pub(crate) fn unreadable(manifest: &Manifest) -> Vec<String> {
    let mut problems = Vec::new();
    for wanted in relation::conflicts(manifest) {
        problems.extend(
            wanted
                .unreadable()
                .map(|it| format!("it conflicts with {it}")),
        );
    }
    for provided in &manifest.provides {
        if let Some(version) = &provided.version
            && relation::provided_version(version).is_none()
        {
            problems.push(format!(
                "it provides `{}` in version `{version}`, which is no version such as 1.2",
                PluginName::new(&provided.name)
            ));
        }
    }
    problems
}
