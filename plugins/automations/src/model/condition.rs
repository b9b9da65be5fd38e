//! Conditions of an automation: rules about the time, the member and the variables, nested by all, any and not.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use jiff::Zoned;
use plugin_api::prelude::Permissions;
use serde::{Deserialize, Serialize};

use super::Role;

/// Most levels of nesting.
const DEEP: usize = 5;

/// Most rules of one automation.
const RULES: usize = 25;

/// When an automation does something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    /// Each of these holds. Of none: it holds.
    All(Vec<Self>),
    /// One of these holds at least. Of none: it does not hold.
    Any(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// The time of day is from the first (included) to the second (excluded), over midnight where the second is the earlier one.
    Time { from: TimeOfDay, to: TimeOfDay },
    /// It is one of these days.
    Weekday(Vec<Day>),
    /// How the member stands to a role.
    Role { is: Standing, role: Role },
    /// How many messages of the member's the bot has counted in this server.
    Messages { is: Compare, count: u64 },
    /// How many whole days the member's account has existed.
    AccountDays { is: Compare, days: u64 },
    /// What a variable says.
    Variable {
        name: String,
        is: Compare,
        value: String,
    },
}

/// A minute of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct TimeOfDay(u16);

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// How a member stands to a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Standing {
    /// They have it.
    Has,
    /// They don't.
    Lacks,
    /// Their highest role is above it.
    Above,
    /// Their highest role is below it.
    Below,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Compare {
    /// Smaller.
    #[serde(rename = "<")]
    Less,
    /// Smaller or the same.
    #[serde(rename = "<=")]
    AtMost,
    /// The same.
    #[serde(rename = "==")]
    Equal,
    /// Not the same.
    #[serde(rename = "!=")]
    Unequal,
    /// Larger or the same.
    #[serde(rename = ">=")]
    AtLeast,
    /// Larger.
    #[serde(rename = ">")]
    More,
    /// The text has the other one in it. Of numbers: the same.
    #[serde(rename = "contains")]
    Contains,
}

/// Where a role stands: a higher position is higher, and of two at the same position the older one, as Discord has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(i64, Reverse<u64>);

impl Rank {
    pub(crate) const fn new(position: i64, role: Role) -> Self {
        Self(position, Reverse(role.get()))
    }

    /// Below every role.
    pub(crate) const NONE: Self = Self(i64::MIN, Reverse(u64::MAX));
}

/// A role of the server.
#[derive(Debug, Clone)]
pub(crate) struct RoleAt {
    pub(crate) id: Role,
    pub(crate) name: String,
    pub(crate) rank: Rank,
    /// Whether Discord or an integration gives it.
    pub(crate) managed: bool,
    pub(crate) permissions: Permissions,
}

/// What conditions are held against.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// The moment, in the server's time zone.
    pub(crate) now: &'a Zoned,
    /// The server's roles.
    pub(crate) roles: &'a [RoleAt],
    /// Those that the member has.
    pub(crate) has: &'a [Role],
    /// Messages of the member's that were counted.
    pub(crate) messages: u64,
    /// When the account was made, in seconds since 1970; unknown where nobody is concerned.
    pub(crate) account_made: Option<i64>,
    pub(crate) variables: &'a BTreeMap<String, String>,
}

impl Condition {
    /// Whether it holds.
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::All(all) => all.iter().all(|it| it.holds(facts)),
            Self::Any(any) => any.iter().any(|it| it.holds(facts)),
            Self::Not(it) => !it.holds(facts),
            Self::Time { from, to } => {
                let now = TimeOfDay::of(facts.now);
                match from <= to {
                    true => (*from..*to).contains(&now),
                    false => now >= *from || now < *to,
                }
            }
            Self::Weekday(days) => days.contains(&Day::of(facts.now)),
            Self::Role { is, role } => stands(*is, *role, facts),
            Self::Messages { is, count } => is.holds_for(facts.messages, *count),
            Self::AccountDays { is, days } => facts.account_made.is_some_and(|made| {
                let age = facts.now.timestamp().as_second().saturating_sub(made);
                is.holds_for(u64::try_from(age / 86_400).unwrap_or(0), *days)
            }),
            Self::Variable { name, is, value } => {
                is.holds_for_text(facts.variables.get(name).map_or("", String::as_str), value)
            }
        }
    }

    /// Whether it is small enough, and says something.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.check_at(1)?;
        match self.rules() {
            0..=RULES => Ok(()),
            more => Err(format!(
                "there are {more} conditions, and {RULES} are all there may be"
            )),
        }
    }

    fn check_at(&self, depth: usize) -> Result<(), String> {
        if depth > DEEP {
            return Err(format!("conditions are nested more than {DEEP} deep"));
        }
        match self {
            Self::All(all) if all.is_empty() && depth == 1 => Ok(()),
            Self::All(all) | Self::Any(all) if all.is_empty() => {
                Err("a group of conditions has nothing in it".into())
            }
            Self::All(all) | Self::Any(all) => all.iter().try_for_each(|it| it.check_at(depth + 1)),
            Self::Not(it) => it.check_at(depth + 1),
            Self::Time { from, to } if from == to => Err(format!(
                "{from}-{to} is no time at all: the second time has to be another one"
            )),
            Self::Weekday(days) if days.is_empty() => Err("`weekday` names no day".into()),
            Self::Variable { name, value, .. }
                if name.is_empty() || name.len() > 50 || value.len() > 200 =>
            {
                Err("a variable has a name of 50 letters at most, and a value of 200".into())
            }
            _ => Ok(()),
        }
    }

    fn rules(&self) -> usize {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().map(Self::rules).sum(),
            Self::Not(it) => it.rules(),
            _ => 1,
        }
    }

    /// Whether a rule is about how many messages somebody has written, which then have to be counted.
    pub(crate) fn counts_messages(&self) -> bool {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().any(Self::counts_messages),
            Self::Not(it) => it.counts_messages(),
            Self::Messages { .. } => true,
            _ => false,
        }
    }
}

/// A role that is gone is one that nobody has, and nobody is above or below it.
fn stands(is: Standing, role: Role, facts: &Facts<'_>) -> bool {
    let there = facts.roles.iter().find(|it| it.id == role);
    let has = there.is_some() && facts.has.contains(&role);
    let highest = || {
        let own = facts.roles.iter().filter(|it| facts.has.contains(&it.id));
        own.map(|it| it.rank).max().unwrap_or(Rank::NONE)
    };
    match is {
        Standing::Has => has,
        Standing::Lacks => !has,
        Standing::Above => there.is_some_and(|it| highest() > it.rank),
        Standing::Below => there.is_some_and(|it| highest() < it.rank),
    }
}

impl Compare {
    fn holds_for<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Equal | Self::Contains => left == right,
            Self::Unequal => left != right,
            Self::AtLeast => left >= right,
            Self::More => left > right,
        }
    }

    /// Numbers are compared as numbers; texts without regard to capitals.
    fn holds_for_text(self, left: &str, right: &str) -> bool {
        let (left, right) = (left.trim().to_lowercase(), right.trim().to_lowercase());
        if self == Self::Contains {
            return left.contains(&right);
        }
        match (left.parse::<f64>(), right.parse::<f64>()) {
            (Ok(left), Ok(right)) => self.holds_for(left, right),
            _ => self.holds_for(left, right),
        }
    }

    /// All of them, as they are written.
    pub(super) const ALL: [(&'static str, Self); 8] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<", Self::Less),
        (">", Self::More),
        ("=", Self::Equal),
        ("contains", Self::Contains),
    ];
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, it)| it == self);
        f.write_str(name.map_or("==", |(name, _)| name))
    }
}

impl TimeOfDay {
    fn of(now: &Zoned) -> Self {
        Self(now.hour().unsigned_abs() as u16 * 60 + u16::from(now.minute().unsigned_abs()))
    }

    /// Reads `22:00`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let part = |text: &str, most: u16| -> Option<u16> {
            let digits =
                (1..=2).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
            text.parse().ok().filter(|it| digits && *it <= most)
        };
        let parts = text.split_once(':');
        let read = parts.and_then(|(hour, minute)| Some(part(hour, 23)? * 60 + part(minute, 59)?));
        read.map(Self)
            .ok_or_else(|| format!("`{text}` is no time of day, such as 22:00"))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::read(&text)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl Day {
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("mon", Self::Mon),
        ("tue", Self::Tue),
        ("wed", Self::Wed),
        ("thu", Self::Thu),
        ("fri", Self::Fri),
        ("sat", Self::Sat),
        ("sun", Self::Sun),
    ];

    fn of(now: &Zoned) -> Self {
        let number = now.weekday().to_monday_zero_offset().unsigned_abs();
        Self::ALL[usize::from(number) % 7].1
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
