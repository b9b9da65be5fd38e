//! Tests of conditions: every rule at its edges, and the text that they are written as.

use std::collections::BTreeMap;

use jiff::Zoned;
use plugin_api::prelude::*;

use super::*;
use crate::model::{print, read};

const EVERYONE: Role = Id::new(1);
/// At the same position as [`JUNIOR`], and older.
const SENIOR: Role = Id::new(20);
const JUNIOR: Role = Id::new(30);
const TOP: Role = Id::new(40);
const GONE: Role = Id::new(99);

fn roles() -> Vec<RoleAt> {
    let at = |id: Role, name: &str, position| RoleAt {
        id,
        name: name.into(),
        rank: Rank::new(position, id),
        managed: false,
        permissions: Permissions::empty(),
    };
    vec![
        at(EVERYONE, "@everyone", 0),
        at(SENIOR, "Senior", 2),
        at(JUNIOR, "Junior", 2),
        at(TOP, "Top", 5),
    ]
}

fn named(text: &str) -> Option<Role> {
    let name = text.trim_start_matches('@');
    let all = roles();
    all.iter()
        .find(|it| it.name.eq_ignore_ascii_case(name) || it.id.to_string() == name)
        .map(|it| it.id)
}

fn shown(role: Role) -> String {
    roles()
        .iter()
        .find(|it| it.id == role)
        .map_or(role.to_string(), |it| format!("@{}", it.name))
}

/// Whether what is written holds for a member with these roles at that moment.
fn holds_for(text: &str, now: &str, has: &[Role]) -> bool {
    let condition = read(text, &named).unwrap_or_else(|why| panic!("{text}: {why}"));
    let now: Zoned = now.parse().unwrap();
    let variables = BTreeMap::from([
        ("level".to_owned(), "10".to_owned()),
        ("word".to_owned(), "Green Tea".to_owned()),
    ]);
    let facts = Facts {
        now: &now,
        roles: &roles(),
        has,
        messages: 5,
        // 2026-11-01T12:00:00Z.
        account_made: Some(1_793_534_400),
        variables: &variables,
    };
    condition.holds(&facts)
}

#[test]
fn a_range_of_times_begins_with_its_first_minute_and_ends_before_its_last() {
    for (range, time, wanted) in [
        ("09:00-17:00", "08:59", false),
        ("09:00-17:00", "09:00", true),
        ("09:00-17:00", "16:59", true),
        ("09:00-17:00", "17:00", false),
        ("22:00-06:00", "21:59", false),
        ("22:00-06:00", "22:00", true),
        ("22:00-06:00", "23:59", true),
        ("22:00-06:00", "00:00", true),
        ("22:00-06:00", "05:59", true),
        ("22:00-06:00", "06:00", false),
        ("00:00-23:59", "23:59", false),
        ("23:59-00:00", "23:59", true),
        ("12:00-00:00", "23:59", true),
        ("12:00-00:00", "00:00", false),
        ("0:00-0:01", "00:00", true),
    ] {
        let now = format!("2026-11-22T{time}:00+00:00[UTC]");
        assert_eq!(
            holds_for(&format!("time {range}"), &now, &[]),
            wanted,
            "{range} at {time}"
        );
    }
}

#[test]
fn the_clock_is_the_servers_over_daylight_saving() {
    // At 01:00 UTC on 2026-03-29 Berlin's clocks went from 02:00 to 03:00; on 2026-10-25 from 03:00 back to 02:00.
    for (moment, wanted) in [
        ("2026-03-29T00:59:00Z", false), // 01:59
        ("2026-03-29T01:00:00Z", false), // 03:00: the hour from two on did not exist
        ("2026-10-24T23:59:00Z", false), // 01:59
        ("2026-10-25T00:00:00Z", true),  // 02:00, the first time
        ("2026-10-25T01:30:00Z", true),  // 02:30, the second time
        ("2026-10-25T02:00:00Z", false), // 03:00
        ("2026-07-01T00:30:00Z", true),  // 02:30 in summer
        ("2026-12-01T00:30:00Z", false), // 01:30 in winter
    ] {
        let moment: jiff::Timestamp = moment.parse().unwrap();
        let now = moment.in_tz("Europe/Berlin").unwrap().to_string();
        assert_eq!(holds_for("time 02:00-03:00", &now, &[]), wanted, "{now}");
    }
}

#[test]
fn days_are_the_servers_and_ranges_go_over_the_weekend() {
    let sunday = "2026-11-22T12:00:00+00:00[UTC]";
    for (days, wanted) in [
        ("sun", true),
        ("Sunday", true),
        ("mon-fri", false),
        ("sat-mon", true),
        ("tue, sun", true),
        ("mon-sun", true),
        ("mon", false),
    ] {
        assert_eq!(
            holds_for(&format!("weekday {days}"), sunday, &[]),
            wanted,
            "{days}"
        );
    }
    // Still Sunday in New York, already Monday in UTC.
    let moment: jiff::Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
    let now = moment.in_tz("America/New_York").unwrap().to_string();
    assert!(holds_for("weekday sun", &now, &[]));
}

#[test]
fn roles_are_compared_by_position_and_at_the_same_one_by_age() {
    let now = "2026-11-22T12:00:00+00:00[UTC]";
    for (rule, has, wanted) in [
        ("has @Senior", &[SENIOR][..], true),
        ("has @Senior", &[JUNIOR], false),
        ("lacks @Senior", &[], true),
        ("lacks @Senior", &[SENIOR], false),
        // Equal positions: the older role is the higher one.
        ("above @Junior", &[SENIOR], true),
        ("below @Senior", &[JUNIOR], true),
        ("above @Senior", &[JUNIOR], false),
        // A role is neither above nor below itself.
        ("above @Senior", &[SENIOR], false),
        ("below @Senior", &[SENIOR], false),
        ("above @Senior", &[JUNIOR, TOP], true),
        ("below @Top", &[JUNIOR, SENIOR], true),
        ("below @Junior", &[], true),
        ("above @Junior", &[], false),
        // An id that is old is no position: the snowflakes say nothing.
        ("above @Top", &[SENIOR], false),
    ] {
        assert_eq!(
            holds_for(&format!("role {rule}"), now, has),
            wanted,
            "{rule} {has:?}"
        );
    }
}

#[test]
fn a_role_that_is_gone_is_one_that_nobody_has() {
    let now: Zoned = "2026-11-22T12:00:00+00:00[UTC]".parse().unwrap();
    let facts = Facts {
        now: &now,
        roles: &roles(),
        has: &[GONE],
        messages: 0,
        account_made: None,
        variables: &BTreeMap::new(),
    };
    let holds = |is| Condition::Role { is, role: GONE }.holds(&facts);
    assert!(holds(Standing::Lacks));
    assert!(!holds(Standing::Has) && !holds(Standing::Above) && !holds(Standing::Below));
    // Nobody is concerned: there is no account of any age.
    assert!(
        !Condition::AccountDays {
            is: Compare::AtLeast,
            days: 0
        }
        .holds(&facts)
    );
}

#[test]
fn numbers_ages_and_variables_are_compared_at_their_edges() {
    for (rule, now, wanted) in [
        ("messages >= 5", "2026-11-22T12:00:00", true),
        ("messages > 5", "2026-11-22T12:00:00", false),
        ("messages < 6", "2026-11-22T12:00:00", true),
        ("messages != 5", "2026-11-22T12:00:00", false),
        ("messages = 5", "2026-11-22T12:00:00", true),
        ("account >= 7 days", "2026-11-08T11:59:59", false),
        ("account >= 7 days", "2026-11-08T12:00:00", true),
        ("account < 1 day", "2026-11-02T11:59:59", true),
        // A clock that goes slow makes nobody younger than new.
        ("account <= 0", "2026-10-31T12:00:00", true),
        ("variable level >= 9", "2026-11-22T12:00:00", true),
        ("variable {level} == 10.0", "2026-11-22T12:00:00", true),
        ("variable word == green tea", "2026-11-22T12:00:00", true),
        ("variable word contains TEA", "2026-11-22T12:00:00", true),
        ("variable nothing == x", "2026-11-22T12:00:00", false),
        ("variable nothing != x", "2026-11-22T12:00:00", true),
    ] {
        assert_eq!(
            holds_for(rule, &format!("{now}+00:00[UTC]"), &[]),
            wanted,
            "{rule} at {now}"
        );
    }
}

#[test]
fn groups_nest() {
    let now = "2026-11-22T23:00:00+00:00[UTC]";
    let text = "time 22:00-06:00\nany:\n  role has @Top\n  all:\n    messages >= 5\n    weekday sun\nnot:\n  weekday mon";
    assert!(holds_for(text, now, &[]));
    assert!(!holds_for(text, "2026-11-23T23:00:00+00:00[UTC]", &[TOP]));
    assert!(holds_for("any:\n  messages > 100\n  weekday sun", now, &[]));
    assert!(holds_for("", now, &[]));
}

#[test]
fn what_is_written_is_read_again_as_the_same() {
    for text in [
        "",
        "time 22:00-06:00",
        "any:\n  time 09:00-17:00\n  weekday mon, fri",
        "role has @Senior\nrole above 99x",
        "all:\n  any:\n    messages >= 10",
        "not:\n  account < 7 days\nvariable level contains 5",
    ] {
        let Ok(condition) = read(text, &named) else {
            assert!(text.contains("99x"), "{text}");
            continue;
        };
        let printed = print(&condition, &shown);
        assert_eq!(
            read(&printed, &named).unwrap(),
            condition,
            "{text}\n---\n{printed}"
        );
        let json = serde_json::to_string(&condition).unwrap();
        assert_eq!(
            serde_json::from_str::<Condition>(&json).unwrap(),
            condition,
            "{json}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    let deep: String = (0..7).map(|n| format!("{}any:\n", " ".repeat(n))).collect();
    let deep = format!("{deep}{}messages > 1", " ".repeat(7));
    let many = "messages > 1\n".repeat(26);
    for (text, wanted) in [
        ("time 25:00-06:00", "line 1: `25:00` is no time of day"),
        ("time 9-5", "line 1: `9` is no time of day"),
        ("time 09:00-09:00", "no time at all"),
        ("weekday someday", "line 1: `someday` is no day"),
        ("\nrole has @Nobody", "line 2: `@Nobody` is no role"),
        ("role @Top", "has, lacks, above or below"),
        ("messages 5", "line 1: `5` does not begin with"),
        ("messages >= five", "`five` is no whole number"),
        ("weather fine", "`weather` is no condition; there are `time"),
        ("any:", "`any:` has nothing in it"),
        ("some:\n  messages > 1", "`some:` is no group"),
        ("messages > 1\n  weekday mon", "line 2: it is indented"),
        ("  messages > 1\nweekday mon", "line 2: it is indented less"),
        (&deep, "nested more than 5 deep"),
        (&many, "26 conditions"),
        ("variable", "`` does not begin"),
    ] {
        let why = read(text, &named).unwrap_err();
        assert!(why.contains(wanted), "{text}: {why}");
    }
}
