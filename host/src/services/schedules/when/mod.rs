//! Due times of schedules: a period from an anchor, or a cron expression in a time zone.
//!
//! The cron expression is matched against the civil time of its zone; what an instant that is, is decided here. A civil time
//! that does not exist is the first instant behind the gap, and one that occurs twice is its first occurrence: so an instant
//! is due once, whatever number of civil times lead to it, and instants rise as civil times do. A pattern whose hour is `*`
//! goes through the second occurrence, too.

use croner::Cron;
use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};
use plugin_api::manifest::ScheduleManifest;

use crate::services::text_format;

/// The shortest period.
const SHORTEST_MS: u64 = 1_000;

/// Rule for when a schedule is due.
#[derive(Debug, Clone)]
pub(super) enum When {
    /// Every so many milliseconds, from an anchor that the database keeps.
    Every(i64),
    /// By a cron expression.
    Cron(Box<Pattern>),
    /// At instants that are set at run time.
    AtRunTime,
}

/// A cron expression and its zone.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    cron: Cron,
    zone: TimeZone,
    /// Its hour is `*`: it goes by the minutes that pass.
    every_hour: bool,
}

impl When {
    /// Reads what a manifest declares.
    pub(super) fn read(manifest: &ScheduleManifest) -> Result<Self, String> {
        let cron = manifest.cron.as_deref();
        Self::of(manifest.every_ms, cron, manifest.zone.as_deref())
    }

    /// A period, or a cron expression in a time zone, or neither.
    pub(super) fn of(
        every_ms: Option<u64>,
        cron: Option<&str>,
        zone: Option<&str>,
    ) -> Result<Self, String> {
        match (every_ms, cron) {
            (None, None) => Ok(Self::AtRunTime),
            (None, Some(cron)) => {
                let zone = zone.unwrap_or("UTC");
                Pattern::read(cron, zone).map(|it| Self::Cron(Box::new(it)))
            }
            (Some(ms), None) if ms < SHORTEST_MS => Err(format!(
                "its period of {ms} ms is too short: a second at least, or `Host::every` for what need not be kept"
            )),
            (Some(ms), None) => match i64::try_from(ms) {
                Ok(ms) if ms <= i64::MAX / 4 => Ok(Self::Every(ms)),
                _ => Err(format!("its period of {ms} ms is too long")),
            },
            (Some(_), Some(_)) => Err("it has both a period and a cron expression".into()),
        }
    }

    /// The first due time behind `after`; `None` where there is none.
    pub(super) fn next(&self, anchor_ms: i64, after_ms: i64) -> Option<i64> {
        match self {
            Self::Every(period) => {
                let periods = (after_ms - anchor_ms).div_euclid(*period) + 1;
                anchor_ms.checked_add(period.checked_mul(periods.max(1))?)
            }
            Self::Cron(pattern) => pattern.next(after_ms),
            Self::AtRunTime => None,
        }
    }

    /// The due times from `first` (which is one) to `now`: the last of them, and how many they are (cron: 1,000 at most, a
    /// year of minutes takes too long to count).
    pub(super) fn passed(&self, anchor_ms: i64, first_ms: i64, now_ms: i64) -> (i64, u64) {
        if let Self::Every(period) = self {
            let more = (now_ms - first_ms) / period;
            return (first_ms + more * period, more.unsigned_abs() + 1);
        }
        let (mut last, mut count) = (first_ms, 1);
        while let Some(next) = self.next(anchor_ms, last).filter(|next| *next <= now_ms) {
            last = next;
            count += 1;
            if count >= 1_000 {
                return (self.last(anchor_ms, last, now_ms), count);
            }
        }
        (last, count)
    }

    /// The last due time between `known`, which is one, and `now`: looked for backwards, in windows that grow.
    fn last(&self, anchor_ms: i64, known_ms: i64, now_ms: i64) -> i64 {
        let mut window = 60_000;
        loop {
            let from = (now_ms - window).max(known_ms);
            let mut found = None;
            let mut at = from;
            while let Some(next) = self.next(anchor_ms, at).filter(|next| *next <= now_ms) {
                found = Some(next);
                at = next;
            }
            match found {
                Some(last) => return last,
                None if from == known_ms => return known_ms,
                None => window *= 30,
            }
        }
    }
}

impl Pattern {
    fn read(expression: &str, zone: &str) -> Result<Self, String> {
        let zone = text_format::time_zone(zone)?;
        let cron = text_format::cron(expression)?;
        let fields: Vec<_> = expression.split_whitespace().collect();
        let every_hour = match fields.len() {
            5 => fields[1] == "*",
            6 => fields[2] == "*",
            // `@hourly`.
            _ => expression.trim().eq_ignore_ascii_case("@hourly"),
        };
        Ok(Self {
            cron,
            zone,
            every_hour,
        })
    }

    fn next(&self, after_ms: i64) -> Option<i64> {
        // Due times are whole seconds, so nothing lies between this and `after`.
        let after = Timestamp::from_second(after_ms.div_euclid(1_000)).ok()?;
        let mut civil = self.zone.to_datetime(after);
        let next = loop {
            civil = self.civil_after(civil)?;
            let instant = self.instant(civil)?;
            if instant > after {
                break instant;
            }
        };
        let again = match self.every_hour {
            true => self.in_a_second_hour(after, next),
            false => None,
        };
        again.unwrap_or(next).as_second().checked_mul(1_000)
    }

    fn civil_after(&self, civil: DateTime) -> Option<DateTime> {
        self.cron.find_next_occurrence(&civil, false).ok()
    }

    /// The instant of a civil time.
    fn instant(&self, civil: DateTime) -> Option<Timestamp> {
        let found = self.zone.to_ambiguous_timestamp(civil);
        match found.offset() {
            AmbiguousOffset::Gap { before, .. } => {
                // By the offset before it the civil time lies behind the change, by less than the gap.
                let behind = before.to_timestamp(civil).ok()?;
                let just_before = behind
                    .checked_sub(jiff::SignedDuration::from_hours(25))
                    .ok()?;
                self.zone
                    .following(just_before)
                    .map(|change| change.timestamp())
                    .take_while(|change| *change <= behind)
                    .last()
            }
            _ => found.earlier().ok(),
        }
    }

    /// The first match between `after` and `until` that is the second occurrence of its civil time.
    fn in_a_second_hour(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        // The change that made the hour occur twice lies at most a day before `after`.
        let from = after
            .checked_sub(jiff::SignedDuration::from_hours(24))
            .ok()?;
        for change in self.zone.following(from) {
            let change_at = change.timestamp();
            if change_at >= until {
                return None;
            }
            let (before, behind) = (self.offset_before(change_at)?, change.offset());
            let twice = i64::from(before.seconds() - behind.seconds());
            if twice <= 0 {
                continue;
            }
            let end = change_at
                .checked_add(jiff::SignedDuration::from_secs(twice))
                .ok()?;
            let just_before = change_at
                .checked_sub(jiff::SignedDuration::from_secs(1))
                .ok()?;
            let start = after.max(just_before);
            let found = self
                .civil_after(behind.to_datetime(start))
                .and_then(|civil| behind.to_timestamp(civil).ok());
            if let Some(found) = found.filter(|at| *at < end && *at < until) {
                return Some(found);
            }
        }
        None
    }

    fn offset_before(&self, change: Timestamp) -> Option<jiff::tz::Offset> {
        let before = change
            .checked_sub(jiff::SignedDuration::from_secs(1))
            .ok()?;
        Some(self.zone.to_offset(before))
    }
}

/// What is wrong with the schedules of a manifest.
pub(crate) fn problems(schedules: &[ScheduleManifest], problems: &mut Vec<String>) {
    let mut names = std::collections::HashSet::new();
    for schedule in schedules {
        let name = &schedule.name;
        if !names.insert(name) {
            problems.push(format!("schedule `{name}` is declared twice"));
        }
        if name.is_empty() || name.contains(char::is_whitespace) || name.len() > 64 {
            problems.push(format!(
                "schedule `{name}`: a name has no blanks, is not empty, and has 64 bytes at most"
            ));
        }
        match When::read(schedule) {
            Err(error) => problems.push(format!("schedule `{name}`: {error}")),
            Ok(When::Cron(pattern)) if pattern.next(0).is_none() => {
                problems.push(format!(
                    "schedule `{name}`: `{}` never comes",
                    schedule.cron.as_deref().unwrap_or_default()
                ));
            }
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
