//! Plan of a resolution: as many plugins as can be loaded together, and their order.

use host_base::PluginName;

use super::universe::{Member, Universe};

/// Plugins that the search may look at before it is content with the best that it has found: some ten
/// milliseconds.
const LOOKS: usize = 1_000_000;

/// What is to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What serves and what can be loaded beside it, each behind what it needs.
    pub order: Vec<PluginName>,
    /// The rest, as they were given.
    pub left_out: Vec<PluginName>,
    /// Whether no other choice among those that conflict has more: the search has come to its end.
    pub is_largest: bool,
}

impl Universe {
    /// As many as can be loaded together, beside what serves; the first that is given where it makes no difference.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let (out, is_largest) = self.choose();
        let there = self.reached(&out);
        let places = 0..self.members.len();
        let left_out: Vec<usize> = places.filter(|at| !there[*at]).collect();
        Plan {
            order: self.names(&self.ordered(&there)),
            left_out: self.names(&left_out),
            is_largest,
        }
    }

    /// All of them in the order of a plan: what is needed first, then what is wished for, as far as that goes.
    #[must_use]
    pub fn order(&self) -> Vec<PluginName> {
        self.names(&self.ordered(&vec![true; self.members.len()]))
    }

    /// Which plugins are to be left out, and whether none were left out that need not be.
    fn choose(&self) -> (Vec<bool>, bool) {
        let against_what_serves = |at: usize| {
            let conflicts = self.conflicts_of(at).iter();
            let mut serving = conflicts.filter(|other| self.members[**other].serves);
            serving.next().is_some()
        };
        let is_out = |at: usize| {
            let member = &self.members[at];
            !member.serves && (member.refused.is_some() || against_what_serves(at))
        };
        let for_good: Vec<bool> = (0..self.members.len()).map(is_out).collect();
        let mut search = Search {
            universe: self,
            best: None,
            looks_left: LOOKS,
        };
        search.run(&mut for_good.clone());
        let is_largest = search.looks_left > 0;
        let (_, mut out) = search.best.unwrap_or_else(|| (0, for_good.clone()));
        if !is_largest {
            self.take_back(&mut out, &for_good);
        }
        (out, is_largest)
    }

    /// Takes back in, as they were given, who was left out for somebody that is left out as well by now.
    fn take_back(&self, out: &mut [bool], for_good: &[bool]) {
        for at in 0..out.len() {
            if out[at] && !for_good[at] {
                out[at] = false;
                out[at] = self.worst(&self.reached(out)).0.is_some();
            }
        }
    }

    /// All that can be loaded but for these, if conflicts did not matter: who lacks nothing is added, over and over. No other set
    /// without these has one that this has not.
    pub(super) fn reached(&self, out: &[bool]) -> Vec<bool> {
        let counts = self.enforced.dependencies;
        let needs = |member: &Member| if counts { member.needs.len() } else { 0 };
        let mut open: Vec<usize> = self.members.iter().map(needs).collect();
        let mut met = vec![false; self.need_count];
        let can_go =
            |at: usize, open: &[usize]| self.members[at].serves || (!out[at] && open[at] == 0);
        let mut there = vec![false; self.members.len()];
        let mut next: Vec<usize> = (0..there.len()).filter(|at| can_go(*at, &open)).collect();
        for at in &next {
            there[*at] = true;
        }
        while let Some(at) = next.pop() {
            for (asking, need) in &self.asked_by[at] {
                if open[*asking] > 0 && !std::mem::replace(&mut met[*need], true) {
                    open[*asking] -= 1;
                    if !there[*asking] && can_go(*asking, &open) {
                        there[*asking] = true;
                        next.push(*asking);
                    }
                }
            }
        }
        there
    }

    fn conflicts_of(&self, at: usize) -> &[usize] {
        match self.enforced.conflicts {
            true => &self.members[at].conflicts,
            false => &[],
        }
    }

    /// Of these, whom most of them conflict with (the last that is given of those), and how many pairs that conflict have no plugin in
    /// common. What serves beside each other is none of it.
    fn worst(&self, there: &[bool]) -> (Option<usize>, usize) {
        let counts = |at: usize| there[at] && !self.members[at].serves;
        let (mut worst, mut most, mut pairs) = (None, 0, 0);
        let mut paired = vec![false; there.len()];
        for at in (0..there.len()).filter(|at| counts(*at)) {
            let others = || {
                self.conflicts_of(at)
                    .iter()
                    .copied()
                    .filter(|it| counts(*it))
            };
            let count = others().count();
            if count > 0 && count >= most {
                (worst, most) = (Some(at), count);
            }
            if !paired[at]
                && let Some(other) = others().find(|it| !paired[*it])
            {
                (paired[at], paired[other]) = (true, true);
                pairs += 1;
            }
        }
        (worst, pairs)
    }

    /// These, each behind what it needs; behind all that fit and behind what it wishes for as far as that goes.
    fn ordered(&self, there: &[bool]) -> Vec<usize> {
        let mut placed = vec![false; there.len()];
        let mut left: Vec<usize> = (0..there.len()).filter(|at| there[*at]).collect();
        let mut order = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let has_needs = |at: &usize| {
                let mut needs = self.members[*at].needs.iter();
                needs.all(|need| {
                    let mut met_by = need.met_by.iter().filter(|other| there[**other]).peekable();
                    met_by.peek().is_none() || met_by.any(|other| placed[*other])
                })
            };
            let has_all = |at: &usize| {
                let member = &self.members[*at];
                let fitting = member.needs.iter().flat_map(|need| &need.met_by);
                let mut all = fitting.chain(&member.wishes);
                all.all(|other| placed[*other] || !there[*other])
            };
            let first = |is_next: &dyn Fn(&usize) -> bool| left.iter().position(is_next);
            // What serves is there already, whatever it lacks.
            let serves = |at: &usize| self.members[*at].serves;
            let next = first(&has_all).or_else(|| first(&has_needs));
            // A circle, which can be loaded only where needs are not enforced.
            let next = next.or_else(|| first(&serves)).unwrap_or_default();
            let at = left.remove(next);
            placed[at] = true;
            order.push(at);
        }
        order
    }
}

/// Search for the plugins to leave out, so that as many as possible stay: branch and bound.
struct Search<'a> {
    universe: &'a Universe,
    /// How many stay, and who does not.
    best: Option<(usize, Vec<bool>)>,
    looks_left: usize,
}

impl Search<'_> {
    fn run(&mut self, out: &mut [bool]) {
        let there = self.universe.reached(out);
        self.looks_left = self.looks_left.saturating_sub(there.len());
        let (worst, pairs) = self.universe.worst(&there);
        // Each of those pairs costs one at least.
        let most = there.iter().filter(|it| **it).count() - pairs;
        if self.best.as_ref().is_some_and(|(best, _)| most <= *best) {
            return;
        }
        let Some(worst) = worst else {
            self.best = Some((most, out.to_owned()));
            return;
        };
        out[worst] = true;
        self.run(out);
        out[worst] = false;
        if self.looks_left == 0 {
            return;
        }
        // It stays: then all that it conflicts with don't.
        let rivals = self.universe.conflicts_of(worst).iter().copied();
        let rivals: Vec<usize> = rivals.filter(|at| there[*at]).collect();
        for at in &rivals {
            out[*at] = true;
        }
        self.run(out);
        for at in &rivals {
            out[*at] = false;
        }
    }
}
