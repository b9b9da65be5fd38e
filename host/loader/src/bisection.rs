//! Bisection: which plugins to leave out, when the process crashes and nobody knows whose fault it is.
//!
//! A pure function over what is known: sets of plugins that have crashed, and sets that have lived. It begins with those that are
//! trusted, adds half of the others, and halves what crashes until it is one plugin. What has lived stays, so that each step adds to
//! what serves; several culprits are found one after the other, also two that crash only together: one of them stays out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Plugins that ran together: by name and content, so that a changed file is another one.
pub type Together = BTreeSet<String>;

/// A run of the process, and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What was loaded.
    pub plugins: Together,
    /// Whether it has crashed; otherwise it has lived for long enough.
    pub crashed: bool,
}

/// What to run next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is not known yet: run these.
    Try(Together),
    /// It is known: run these, without the culprits.
    Found {
        /// All but the culprits.
        plugins: Together,
        /// Those that crash beside the others.
        culprits: Together,
    },
}

/// What is known of earlier runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(Vec<Run>);

impl History {
    /// Enters a run. What has crashed now had only been lucky before.
    pub fn add(&mut self, run: Run) {
        if run.crashed {
            self.0
                .retain(|it| it.crashed || !it.plugins.is_superset(&run.plugins));
        }
        self.0.push(run);
    }

    /// Forgets the oldest runs.
    pub fn forget_all_but(&mut self, runs: usize) {
        let over = self.0.len().saturating_sub(runs);
        self.0.drain(..over);
    }

    fn has_crashed(&self, plugins: &Together) -> bool {
        let within = |run: &Run| run.crashed && run.plugins.is_subset(plugins);
        self.0.iter().any(within)
    }

    fn has_lived(&self, plugins: &Together) -> bool {
        let beyond = |run: &Run| !run.crashed && run.plugins.is_superset(plugins);
        !self.has_crashed(plugins) && self.0.iter().any(beyond)
    }

    /// What to run of `all` next, if `trusted` are least suspected.
    #[must_use]
    pub fn next(&self, all: &Together, trusted: &Together) -> Step {
        let nothing = Together::new();
        if self.has_crashed(&nothing) {
            // It is the program itself.
            return Step::Found {
                plugins: all.clone(),
                culprits: nothing,
            };
        }
        let mut lives: Together = all.intersection(trusted).cloned().collect();
        if self.has_crashed(&lives) {
            lives = nothing;
        }
        let mut culprits = Together::new();
        let mut groups: Vec<Vec<String>> = vec![all.difference(&lives).cloned().collect()];
        while let Some(group) = groups.pop() {
            let with: Together = lives.iter().chain(&group).cloned().collect();
            if with.is_empty() || self.has_lived(&with) {
                lives = with;
            } else if !self.has_crashed(&with) {
                return Step::Try(with);
            } else if let [one] = &*group {
                if !lives.is_empty() && !self.has_lived(&lives) {
                    // Whether it is not those that it runs beside is to be known first.
                    return Step::Try(lives);
                }
                culprits.insert(one.clone());
            } else {
                let (first, second) = group.split_at(group.len() / 2);
                groups.push(second.to_vec());
                groups.push(first.to_vec());
            }
        }
        Step::Found {
            plugins: lives,
            culprits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random, the same each time.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            ((self.0 >> 33) as usize) % end
        }
    }

    fn name(number: usize) -> String {
        format!("plugin_{number:02}")
    }

    fn set(numbers: &[usize]) -> Together {
        numbers.iter().map(|number| name(*number)).collect()
    }

    /// Runs what is said until it is known; the culprits, what serves in the end, and how many runs it took.
    fn search(
        all: &Together,
        trusted: &Together,
        crashes: impl Fn(&Together) -> bool,
    ) -> (Together, Together, usize) {
        let mut history = History::default();
        for runs in 0..200 {
            match history.next(all, trusted) {
                Step::Found { plugins, culprits } => return (culprits, plugins, runs),
                Step::Try(plugins) => {
                    assert!(plugins.is_subset(all));
                    let crashed = crashes(&plugins);
                    history.add(Run { plugins, crashed });
                }
            }
        }
        panic!("it never ends: {history:?}");
    }

    #[test]
    fn what_is_wrong_is_found_in_any_universe_and_all_else_serves() {
        let mut random = Random(17);
        for round in 0..3000 {
            let count = 1 + random.below(20);
            let all = set(&(0..count).collect::<Vec<_>>());
            let trusted: Together = all
                .iter()
                .filter(|_| random.below(4) == 0)
                .cloned()
                .collect();
            // Up to three reasons to crash: a plugin alone, or two beside each other.
            let reasons: Vec<Together> = (0..random.below(4))
                .map(|_| {
                    (0..=random.below(2))
                        .map(|_| name(random.below(count)))
                        .collect()
                })
                .collect();
            let crashes = |plugins: &Together| reasons.iter().any(|it| it.is_subset(plugins));
            let (culprits, serves, runs) = search(&all, &trusted, crashes);
            let told =
                format!("round {round}: {reasons:?}, trusted {trusted:?}: {culprits:?} in {runs}");
            assert!(!crashes(&serves), "{told}");
            assert_eq!(
                all.difference(&culprits).cloned().collect::<Together>(),
                serves,
                "{told}"
            );
            for culprit in &culprits {
                let with: Together = serves.iter().chain([culprit]).cloned().collect();
                assert!(crashes(&with), "{told}: {culprit} is innocent");
            }
            // Halving: for each culprit as many runs as the count has digits, twice at most.
            let digits = count.ilog2() as usize + 1;
            assert!(runs <= 3 + 2 * digits * (1 + culprits.len()), "{told}");
        }
    }

    #[test]
    fn two_culprits_are_both_found_within_a_dozen_runs_of_ten() {
        let all = set(&(0..10).collect::<Vec<_>>());
        let guilty = set(&[2, 7]);
        let (culprits, _, runs) = search(&all, &set(&[0]), |it| !it.is_disjoint(&guilty));
        assert_eq!(culprits, guilty);
        assert!(runs <= 12, "{runs}");
    }

    #[test]
    fn each_try_adds_to_what_has_lived() {
        let all = set(&(0..9).collect::<Vec<_>>());
        let mut history = History::default();
        let crashed = all.clone();
        history.add(Run {
            plugins: crashed,
            crashed: true,
        });
        let mut lived = set(&[0]);
        while let Step::Try(plugins) = history.next(&all, &set(&[0])) {
            assert!(plugins.is_superset(&lived));
            let crashed = plugins.contains(&name(5));
            if !crashed {
                lived.clone_from(&plugins);
            }
            history.add(Run { plugins, crashed });
        }
        assert_eq!(lived.len(), 8);
    }

    #[test]
    fn a_program_that_crashes_without_plugins_and_one_that_does_not_crash_leave_none_out() {
        let all = set(&[0, 1]);
        let (culprits, serves, _) = search(&all, &Together::new(), |_| false);
        assert!(culprits.is_empty() && serves == all);
        let mut history = History::default();
        history.add(Run {
            plugins: Together::new(),
            crashed: true,
        });
        assert_eq!(
            history.next(&all, &all),
            Step::Found {
                plugins: all.clone(),
                culprits: Together::new()
            }
        );
    }

    #[test]
    fn what_had_lived_and_crashes_now_was_lucky() {
        let (all, mut history) = (set(&[0, 1]), History::default());
        let run = |numbers: &[usize], crashed| Run {
            plugins: set(numbers),
            crashed,
        };
        history.add(run(&[0, 1], false));
        assert!(
            matches!(history.next(&all, &Together::new()), Step::Found { culprits, .. } if culprits.is_empty())
        );
        history.add(run(&[0, 1], true));
        assert_eq!(history.next(&all, &Together::new()), Step::Try(set(&[0])));
    }
}
