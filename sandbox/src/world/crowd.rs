//! Synthetic users beyond number, each a function of a number, so that a world of a million costs nothing.
//!
//! Who they are follows from their number alone: id (and with it the date of the account), name, and in a guild
//! the roles, the nickname and the date of joining. What is changed about one of them is kept by
//! [`Users`](super::Users) and [`Members`](super::Members), which look there first.

use super::{Member, User, snowflake::DISCORD_EPOCH_MS};

/// When the first of the crowd made an account: 1 June 2015, in milliseconds since 1970.
const FIRST_MS: u64 = 1_433_116_800_000;

/// From one account to the next, in milliseconds: two minutes.
const STEP_MS: u64 = 120_000;

/// How many there can be, so that the youngest account is of 2025.
pub(crate) const MOST: u64 = 2_500_000;

/// What the names of the crowd begin with: `user0`, `user1`, …
const NAME: &str = "user";

const FIRST_WORDS: [&str; 16] = [
    "Amber", "Brisk", "Calm", "Dapper", "Eager", "Fuzzy", "Gentle", "Happy", "Icy", "Jolly",
    "Keen", "Lucky", "Mellow", "Nimble", "Quiet", "Rusty",
];

const SECOND_WORDS: [&str; 16] = [
    "Otter", "Badger", "Comet", "Dolphin", "Ember", "Falcon", "Gecko", "Heron", "Ibis", "Jackal",
    "Kestrel", "Lemur", "Marten", "Newt", "Owl", "Panda",
];

/// The members of the crowd that belong to one guild: a stretch of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub first: u64,
    pub count: u64,
    /// The roles that are spread among them; `None` where one was deleted, so that the others stay with whom they are.
    pub roles: Vec<Option<u64>>,
    /// When the guild was made, in microseconds since 1970: nobody joined before.
    pub since_us: i64,
}

impl Stretch {
    /// The number of a user; `None` if it is not one of these.
    pub(crate) fn number(&self, user: u64) -> Option<u64> {
        let stretch = self.first..self.first + self.count;
        number(user).filter(|number| stretch.contains(number))
    }

    /// The ids greater than or equal to one, ascending.
    pub(crate) fn ids_from(&self, least: u64) -> impl Iterator<Item = u64> + use<> {
        let start = number_from(least).max(self.first);
        (start..self.first + self.count).map(id)
    }

    /// The membership of a number.
    pub(crate) fn member(&self, number: u64) -> Member {
        let dice = mix(number ^ 0x6d65_6d62);
        let rolled = usize::try_from(dice % (self.roles.len() as u64 * 2).max(1)).unwrap_or(0);
        let role = self.roles.get(rolled).copied().flatten();
        let earliest_us = self.since_us.max(created_ms(number) as i64 * 1000);
        // Within ten weeks, to the millisecond.
        let after_ms = (dice >> 16) % (70 * 24 * 3_600_000);
        Member {
            roles: role.into_iter().collect(),
            nick: dice.is_multiple_of(8).then(|| {
                let word = (dice >> 8) % SECOND_WORDS.len() as u64;
                format!("{}{}", SECOND_WORDS[word as usize], dice % 90 + 10)
            }),
            joined_us: earliest_us + after_ms as i64 * 1000,
            ..Member::default()
        }
    }
}

/// The id of a number: a snowflake with the date of the account in it. Ids grow with numbers.
pub(crate) fn id(number: u64) -> u64 {
    (created_ms(number) - DISCORD_EPOCH_MS) << 22
}

/// The number of an id; `None` if it is nobody's.
pub(crate) fn number(of: u64) -> Option<u64> {
    let created_ms = (of >> 22) + DISCORD_EPOCH_MS;
    let number = created_ms.checked_sub(FIRST_MS)? / STEP_MS;
    (id(number) == of).then_some(number)
}

/// The user of a number.
pub(crate) fn user(number: u64) -> User {
    let dice = mix(number ^ 0x7573_6572);
    let word = |list: [&'static str; 16], shift: u32| list[(dice >> shift) as usize % list.len()];
    let mut user = User::new(id(number), &format!("{NAME}{number}"));
    user.display_name = Some(format!(
        "{} {}",
        word(FIRST_WORDS, 0),
        word(SECOND_WORDS, 8)
    ));
    user
}

/// The number that a name stands for.
pub(crate) fn number_named(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(NAME)?;
    let number = digits.parse().ok()?;
    // Neither `user07` nor `user+7`.
    (digits == u64::to_string(&number)).then_some(number)
}

/// The first number whose id is not less than this.
fn number_from(least: u64) -> u64 {
    let created_ms = (least >> 22) + DISCORD_EPOCH_MS;
    let about = created_ms.saturating_sub(FIRST_MS) / STEP_MS;
    if id(about) < least { about + 1 } else { about }
}

fn created_ms(number: u64) -> u64 {
    // Not quite regular, so that ids spread over the shards and look as they do at Discord.
    FIRST_MS + number * STEP_MS + mix(number) % STEP_MS
}

/// Scatters a number over all 64 bits (the finish of SplitMix64).
pub(crate) const fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_lead_back_to_their_numbers() {
        for n in [0, 1, 2, 77, 999_999, MOST - 1] {
            assert_eq!(number(id(n)), Some(n));
            assert_eq!(number(id(n) + 1), None);
            assert_eq!(number_named(&user(n).name), Some(n));
            assert_eq!(number_from(id(n)), n);
            assert_eq!(number_from(id(n) + 1), n + 1);
            assert!(id(n) < id(n + 1));
        }
        assert_eq!(number(0), None);
        assert_eq!(
            ["user07", "user+7", "user", "owner"].map(number_named),
            [None; 4]
        );
    }

    #[test]
    fn a_stretch_spreads_its_roles() {
        let stretch = Stretch {
            first: 100,
            count: 1000,
            roles: vec![Some(1), None, Some(3)],
            since_us: 0,
        };
        let with = |role| {
            let numbers = 100..1100;
            numbers
                .filter(|n| stretch.member(*n).roles == [role])
                .count()
        };
        assert!((100..250).contains(&with(1)), "{}", with(1));
        assert!((100..250).contains(&with(3)), "{}", with(3));
        assert_eq!(
            stretch.ids_from(id(1098)).collect::<Vec<_>>(),
            [id(1098), id(1099)]
        );
    }
}
