//! Tests of due times, with a second opinion on them: every minute looked at by itself.

use jiff::{Timestamp, Unit, tz::TimeZone};

use super::*;

fn cron(expression: &str, zone: &str) -> When {
    When::Cron(Box::new(Pattern::read(expression, zone).unwrap()))
}

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

/// The due times behind `from`, as UTC.
fn dues(when: &When, from: &str, count: usize) -> Vec<String> {
    let first = when.next(0, ms(from));
    std::iter::successors(first, |last| when.next(0, *last))
        .take(count)
        .map(|at| Timestamp::from_millisecond(at).unwrap().to_string())
        .collect()
}

#[track_caller]
fn check(expression: &str, zone: &str, from: &str, expect: &[&str]) {
    let due = dues(&cron(expression, zone), from, expect.len());
    assert_eq!(due, expect, "{expression} {zone} from {from}");
}

#[test]
fn weekdays_are_the_standard_ones() {
    // 2026-11-22 is a Sunday.
    let from = "2026-11-20T12:00:00Z";
    for sunday in ["0", "7", "sun", "SUN"] {
        let expression = format!("0 9 * * {sunday}");
        check(&expression, "UTC", from, &["2026-11-22T09:00:00Z"]);
    }
    for monday in ["1", "mon", "Mon"] {
        let expression = format!("0 9 * * {monday}");
        let expect = ["2026-11-23T08:00:00Z", "2026-11-30T08:00:00Z"];
        check(&expression, "Europe/Berlin", from, &expect);
    }
    // Either a Friday or a thirteenth.
    check(
        "0 0 13 * fri",
        "UTC",
        "2026-12-10T00:00:00Z",
        &[
            "2026-12-11T00:00:00Z",
            "2026-12-13T00:00:00Z",
            "2026-12-18T00:00:00Z",
        ],
    );
}

#[test]
fn a_time_that_does_not_exist_runs_once_right_after_the_gap() {
    // Berlin, 2026-03-29: 02:00 becomes 03:00, which is 01:00 UTC.
    let (zone, from) = ("Europe/Berlin", "2026-03-28T12:00:00Z");
    let expect = ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"];
    check("30 2 * * *", zone, from, &expect);
    // Three times that do not exist, and one that does, are one.
    let expect = ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"];
    check("0,20,40 2 * * *", zone, from, &[expect[0], expect[1]]);
    check(
        "0 2,3 * * *",
        zone,
        from,
        &[
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:00:00Z",
            "2026-03-30T01:00:00Z",
        ],
    );
    check(
        "*/30 * * * *",
        zone,
        "2026-03-29T00:00:00Z",
        &[
            "2026-03-29T00:30:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-29T01:30:00Z",
        ],
    );
    // Half an hour, on Lord Howe.
    check(
        "15 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-03T12:00:00Z",
        &["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
    );
    // A whole day that Samoa left out.
    check(
        "0 12 30 12 *",
        "Pacific/Apia",
        "2011-12-29T00:00:00Z",
        &["2011-12-30T10:00:00Z", "2012-12-29T22:00:00Z"],
    );
}

#[test]
fn a_time_that_occurs_twice_runs_once() {
    // Berlin, 2026-10-25: 03:00 becomes 02:00, at 01:00 UTC.
    let (zone, from) = ("Europe/Berlin", "2026-10-24T12:00:00Z");
    let expect = ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
    check("30 2 * * *", zone, from, &expect);
    // Asked in the middle of the second hour.
    check("30 2 * * *", zone, "2026-10-25T01:10:00Z", &expect[1..]);
    check(
        "0 1-3 * * *",
        zone,
        from,
        &[
            "2026-10-24T23:00:00Z",
            "2026-10-25T00:00:00Z",
            "2026-10-25T02:00:00Z",
        ],
    );
    // By the minutes that pass: the hour is two hours.
    check(
        "*/30 * * * *",
        zone,
        "2026-10-24T23:40:00Z",
        &[
            "2026-10-25T00:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:00:00Z",
        ],
    );
    check(
        "*/30 * * * *",
        zone,
        "2026-10-25T01:20:00Z",
        &["2026-10-25T01:30:00Z"],
    );
}

#[test]
fn the_29th_of_february() {
    check(
        "0 9 29 2 *",
        "America/New_York",
        "2026-01-01T00:00:00Z",
        &["2028-02-29T14:00:00Z", "2032-02-29T14:00:00Z"],
    );
    // 2100 is no leap year.
    let from = "2096-03-01T00:00:00Z";
    check("0 9 29 2 *", "UTC", from, &["2104-02-29T09:00:00Z"]);
    check("0 9 L 2 *", "UTC", from, &["2097-02-28T09:00:00Z"]);
}

#[test]
fn a_period_does_not_drift() {
    let every = When::Every(60_000);
    assert_eq!(every.next(500, 500), Some(60_500));
    assert_eq!(every.next(500, 60_499), Some(60_500));
    assert_eq!(every.next(500, 60_500), Some(120_500));
    // The clock was put back behind the anchor.
    assert_eq!(every.next(500, -1_000_000), Some(60_500));
    assert_eq!(every.passed(500, 60_500, 60_500), (60_500, 1));
    assert_eq!(
        every.passed(500, 60_500, 60_500 + 60_000 * 9 + 59_999),
        (600_500, 10)
    );
}

#[test]
fn what_passed_is_found_however_long_ago_it_began() {
    let (first, now) = (ms("2026-01-01T00:01:00Z"), ms("2028-02-29T12:00:30Z"));
    let minutes = cron("* * * * *", "UTC");
    assert_eq!(
        minutes.passed(0, first, now),
        (ms("2028-02-29T12:00:00Z"), 1_000)
    );
    let nightly = cron("0 4 * * *", "UTC");
    let first = ms("2020-01-01T04:00:00Z");
    assert_eq!(nightly.passed(0, first, now).0, ms("2028-02-29T04:00:00Z"));
    assert_eq!(nightly.passed(0, first, first), (first, 1));
}

#[test]
fn what_can_not_be_is_said() {
    let problems_of = |cron: &str, zone: &str, every_ms: u64| {
        let mut manifest = ScheduleManifest::default();
        manifest.name = "report".into();
        manifest.cron = (!cron.is_empty()).then(|| cron.into());
        manifest.zone = (!zone.is_empty()).then(|| zone.into());
        manifest.every_ms = (every_ms > 0).then_some(every_ms);
        let mut found = Vec::new();
        problems(&[manifest], &mut found);
        found.join("; ")
    };
    assert_eq!(problems_of("0 9 * * mon", "UTC", 0), "");
    for (cron, zone, every_ms, expect) in [
        (
            "0 9 * * mon",
            "Europe/Brelin",
            0,
            "there is no time zone `Europe/Brelin`",
        ),
        ("0 9 * *", "UTC", 0, "`0 9 * *` is no cron expression"),
        ("61 * * * *", "UTC", 0, "`61 * * * *` is no cron expression"),
        ("0 0 30 2 *", "UTC", 0, "`0 0 30 2 *` never comes"),
        ("", "", 999, "its period of 999 ms is too short"),
        (
            "* * * * *",
            "UTC",
            1_000,
            "both a period and a cron expression",
        ),
    ] {
        let found = problems_of(cron, zone, every_ms);
        assert!(found.contains(expect), "{cron} {zone}: {found}");
    }
}

/// The due times of a range, found by looking at every minute of it: what the rules say, in other words.
pub(in crate::services::schedules) fn second_opinion(
    fields: &Fields,
    zone: &TimeZone,
    from: Timestamp,
    until: Timestamp,
) -> Vec<i64> {
    let civil_of = |minute: i64| zone.to_datetime(Timestamp::from_second(minute * 60).unwrap());
    let (first, last) = (from.as_second() / 60 + 1, until.as_second() / 60);
    let mut due = Vec::new();
    for minute in first..=last {
        let (before, now) = (civil_of(minute - 1), civil_of(minute));
        let step = before.until((Unit::Minute, now)).unwrap().get_minutes();
        // Minutes that were left out just before this one.
        let in_gap = (1..step.max(1)).any(|back| {
            let skipped = before.checked_add(jiff::Span::new().minutes(back)).unwrap();
            fields.match_civil(skipped)
        });
        let is_second = zone
            .to_ambiguous_timestamp(now)
            .earlier()
            .unwrap()
            .as_second()
            != minute * 60;
        let counts = !is_second || fields.hours.is_none();
        if in_gap || (counts && fields.match_civil(now)) {
            due.push(minute * 60_000);
        }
    }
    due
}

/// A cron expression's fields; `None` is `*`.
pub(in crate::services::schedules) struct Fields {
    minutes: Option<Vec<i8>>,
    hours: Option<Vec<i8>>,
    weekdays: Option<Vec<i8>>,
}

impl Fields {
    pub fn random(random: &mut Random) -> Self {
        Self {
            minutes: random.maybe(60),
            hours: random.maybe(24),
            weekdays: random.maybe(7),
        }
    }

    fn match_civil(&self, civil: DateTime) -> bool {
        let fits = |wanted: &Option<Vec<i8>>, value: i8| {
            wanted.as_ref().is_none_or(|wanted| wanted.contains(&value))
        };
        fits(&self.minutes, civil.minute())
            && fits(&self.hours, civil.hour())
            && fits(
                &self.weekdays,
                civil.date().weekday().to_sunday_zero_offset(),
            )
    }

    pub fn expression(&self) -> String {
        let field = |values: &Option<Vec<i8>>| match values {
            None => "*".to_owned(),
            Some(values) => {
                let values: Vec<_> = values.iter().map(i8::to_string).collect();
                values.join(",")
            }
        };
        let (minutes, hours) = (field(&self.minutes), field(&self.hours));
        format!("{minutes} {hours} * * {}", field(&self.weekdays))
    }
}

/// Splitmix64.
pub(in crate::services::schedules) struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn maybe(&mut self, end: u64) -> Option<Vec<i8>> {
        if self.below(3) == 0 {
            return None;
        }
        let mut values: Vec<i8> = (0..=self.below(3)).map(|_| self.below(end) as i8).collect();
        values.sort_unstable();
        values.dedup();
        Some(values)
    }
}

#[test]
fn two_ways_of_finding_due_times_agree() {
    // Around changes of the clock: an hour, half an hour, to and fro, none; a day that is left out.
    let changes = [
        ("Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("America/New_York", "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-11-01T06:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("America/Santiago", "2026-09-06T04:00:00Z"),
        ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("Asia/Kolkata", "2026-06-01T00:00:00Z"),
        ("UTC", "2028-02-29T12:00:00Z"),
    ];
    let mut random = Random(17);
    let mut compared = 0;
    for round in 0..330 {
        let (zone, around) = changes[round % changes.len()];
        let fields = Fields::random(&mut random);
        let around: Timestamp = around.parse().unwrap();
        let hours = |count: u64| jiff::SignedDuration::from_hours(count as i64);
        let from = around - hours(1 + random.below(40));
        let until = around + hours(1 + random.below(40));
        let time_zone = TimeZone::get(zone).unwrap();
        let expect = second_opinion(&fields, &time_zone, from, until);
        let when = cron(&fields.expression(), zone);
        let found: Vec<i64> = std::iter::successors(when.next(0, from.as_millisecond()), |last| {
            when.next(0, *last)
        })
        .take_while(|at| *at <= until.as_millisecond())
        .collect();
        assert_eq!(
            found,
            expect,
            "`{}` in {zone} from {from} to {until}",
            fields.expression()
        );
        if let Some(first) = expect.first() {
            let last = when.passed(0, *first, until.as_millisecond()).0;
            assert_eq!(Some(&last), expect.last());
        }
        compared += expect.len();
    }
    assert!(compared > 5_000, "{compared} are too few to tell");
}
