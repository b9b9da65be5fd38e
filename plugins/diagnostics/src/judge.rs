//! Judgement: healthy, degraded or critical, and why.

use std::{collections::BTreeSet, fmt};

use plugin_api::text::{counted, milliseconds, number, size};
use serde::{Deserialize, Serialize};

use crate::{limits::Limits, seen::Seen};

/// From this share of the descriptors on it is critical: the next connection may fail.
const DESCRIPTORS_CRITICAL: u64 = 95;

/// State of the bot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Health {
    #[default]
    Healthy,
    Degraded,
    Critical,
}

impl Health {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Critical => "critical",
        }
    }

    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Healthy => "🟢",
            Self::Degraded => "🟡",
            Self::Critical => "🔴",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What counts for the state beside what is seen now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    /// Commands of the last hour, and those of them that failed.
    pub(crate) commands: u64,
    pub(crate) errors: u64,
    /// How late the host was at most, within five minutes.
    pub(crate) lag_us: u64,
    /// Writes of files that failed within ten minutes.
    pub(crate) failed_writes: u64,
    /// How long the disk took at most, within ten minutes: for a file, and for the end of a transaction.
    pub(crate) write_us: u64,
    pub(crate) commit_us: u64,
    /// Shards that were away at the look before: one that connects anew is away for a moment.
    pub(crate) away: BTreeSet<u32>,
    /// What could not be written at the last look.
    pub(crate) trouble: Option<String>,
}

/// A state, and why it is not the best one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Judgement {
    pub(crate) health: Health,
    /// The worst first.
    pub(crate) reasons: Vec<String>,
}

/// Judges what was seen.
pub(crate) fn judge(limits: &Limits, counts: &Counts, seen: &Seen) -> Judgement {
    let mut found = Vec::new();
    found.extend(errors(limits, counts));
    found.extend(shards(counts, seen));
    found.extend(lag(limits, counts));
    found.extend(memory(limits, seen));
    found.extend(descriptors(limits, seen));
    found.extend(disk(limits, seen));
    found.extend(slow(limits, "writing a file", counts.write_us));
    found.extend(slow(limits, "writing to a database", counts.commit_us));
    found.extend(writes(counts));
    found.sort_by_key(|(health, _)| std::cmp::Reverse(*health));
    Judgement {
        health: found.first().map_or(Health::Healthy, |(health, _)| *health),
        reasons: found.into_iter().map(|(_, reason)| reason).collect(),
    }
}

type Found = Option<(Health, String)>;

fn errors(limits: &Limits, counts: &Counts) -> Found {
    let Counts {
        commands, errors, ..
    } = *counts;
    if commands < limits.least_commands || errors == 0 {
        return None;
    }
    let reaches = |percent: u64| errors.saturating_mul(100) >= commands.saturating_mul(percent);
    let health = if reaches(limits.errors_critical_percent) {
        Health::Critical
    } else if reaches(limits.errors_degraded_percent) {
        Health::Degraded
    } else {
        return None;
    };
    let text = format!(
        "{} of {} failed within the last hour ({:.1} %); `fw_errors` shows which",
        number(errors),
        counted(commands, "command"),
        percent(errors, commands)
    );
    Some((health, text))
}

fn shards(counts: &Counts, seen: &Seen) -> Found {
    let lost: Vec<String> = seen
        .shards
        .iter()
        .filter(|shard| !shard.connected && counts.away.contains(&shard.id))
        .map(|shard| shard.id.to_string())
        .collect();
    let all = seen.shards.len();
    match lost.len() {
        0 => None,
        lost if lost == all => Some((
            Health::Critical,
            "no shard is connected to Discord, for more than a minute".into(),
        )),
        away => Some((
            Health::Degraded,
            format!(
                "{away} of {all} shards not connected for more than a minute: {}",
                lost.join(", ")
            ),
        )),
    }
}

fn lag(limits: &Limits, counts: &Counts) -> Found {
    let health = if counts.lag_us > limits.lag_critical_ms.saturating_mul(1_000) {
        Health::Critical
    } else if counts.lag_us > limits.lag_ms.saturating_mul(1_000) {
        Health::Degraded
    } else {
        return None;
    };
    let text = format!(
        "the host was late by {} within the last five minutes: something keeps its threads busy",
        milliseconds(counts.lag_us)
    );
    Some((health, text))
}

fn memory(limits: &Limits, seen: &Seen) -> Found {
    let (used, machine) = (seen.bot.memory_bytes, seen.bot.machine_memory_bytes);
    let text = match limits.memory_mb {
        Some(most) if used > most.saturating_mul(1_000_000) => format!(
            "{} of memory in use, more than the {} that are allowed (`memory_mb`)",
            size(used),
            size(most.saturating_mul(1_000_000))
        ),
        _ if machine > 0 && percent(used, machine) > limits.memory_percent as f64 => format!(
            "{} of memory in use, of {} in the machine",
            size(used),
            size(machine)
        ),
        _ => return None,
    };
    Some((Health::Degraded, text))
}

fn descriptors(limits: &Limits, seen: &Seen) -> Found {
    let (open, most) = (seen.bot.descriptors?, seen.bot.descriptors_limit?);
    let share = percent(open, most);
    if most == 0 || share <= limits.descriptors_percent as f64 {
        return None;
    }
    let health = if share >= DESCRIPTORS_CRITICAL as f64 {
        Health::Critical
    } else {
        Health::Degraded
    };
    let text = format!(
        "{} of {} descriptors are open: raise the limit (`ulimit -n`), or lower `storage.max_open`",
        number(open),
        number(most)
    );
    Some((health, text))
}

fn disk(limits: &Limits, seen: &Seen) -> Found {
    let free = seen.bot.disk_free_bytes?;
    let least = limits.disk_free_mb.saturating_mul(1_000_000);
    let health = if free < least / 10 {
        Health::Critical
    } else if free < least {
        Health::Degraded
    } else {
        return None;
    };
    let of = seen.bot.disk_bytes.map(size);
    let text = format!(
        "{} are free on the disk of the data folder{}: make room, or nothing can be written soon",
        size(free),
        of.map(|all| format!(", of {all}")).unwrap_or_default()
    );
    Some((health, text))
}

fn slow(limits: &Limits, what: &str, took_us: u64) -> Found {
    if took_us <= limits.disk_slow_ms.saturating_mul(1_000) {
        return None;
    }
    let text = format!(
        "{what} took {} within the last ten minutes: the disk is slow, or busy",
        time(took_us)
    );
    Some((Health::Degraded, text))
}

/// Microseconds as seconds, below one as milliseconds.
fn time(us: u64) -> String {
    match us {
        0..1_000_000 => milliseconds(us),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

fn writes(counts: &Counts) -> Found {
    let text = match (&counts.trouble, counts.failed_writes) {
        (Some(trouble), _) => trouble.clone(),
        (None, 0) => return None,
        (None, failed) => format!(
            "{} of plugins' files failed within ten minutes; the log says why",
            counted(failed, "write")
        ),
    };
    Some((Health::Degraded, text))
}

/// A share in percent; of nothing it is none.
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => 100.0 * part as f64 / whole as f64,
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::ShardView;

    use super::*;

    fn limits() -> Limits {
        Limits {
            errors_degraded_percent: 5,
            errors_critical_percent: 10,
            least_commands: 20,
            lag_ms: 500,
            lag_critical_ms: 3_000,
            memory_percent: 80,
            memory_mb: None,
            descriptors_percent: 80,
            disk_free_mb: 1_000,
            disk_slow_ms: 2_000,
        }
    }

    fn of_errors(errors: u64, commands: u64) -> Health {
        let counts = Counts {
            commands,
            errors,
            ..Counts::default()
        };
        judge(&limits(), &counts, &Seen::default()).health
    }

    #[test]
    fn errors_count_from_five_and_from_ten_percent_and_from_twenty_commands_on() {
        use Health::{Critical, Degraded, Healthy};
        for (errors, commands, expected) in [
            (0, 0, Healthy),
            (19, 19, Healthy),
            (0, 20, Healthy),
            (1, 20, Degraded),
            (1, 21, Healthy),
            (9, 100, Degraded),
            (10, 100, Critical),
            (999, 10_000, Degraded),
        ] {
            assert_eq!(
                of_errors(errors, commands),
                expected,
                "{errors} of {commands}"
            );
        }
    }

    #[test]
    fn a_shard_is_lost_when_it_is_away_at_two_looks() {
        let mut seen = Seen::default();
        for id in 0..2 {
            let mut shard = ShardView::default();
            (shard.id, shard.connected) = (id, id == 1);
            seen.shards.push(shard);
        }
        let mut counts = Counts::default();
        assert_eq!(judge(&limits(), &counts, &seen).health, Health::Healthy);
        counts.away.insert(0);
        assert_eq!(judge(&limits(), &counts, &seen).health, Health::Degraded);
        counts.away.insert(1);
        seen.shards[1].connected = false;
        assert_eq!(judge(&limits(), &counts, &seen).health, Health::Critical);
        seen.shards[0].connected = true;
        let one = judge(&limits(), &counts, &seen);
        assert_eq!(
            one.reasons,
            ["1 of 2 shards not connected for more than a minute: 1"]
        );
    }

    #[test]
    fn a_disk_is_slow_beyond_its_limit_for_files_and_for_databases() {
        let mut counts = Counts {
            write_us: 2_000_000,
            commit_us: 1_999_999,
            ..Counts::default()
        };
        let judged = |limits: &Limits, counts: &Counts| judge(limits, counts, &Seen::default());
        assert_eq!(judged(&limits(), &counts).health, Health::Healthy);
        (counts.write_us, counts.commit_us) = (3_140_000, 12_000_000);
        let found = judged(&limits(), &counts);
        assert_eq!(found.health, Health::Degraded);
        let rest = "within the last ten minutes: the disk is slow, or busy";
        assert_eq!(
            found.reasons,
            [
                format!("writing a file took 3.1 s {rest}"),
                format!("writing to a database took 12.0 s {rest}")
            ]
        );
        let mut fast = limits();
        fast.disk_slow_ms = 50;
        (counts.write_us, counts.commit_us) = (50_100, 0);
        let found = judged(&fast, &counts);
        assert_eq!(
            found.reasons,
            [format!("writing a file took 50.1 ms {rest}")]
        );
    }

    #[test]
    fn what_is_near_its_limit_is_named_the_worst_first() {
        let mut seen = Seen::default();
        (seen.bot.descriptors, seen.bot.descriptors_limit) = (Some(990), Some(1_000));
        (seen.bot.memory_bytes, seen.bot.machine_memory_bytes) = (9_000_000, 10_000_000);
        (seen.bot.disk_free_bytes, seen.bot.disk_bytes) = (Some(300_000_000), Some(2_000_000_000));
        let counts = Counts {
            lag_us: 600_000,
            failed_writes: 2,
            ..Counts::default()
        };
        let found = judge(&limits(), &counts, &seen);
        assert_eq!(found.health, Health::Critical);
        let begin: Vec<String> = found
            .reasons
            .iter()
            .map(|reason| reason.chars().take(22).collect())
            .collect();
        assert_eq!(
            begin,
            [
                "990 of 1,000 descripto",
                "the host was late by 6",
                "9.0 MB of memory in us",
                "300 MB are free on the",
                "2 writes of plugins' f"
            ]
        );
        seen.bot.disk_free_bytes = Some(99_000_000);
        let found = judge(&limits(), &counts, &seen);
        assert!(found.reasons[1].contains("99 MB are free"), "{found:?}");
        // A large disk may be as full as it likes while that much is free.
        (seen.bot.disk_free_bytes, seen.bot.disk_bytes) = (Some(1_000_000_000), Some(u64::MAX));
        assert_eq!(judge(&limits(), &counts, &seen).reasons.len(), 4);
        let mut tight = limits();
        tight.memory_mb = Some(5);
        let found = judge(&tight, &Counts::default(), &seen);
        assert!(found.reasons[1].contains("memory_mb"), "{found:?}");
        // Of what the system does not tell nothing is said.
        let nothing = judge(&limits(), &Counts::default(), &Seen::default());
        assert_eq!(nothing, Judgement::default());
    }
}
