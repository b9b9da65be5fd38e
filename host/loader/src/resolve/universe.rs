//! Universe of a resolution: the plugins that there are, and who fits what another declares.

use std::collections::HashMap;

use host_base::PluginName;
use plugin_api::manifest::Manifest;

use super::relation::{self, Offer, Wanted};

/// A plugin that is there.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// Its name.
    pub name: PluginName,
    /// What it declares.
    pub manifest: &'a Manifest,
    /// Whether it serves: then it stays, whatever comes.
    pub serves: bool,
    /// Why it can't be loaded whatever is beside it, in words.
    pub refused: Option<String>,
}

impl<'a> Candidate<'a> {
    /// One that could be loaded.
    #[must_use]
    pub fn new(name: impl Into<PluginName>, manifest: &'a Manifest) -> Self {
        Self {
            name: name.into(),
            manifest,
            serves: false,
            refused: None,
        }
    }

    /// One that serves.
    #[must_use]
    pub fn serving(name: impl Into<PluginName>, manifest: &'a Manifest) -> Self {
        Self {
            serves: true,
            ..Self::new(name, manifest)
        }
    }
}

/// Which of the declarations count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enforced {
    /// What a plugin needs.
    pub dependencies: bool,
    /// What a plugin is against.
    pub conflicts: bool,
}

impl Enforced {
    /// Both.
    pub const ALL: Self = Self {
        dependencies: true,
        conflicts: true,
    };
}

/// The plugins that there are, in the order in which they were given, with their relations worked out.
#[derive(Debug)]
pub struct Universe {
    pub(super) members: Vec<Member>,
    pub(super) places: HashMap<PluginName, usize>,
    /// Who answers to a name, in whatever version.
    pub(super) offering: HashMap<PluginName, Vec<usize>>,
    /// The needs that each meets: whose, and which of all needs.
    pub(super) asked_by: Vec<Vec<(usize, usize)>>,
    pub(super) need_count: usize,
    pub(super) enforced: Enforced,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: PluginName,
    pub(super) offers: Vec<Offer>,
    pub(super) needs: Vec<Need>,
    /// The others that it goes after where they are there.
    pub(super) wishes: Vec<usize>,
    /// What it is against itself.
    pub(super) against: Vec<Wanted>,
    /// All that it can't be beside, whichever of the two says so.
    pub(super) conflicts: Vec<usize>,
    pub(super) serves: bool,
    pub(super) refused: Option<String>,
}

impl Member {
    pub(super) fn version(&self) -> &str {
        &self.offers[0].written
    }

    pub(super) fn offer(&self, name: &PluginName) -> Option<&Offer> {
        self.offers.iter().find(|it| it.name == *name)
    }
}

#[derive(Debug)]
pub(super) struct Need {
    pub(super) wanted: Wanted,
    /// The others that it is met by.
    pub(super) met_by: Vec<usize>,
}

impl Universe {
    /// The relations of these. Of two of one name the last counts. Where it makes no difference the first that is given goes first.
    #[must_use]
    pub fn new<'a>(
        candidates: impl IntoIterator<Item = Candidate<'a>>,
        enforced: Enforced,
    ) -> Self {
        let mut places: HashMap<PluginName, usize> = HashMap::new();
        let mut given: Vec<Candidate<'a>> = Vec::new();
        for candidate in candidates {
            match places.get(&candidate.name) {
                Some(at) => given[*at] = candidate,
                None => {
                    places.insert(candidate.name.clone(), given.len());
                    given.push(candidate);
                }
            }
        }
        let mut universe = Self {
            members: given.iter().map(member).collect(),
            places,
            offering: HashMap::new(),
            asked_by: vec![Vec::new(); given.len()],
            need_count: 0,
            enforced,
        };
        universe.index();
        let manifests: Vec<&Manifest> = given.iter().map(|it| it.manifest).collect();
        universe.relate(&manifests);
        universe
    }

    fn index(&mut self) {
        for (at, member) in self.members.iter().enumerate() {
            for offer in &member.offers {
                let offering = self.offering.entry(offer.name.clone()).or_default();
                if offering.last() != Some(&at) {
                    offering.push(at);
                }
            }
        }
    }

    fn relate(&mut self, manifests: &[&Manifest]) {
        for (at, manifest) in manifests.iter().enumerate() {
            let needs = manifest.dependencies.iter().map(|dependency| {
                let wanted = Wanted::of(dependency);
                let met_by = self.fitting(at, &wanted);
                Need { wanted, met_by }
            });
            let needs: Vec<Need> = needs.collect();
            let names = manifest.optional_dependencies.iter();
            let wishes = names.flat_map(|name| self.fitting(at, &Wanted::new(name, None)));
            let wishes = wishes.collect();
            let against: Vec<usize> = self.members[at]
                .against
                .iter()
                .flat_map(|wanted| self.fitting(at, wanted))
                .collect();
            for other in against {
                self.members[at].conflicts.push(other);
                self.members[other].conflicts.push(at);
            }
            self.ask(at, &needs);
            let member = &mut self.members[at];
            (member.needs, member.wishes) = (needs, wishes);
        }
        for member in &mut self.members {
            member.conflicts.sort_unstable();
            member.conflicts.dedup();
        }
    }

    fn ask(&mut self, at: usize, needs: &[Need]) {
        for need in needs {
            for other in &need.met_by {
                self.asked_by[*other].push((at, self.need_count));
            }
            self.need_count += 1;
        }
    }

    /// The others that answer to a name in a version that fits.
    fn fitting(&self, at: usize, wanted: &Wanted) -> Vec<usize> {
        let offering = self.offering(&wanted.name).iter().copied();
        let fits = |other: &usize| {
            let mut offers = self.members[*other].offers.iter();
            *other != at && offers.any(|offer| wanted.fits(offer))
        };
        offering.filter(fits).collect()
    }

    pub(super) fn offering(&self, name: &PluginName) -> &[usize] {
        self.offering.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn member(&self, name: &PluginName) -> Option<(usize, &Member)> {
        let at = *self.places.get(name)?;
        Some((at, &self.members[at]))
    }

    pub(super) fn names(&self, places: &[usize]) -> Vec<PluginName> {
        let names = places.iter().map(|at| self.members[*at].name.clone());
        names.collect()
    }
}

fn member(candidate: &Candidate<'_>) -> Member {
    Member {
        name: candidate.name.clone(),
        offers: relation::offers(&candidate.name, candidate.manifest),
        needs: Vec::new(),
        wishes: Vec::new(),
        against: relation::conflicts(candidate.manifest),
        conflicts: Vec::new(),
        serves: candidate.serves,
        refused: candidate.refused.clone(),
    }
}
