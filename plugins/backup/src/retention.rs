//! Retention: which snapshots are over, by their age and by how many there may be.

use crate::store::{Snapshot, Source};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Snapshots before restores that are kept: of the last restores, whose undoing is of use.
const BEFORE: usize = 3;

/// How long and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Days; 0: for ever.
    pub(crate) days: u64,
    /// Of those that count: all but those that were taken before a restore.
    pub(crate) most: u64,
}

/// Whether one that is taken by hand or imported has a place.
pub(crate) fn has_place(all: &[Snapshot], rules: Rules) -> bool {
    let counting = all.iter().filter(|it| it.source != Source::Before);
    (counting.count() as u64) < rules.most
}

/// Numbers of those that go now. What is pinned stays, and so does the newest one. One that is about to be taken by the schedule takes the
/// place of the oldest of its like, where there is none left (`makes_place`).
pub(crate) fn over(all: &[Snapshot], now_ms: i64, rules: Rules, makes_place: bool) -> Vec<u64> {
    let newest = all.iter().map(|it| it.number).max();
    let is_free = |it: &&Snapshot| !it.pinned && Some(it.number) != newest;
    let days = i64::try_from(rules.days).unwrap_or(i64::MAX);
    let oldest = now_ms.saturating_sub(days.saturating_mul(DAY_MS));
    let aged = all.iter().filter(is_free);
    let aged = aged.filter(|it| rules.days > 0 && it.taken_ms < oldest);
    let mut over: Vec<u64> = aged.map(|it| it.number).collect();

    let mut before: Vec<_> = all
        .iter()
        .filter(|it| it.source == Source::Before)
        .collect();
    before.sort_by_key(|it| std::cmp::Reverse(it.number));
    let stale = before.iter().skip(BEFORE).filter(|it| is_free(it));
    over.extend(stale.map(|it| it.number));

    if makes_place {
        let stays = |it: &&Snapshot| it.source != Source::Before && !over.contains(&it.number);
        let count = all.iter().filter(stays).count() as u64;
        let excess = (count + 1).saturating_sub(rules.most);
        let mut scheduled: Vec<_> = all
            .iter()
            .filter(|it| it.source == Source::Scheduled && !it.pinned && !over.contains(&it.number))
            .map(|it| it.number)
            .collect();
        scheduled.sort_unstable();
        over.extend(
            scheduled
                .into_iter()
                .take(usize::try_from(excess).unwrap_or(usize::MAX)),
        );
    }
    over.sort_unstable();
    over.dedup();
    over
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Counts;

    const NOW: i64 = 1_000 * DAY_MS;

    fn snapshot(number: u64, age_days: i64, source: Source, pinned: bool) -> Snapshot {
        Snapshot {
            number,
            label: String::new(),
            note: String::new(),
            pinned,
            source,
            taken_ms: NOW - age_days * DAY_MS,
            bytes: 1,
            sha256: String::new(),
            counts: Counts::default(),
        }
    }

    #[test]
    fn what_is_too_old_goes_but_for_pins_and_the_newest() {
        use Source::{Before, Imported, Manual, Scheduled};
        let all = [
            snapshot(1, 40, Manual, false),
            snapshot(2, 40, Manual, true),
            snapshot(3, 31, Scheduled, false),
            snapshot(4, 30, Imported, false),
            snapshot(5, 29, Before, false),
        ];
        let rules = |days| Rules { days, most: 25 };
        assert_eq!(over(&all, NOW, rules(30), false), [1, 3]);
        assert_eq!(over(&all, NOW, rules(0), false), [0_u64; 0]);
        assert_eq!(over(&all, NOW, rules(1), false), [1, 3, 4]);
        assert_eq!(over(&[], NOW, rules(1), true), [0_u64; 0]);
        assert_eq!(over(&all, NOW, rules(u64::MAX), false), [0_u64; 0]);
    }

    #[test]
    fn the_schedule_makes_place_among_its_own_alone() {
        use Source::{Manual, Scheduled};
        let all = [
            snapshot(1, 9, Scheduled, true),
            snapshot(2, 8, Manual, false),
            snapshot(3, 7, Scheduled, false),
            snapshot(4, 6, Scheduled, false),
        ];
        let rules = |most| Rules { days: 0, most };
        assert_eq!(over(&all, NOW, rules(5), true), [0_u64; 0]);
        assert_eq!(over(&all, NOW, rules(4), true), [3]);
        assert_eq!(over(&all, NOW, rules(3), true), [3, 4]);
        assert_eq!(over(&all, NOW, rules(1), true), [3, 4]);
        assert_eq!(over(&all, NOW, rules(1), false), [0_u64; 0]);
        assert!(has_place(&all, rules(5)) && !has_place(&all, rules(4)));
    }

    #[test]
    fn those_before_restores_are_few_and_do_not_count() {
        let all: Vec<_> = (1..=5)
            .map(|n| snapshot(n, 1, Source::Before, n == 1))
            .collect();
        let rules = Rules { days: 0, most: 1 };
        assert_eq!(over(&all, NOW, rules, false), [2]);
        assert!(has_place(&all, rules));
    }
}
