//! Verdict on a process's end: which plugin has brought it about, and how certain that is.

use serde::Serialize;

use super::{LastWord, Remains, Remnant, StackFrame};

/// How certain a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The crash handler has seen it.
    Certain,
    /// It alone was at something, and nothing else is known.
    Likely,
    /// Several may be meant, or nobody.
    Unclear,
}

/// Whose fault it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How certain that is.
    pub certainty: Certainty,
    /// The places of those who are meant in [`Remains::plugins`]: one, or all who may be.
    pub suspects: Vec<usize>,
    /// Whether a signal was sent from outside.
    pub from_outside: bool,
}

impl Remains {
    /// Whose fault it was, by what is known and by the functions that were running ([`trace`](Self::trace)).
    #[must_use]
    pub fn verdict(&self, trace: &[StackFrame]) -> Verdict {
        let verdict = judge(
            self.word.as_ref(),
            self.pid,
            &self.plugins,
            self.plugin_in(trace),
        );
        match self.is_cell && !verdict.from_outside && verdict.certainty == Certainty::Unclear {
            // Nobody else was in there.
            true => Verdict {
                certainty: Certainty::Likely,
                suspects: (0..self.plugins.len()).collect(),
                ..verdict
            },
            false => verdict,
        }
    }
}

fn judge(
    word: Option<&LastWord>,
    pid: u64,
    plugins: &[Remnant],
    in_trace: Option<usize>,
) -> Verdict {
    let verdict = |certainty, suspects| Verdict {
        certainty,
        suspects,
        from_outside: false,
    };
    let polled = || {
        (0..plugins.len())
            .filter(|at| plugins[*at].polled.is_some())
            .collect::<Vec<_>>()
    };
    let Some(word) = word else {
        let polled = polled();
        return match polled.len() {
            1 => verdict(Certainty::Likely, polled),
            _ => verdict(Certainty::Unclear, polled),
        };
    };
    if word.sender != 0 && word.sender != pid {
        return Verdict {
            from_outside: true,
            ..verdict(Certainty::Unclear, Vec::new())
        };
    }
    // A thread's lineage is known from its first moment on; whose code it was in, only as far as the stack was readable.
    let by_lineage = plugins
        .iter()
        .position(|it| it.owner == word.owner && word.owner != 0);
    match by_lineage.or(in_trace) {
        Some(plugin) => verdict(Certainty::Certain, vec![plugin]),
        // The host's own thread and code: its memory may have been written over by whoever was at work.
        None => verdict(Certainty::Unclear, polled()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crumbs::Polled;

    fn plugins(polled: &[bool]) -> Vec<Remnant> {
        let remnant = |(at, polled): (usize, &bool)| Remnant {
            owner: at as u64 + 1,
            polled: polled.then(Polled::default),
            ..Remnant::default()
        };
        polled.iter().enumerate().map(remnant).collect()
    }

    fn by(owner: u64, sender: u64) -> LastWord {
        LastWord {
            owner,
            sender,
            ..LastWord::default()
        }
    }

    #[test]
    fn a_thread_is_its_makers_and_what_others_poll_meanwhile_changes_nothing() {
        let plugins = plugins(&[true, false, true]);
        for (word, in_trace, meant) in [
            (by(2, 0), None, 1),
            // It was called by another's code, and runs on its own thread.
            (by(2, 0), Some(2), 1),
            // A thread that nobody is known to have made.
            (by(0, 0), Some(2), 2),
            // Raised by the process itself.
            (by(3, 7), None, 2),
        ] {
            let verdict = judge(Some(&word), 7, &plugins, in_trace);
            assert_eq!(
                (verdict.certainty, verdict.suspects),
                (Certainty::Certain, vec![meant])
            );
        }
    }

    #[test]
    fn without_a_word_the_one_that_was_polled_is_likely_and_of_several_nobody_is() {
        for (polled, certainty, suspects) in [
            (&[false, true, false][..], Certainty::Likely, vec![1]),
            (&[true, true, false], Certainty::Unclear, vec![0, 1]),
            (&[false, false], Certainty::Unclear, vec![]),
        ] {
            let verdict = judge(None, 7, &plugins(polled), None);
            assert_eq!((verdict.certainty, verdict.suspects), (certainty, suspects));
        }
    }

    #[test]
    fn the_hosts_own_crash_is_unclear_and_what_comes_from_outside_is_nobodys() {
        let hosts = judge(Some(&by(0, 0)), 7, &plugins(&[true, false]), None);
        assert_eq!(
            (hosts.certainty, hosts.suspects),
            (Certainty::Unclear, vec![0])
        );
        let sent = judge(Some(&by(1, 8)), 7, &plugins(&[true]), None);
        assert!(sent.from_outside && sent.suspects.is_empty());
    }
}
