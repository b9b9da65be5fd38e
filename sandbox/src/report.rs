//! Reports of a bot about its parts (plugins, cogs, extensions) as they load, change and fail.
//!
//! The sandbox knows Discord only, so a bot says it in its own words, by [`Sandbox::report`](crate::Sandbox::report) or
//! with `POST /sandbox/report`.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// Reports that are kept besides the last of each part.
const KEPT: usize = 500;

/// Parts that are remembered; what a bot with more has told first is forgotten.
const KEPT_PARTS: usize = 1000;

/// What became of one part of a bot.
///
/// # Examples
///
/// ```
/// use sandbox::{PartState, Report};
///
/// let report = Report::new("tags", PartState::Failed)
///     .detail("line 3: no such command")
///     .generation(2);
/// assert_eq!(report.generation, Some(2));
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The part's name, the same in each report of it.
    pub name: String,
    /// What became of it.
    pub state: PartState,
    /// In the bot's words, any number of lines: an error, a version, how long it took.
    #[serde(default)]
    pub detail: String,
    /// Which load of the part serves now; with [`PartState::Failed`], the older one that goes on, if one does.
    #[serde(default)]
    pub generation: Option<u64>,
}

/// What became of a part.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartState {
    /// It serves, for the first time.
    Loaded,
    /// A newer one serves.
    Reloaded,
    /// It could not be loaded, or has broken.
    Failed,
    /// It is gone.
    Unloaded,
}

impl Report {
    /// A report without detail and generation.
    #[must_use]
    pub fn new(name: impl Into<String>, state: PartState) -> Self {
        Self {
            name: name.into(),
            state,
            detail: String::new(),
            generation: None,
        }
    }

    /// With more to say.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// With the number of the load that serves.
    #[must_use]
    pub fn generation(mut self, generation: u64) -> Self {
        self.generation = Some(generation);
        self
    }
}

/// A report with its place in time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reported {
    /// Counts up from 0.
    pub number: u64,
    /// Time since the sandbox started, by its clock.
    pub at: Duration,
    #[serde(flatten)]
    pub report: Report,
}

/// All that was reported.
#[derive(Debug)]
pub(crate) struct Reports {
    clock: Clock,
    started_us: i64,
    next: u64,
    kept: VecDeque<Reported>,
    parts: BTreeMap<String, Reported>,
}

impl Reports {
    /// No reports yet; time starts now.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            started_us: clock.now_us(),
            clock,
            next: 0,
            kept: VecDeque::new(),
            parts: BTreeMap::new(),
        }
    }

    /// Notes a report.
    pub(crate) fn note(&mut self, report: Report) {
        let reported = Reported {
            number: self.next,
            at: self.clock.elapsed_since(self.started_us),
            report,
        };
        self.next += 1;
        let name = reported.report.name.clone();
        self.parts.insert(name, reported.clone());
        self.kept.push_back(reported);
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        if self.parts.len() > KEPT_PARTS {
            let oldest = self.parts.values().min_by_key(|part| part.number);
            if let Some(name) = oldest.map(|part| part.report.name.clone()) {
                self.parts.remove(&name);
            }
        }
    }

    /// The last report of each part, by name.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Reported> {
        self.parts.values()
    }

    /// What was reported, newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &Reported> {
        self.kept.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_report_of_a_part_stands() {
        let mut reports = Reports::new(Clock::running());
        reports.note(Report::new("tags", PartState::Loaded).generation(1));
        reports.note(Report::new("ping", PartState::Loaded).generation(1));
        reports.note(
            Report::new("tags", PartState::Failed)
                .detail("no symbol")
                .generation(1),
        );
        let parts: Vec<_> = reports
            .parts()
            .map(|part| (part.report.name.as_str(), part.report.state, part.number))
            .collect();
        assert_eq!(
            parts,
            [
                ("ping", PartState::Loaded, 1),
                ("tags", PartState::Failed, 2)
            ]
        );
        assert_eq!(reports.newest().count(), 3);
    }

    #[test]
    fn old_reports_and_parts_are_forgotten() {
        let mut reports = Reports::new(Clock::running());
        for number in 0..KEPT_PARTS + 5 {
            reports.note(Report::new(format!("{number:05}"), PartState::Loaded));
        }
        assert_eq!(reports.newest().count(), KEPT);
        assert_eq!(reports.parts().count(), KEPT_PARTS);
        assert!(reports.parts().all(|part| part.report.name != "00000"));
    }
}
