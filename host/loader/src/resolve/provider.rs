//! Provider in use: which of the plugins that serve meets a need, and stays the one.

use host_base::PluginName;

use super::universe::{Need, Universe};

/// The plugins in use for a plugin's needs, by the name that it needs.
pub type Providers = std::collections::BTreeMap<PluginName, PluginName>;

impl Universe {
    /// Which plugins a plugin uses for what it needs, of those that serve. One that was in use before stays so while it fits. Else it is
    /// the plugin of that very name, the one that provides the highest version, or the first by name. Where none fits, it is the one
    /// that would by its name alone: it is what the plugin waits for.
    #[must_use]
    pub fn providers(&self, name: &PluginName, before: Option<&Providers>) -> Providers {
        let Some((_, member)) = self.member(name) else {
            return Providers::new();
        };
        let provider = |need: &Need| {
            let of = &need.wanted.name;
            let before = before.and_then(|it| it.get(of));
            let provider = self.provider(need, before)?;
            Some((of.clone(), self.members[provider].name.clone()))
        };
        member.needs.iter().filter_map(provider).collect()
    }

    fn provider(&self, need: &Need, before: Option<&PluginName>) -> Option<usize> {
        let of = &need.wanted.name;
        let serves = |at: &&usize| self.members[**at].serves;
        let is_before = |at: &usize| before == Some(&self.members[*at].name);
        let rank = |at: &usize| {
            let member = &self.members[*at];
            let version = member.offer(of).and_then(|it| it.version.clone());
            let last = std::cmp::Reverse(*at);
            (is_before(at), member.name == *of, version, last)
        };
        let fitting = need.met_by.iter().filter(serves).copied();
        let best = fitting.max_by_key(rank);
        best.or_else(|| {
            let offering = self.offering(of).iter().filter(serves).copied();
            offering.max_by_key(rank)
        })
    }

    /// Whether what a plugin needs is met by those that serve, but for one.
    #[must_use]
    pub fn does_without(&self, name: &PluginName, gone: &PluginName) -> bool {
        let Some((_, member)) = self.member(name) else {
            return false;
        };
        let stays = |at: &usize| self.members[*at].serves && self.members[*at].name != *gone;
        let is_met = |need: &Need| {
            let is_about = self
                .member(gone)
                .is_some_and(|(_, it)| it.offer(&need.wanted.name).is_some());
            !is_about || need.met_by.iter().any(stays)
        };
        member.needs.iter().all(is_met)
    }

    /// The plugins that a plugin does without where they are not there, and goes after where they are.
    #[must_use]
    pub fn wishes(&self, name: &PluginName) -> Vec<PluginName> {
        self.member(name)
            .map(|(_, member)| self.names(&member.wishes))
            .unwrap_or_default()
    }

    /// The plugins that may make a difference to it when they are loaded before it: those that answer to what it needs, those that it
    /// wishes for, and those that it can't be beside.
    #[must_use]
    pub fn goes_after(&self, name: &PluginName) -> Vec<PluginName> {
        let Some((at, member)) = self.member(name) else {
            return Vec::new();
        };
        let needs = member.needs.iter();
        let offering = needs.flat_map(|need| self.offering(&need.wanted.name));
        let others = offering.chain(&member.wishes).chain(&member.conflicts);
        let mut others: Vec<usize> = others.copied().filter(|other| *other != at).collect();
        others.sort_unstable();
        others.dedup();
        self.names(&others)
    }

    /// Whether a plugin needs or wishes for a name that another answers to.
    #[must_use]
    pub fn needs_name_of(&self, name: &PluginName, other: &PluginName) -> bool {
        let (Some((_, member)), Some((_, other))) = (self.member(name), self.member(other)) else {
            return false;
        };
        let mut needs = member.needs.iter();
        needs.any(|need| other.offer(&need.wanted.name).is_some())
    }
}
