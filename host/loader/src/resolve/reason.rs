//! Reasons of a resolution in words: what keeps a plugin from being loaded beside those that serve, with the whole chain behind it.

use std::collections::BTreeSet;

use host_base::PluginName;

use super::universe::{Member, Need, Universe};

/// Links of a chain that are told.
const LINKS: usize = 8;

/// A reason, and what can be done about it.
struct Reason {
    text: String,
    steps: Vec<String>,
}

impl Reason {
    fn new(text: String, step: String) -> Self {
        Self {
            text,
            steps: vec![step],
        }
    }

    /// One sentence: any of the steps helps.
    fn sentence(mut self) -> String {
        self.steps.dedup();
        match self.steps.is_empty() {
            true => self.text,
            false => format!("{}; {}", self.text, self.steps.join(", or ")),
        }
    }
}

/// The way from the plugin that is asked about to where the chain is, and whose refusal was told.
struct Chain {
    way: Vec<usize>,
    told: BTreeSet<usize>,
}

impl Universe {
    /// All of it that is enforced, a sentence each: conflicts, then needs.
    #[must_use]
    pub fn problems(&self, name: &PluginName) -> Vec<String> {
        let mut problems = Vec::new();
        if self.enforced.conflicts {
            problems.extend(self.conflicts(name));
        }
        if self.enforced.dependencies {
            problems.extend(self.unmet(name));
        }
        problems
    }

    /// What serves and can't be beside it, a sentence each.
    #[must_use]
    pub fn conflicts(&self, name: &PluginName) -> Vec<String> {
        let Some((at, _)) = self.member(name) else {
            return Vec::new();
        };
        let reasons = self.conflict_reasons(at).into_iter();
        reasons.map(Reason::sentence).collect()
    }

    /// What it needs and what serves does not meet, a sentence each.
    #[must_use]
    pub fn unmet(&self, name: &PluginName) -> Vec<String> {
        let Some((at, member)) = self.member(name) else {
            return Vec::new();
        };
        let unmet = member.needs.iter().filter(|need| !self.is_met(need));
        let sentence = |need: &Need| {
            let mut chain = Chain {
                way: vec![at],
                told: BTreeSet::new(),
            };
            self.unmet_reason(need, &mut chain).sentence()
        };
        unmet.map(sentence).collect()
    }

    /// The way on which a plugin would need itself: `a`, `b`, `a`; empty when it does not.
    #[must_use]
    pub fn cycle(&self, name: &PluginName) -> Vec<PluginName> {
        let Some((goal, _)) = self.member(name) else {
            return Vec::new();
        };
        let mut way = vec![goal];
        let mut seen = vec![false; self.members.len()];
        if !self.comes_back(goal, &mut way, &mut seen) {
            return Vec::new();
        }
        way.push(goal);
        self.names(&way)
    }

    fn comes_back(&self, goal: usize, way: &mut Vec<usize>, seen: &mut [bool]) -> bool {
        let at = way[way.len() - 1];
        for need in &self.members[at].needs {
            // What is met by another plugin, or by this one in another version, is not what the circle is about.
            for next in self.offering(&need.wanted.name) {
                let fits = need.met_by.contains(next) || *next == at;
                if !fits {
                    continue;
                }
                if *next == goal {
                    return true;
                }
                if !std::mem::replace(&mut seen[*next], true) {
                    way.push(*next);
                    if self.comes_back(goal, way, seen) {
                        return true;
                    }
                    way.pop();
                }
            }
        }
        false
    }

    fn is_met(&self, need: &Need) -> bool {
        need.met_by.iter().any(|at| self.members[*at].serves)
    }

    fn conflict_reasons(&self, at: usize) -> Vec<Reason> {
        let others = self.members[at].conflicts.iter();
        let serving = others.filter(|other| self.members[**other].serves);
        serving
            .map(|other| self.conflict_reason(at, *other))
            .collect()
    }

    fn conflict_reason(&self, at: usize, other: usize) -> Reason {
        let (member, rival) = (&self.members[at], &self.members[other]);
        let said = |by: &Member, of: &Member| {
            let fits = |it: &&_| of.offers.iter().any(|offer| super::Wanted::fits(it, offer));
            by.against.iter().find(fits).cloned()
        };
        let (name, version) = (&rival.name, rival.version());
        let (text, way_out) = match (said(member, rival), said(rival, member)) {
            (Some(wanted), _) if wanted.name != *name => (
                format!("it conflicts with {wanted}, which `{name}` {version} provides"),
                None,
            ),
            (Some(wanted), _) if !wanted.written.is_empty() => (
                format!("it conflicts with {wanted}, and {version} is loaded"),
                Some(format!(
                    "install a version of `{name}` that is not {}",
                    wanted.written
                )),
            ),
            (None, Some(wanted)) if wanted.name != member.name => (
                format!("`{name}`, which is loaded, conflicts with {wanted}, which this provides"),
                None,
            ),
            (None, Some(wanted)) if !wanted.written.is_empty() => (
                format!(
                    "`{name}`, which is loaded, conflicts with {wanted}, and this is {}",
                    member.version()
                ),
                Some("install another version of it".to_owned()),
            ),
            _ => (format!("it conflicts with `{name}`, which is loaded"), None),
        };
        let mut reason = Reason::new(text, format!("unload `{name}` first"));
        reason.steps.extend(way_out);
        reason
    }

    fn unmet_reason(&self, need: &Need, chain: &mut Chain) -> Reason {
        let name = &need.wanted.name;
        let itself = &chain.way[chain.way.len() - 1];
        let others = self.offering(name).iter().copied();
        let mut others: Vec<usize> = others.filter(|at| at != itself).collect();
        // By name: what is told is the same whoever came first.
        others.sort_by_key(|at| &self.members[*at].name);
        match &*others {
            [] if self.members[*itself].name == *name => Reason::new(
                format!("it needs `{name}`, which is itself"),
                "take that need away".to_owned(),
            ),
            [] => Reason::new(
                format!("it needs `{name}`, which is not loaded"),
                format!("load `{name}` first"),
            ),
            [other] if self.members[*other].name == *name => self.one_reason(need, *other, chain),
            others => self.several_reason(need, others, chain),
        }
    }

    /// The plugin of that very name is there, and no other that provides it.
    fn one_reason(&self, need: &Need, other: usize, chain: &mut Chain) -> Reason {
        let (wanted, there) = (&need.wanted, &self.members[other]);
        if let Some(unreadable) = wanted.unreadable() {
            return Reason::new(
                format!("it needs {unreadable}"),
                "correct that in the plugin".to_owned(),
            );
        }
        let name = &wanted.name;
        let fits = need.met_by.contains(&other);
        if !fits && there.refused.is_none() {
            let state = if there.serves {
                "is loaded"
            } else {
                "is there"
            };
            return Reason::new(
                format!("it needs {wanted}, and {} {state}", there.version()),
                format!("install a version of `{name}` that fits"),
            );
        }
        let behind = self.why_not(other, chain);
        Reason {
            text: format!("it needs {wanted}, {}", behind.text),
            ..behind
        }
    }

    /// One or several provide it.
    fn several_reason(&self, need: &Need, others: &[usize], chain: &mut Chain) -> Reason {
        let wanted = &need.wanted;
        let mut steps = Vec::new();
        let each = others.iter().map(|at| {
            let other = &self.members[*at];
            let offer = other.offer(&wanted.name);
            let of_name = match other.name == wanted.name {
                true => format!("`{}` {}", other.name, other.version()),
                false => format!(
                    "`{}` {} provides {} {}",
                    other.name,
                    other.version(),
                    wanted.name,
                    offer.map_or("", |it| &it.written)
                ),
            };
            let of_name = of_name.trim_end().to_owned();
            if !need.met_by.contains(at) {
                return format!("{of_name} (not {})", wanted.written);
            }
            let behind = self.why_not(*at, chain);
            steps.extend(behind.steps);
            format!("{of_name}, {}", behind.text.replacen("which", "but", 1))
        });
        let each: Vec<String> = each.collect();
        if steps.is_empty() {
            steps.push(format!("install one that provides {wanted}"));
        }
        Reason {
            text: format!("it needs {wanted}: {}", each.join("; ")),
            steps,
        }
    }

    /// Why one that is needed does not serve: `which …`.
    fn why_not(&self, at: usize, chain: &mut Chain) -> Reason {
        let name = &self.members[at].name;
        if let Some(from) = chain.way.iter().position(|it| *it == at) {
            let mut circle: Vec<usize> = chain.way[from..].to_vec();
            circle.push(at);
            let circle: Vec<String> = self
                .names(&circle)
                .iter()
                .map(|it| format!("`{it}`"))
                .collect();
            return Reason::new(
                format!("which needs it in turn: {}", circle.join(" → ")),
                "one of them must do without another: let it depend on that optionally, and ask for it when it is needed".to_owned(),
            );
        }
        if chain.way.len() >= LINKS || !chain.told.insert(at) {
            return Reason {
                text: "which is refused itself".to_owned(),
                steps: Vec::new(),
            };
        }
        chain.way.push(at);
        let reasons = self.reasons(at, chain);
        chain.way.pop();
        if reasons.is_empty() {
            return Reason::new(
                "which is not loaded".to_owned(),
                format!("load `{name}` first"),
            );
        }
        let texts: Vec<&str> = reasons.iter().map(|it| &*it.text).collect();
        Reason {
            text: format!("which is refused itself: {}", texts.join(", and ")),
            steps: reasons.into_iter().flat_map(|it| it.steps).collect(),
        }
    }

    fn reasons(&self, at: usize, chain: &mut Chain) -> Vec<Reason> {
        let member = &self.members[at];
        if let Some(refused) = &member.refused {
            return vec![Reason {
                text: refused.clone(),
                steps: Vec::new(),
            }];
        }
        let mut reasons = match self.enforced.conflicts {
            true => self.conflict_reasons(at),
            false => Vec::new(),
        };
        if self.enforced.dependencies {
            for need in member.needs.iter().filter(|need| !self.is_met(need)) {
                reasons.push(self.unmet_reason(need, chain));
            }
        }
        reasons
    }
}
