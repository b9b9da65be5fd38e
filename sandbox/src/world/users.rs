//! User table: those who were made one by one, and the crowd.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use super::{User, crowd};

/// All users by id, like a map. Users of the crowd are made when they are asked for, and kept as soon as they are
/// changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Users {
    kept: BTreeMap<u64, User>,
    /// Where to look for a name first; the user may have another one by now.
    named: HashMap<String, u64>,
    /// How many are in the crowd: the numbers below this.
    crowd: u64,
}

impl Users {
    /// The user with this id.
    pub(crate) fn get(&self, user: &u64) -> Option<Cow<'_, User>> {
        match self.kept.get(user) {
            Some(kept) => Some(Cow::Borrowed(kept)),
            None => self.number(*user).map(crowd::user).map(Cow::Owned),
        }
    }

    /// The user with this id, to be changed.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "for changes that REST will make")
    )]
    pub(crate) fn get_mut(&mut self, user: &u64) -> Option<&mut User> {
        if !self.kept.contains_key(user) {
            let number = self.number(*user)?;
            self.kept.insert(*user, crowd::user(number));
        }
        self.kept.get_mut(user)
    }

    /// Adds a user, or replaces one.
    pub(crate) fn insert(&mut self, id: u64, user: User) {
        self.named.entry(user.name.clone()).or_insert(id);
        self.kept.insert(id, user);
    }

    /// Whether there is such a user.
    pub(crate) fn contains_key(&self, user: &u64) -> bool {
        self.kept.contains_key(user) || self.number(*user).is_some()
    }

    /// The user of that name; the oldest, should several have it.
    pub(crate) fn named(&self, name: &str) -> Option<u64> {
        let has_it = |id: &u64| self.get(id).is_some_and(|user| user.name == name);
        let of_crowd = || {
            let number = crowd::number_named(name).filter(|number| *number < self.crowd)?;
            Some(crowd::id(number)).filter(has_it)
        };
        let renamed = || {
            self.kept
                .values()
                .find(|user| user.name == name)
                .map(|user| user.id)
        };
        let first = self.named.get(name).copied().filter(has_it);
        first.or_else(of_crowd).or_else(renamed)
    }

    /// Those who were made one by one or changed since, in the order of their ids: the crowd is too many to list.
    pub(crate) fn cast(&self) -> impl Iterator<Item = &User> {
        self.kept.values()
    }

    /// Makes the crowd larger by so many, as far as there are dates for their accounts; gives the first new number
    /// and how many there are from there.
    pub(super) fn admit(&mut self, count: u64) -> (u64, u64) {
        let first = self.crowd;
        self.crowd = (first + count).min(crowd::MOST);
        (first, self.crowd - first)
    }

    fn number(&self, user: u64) -> Option<u64> {
        crowd::number(user).filter(|number| *number < self.crowd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name_and_id() {
        let mut users = Users::default();
        users.insert(1, User::new(1, "ada"));
        users.insert(2, User::new(2, "ada"));
        assert_eq!(users.admit(10), (0, 10));
        assert_eq!(users.named("ada"), Some(1));
        assert_eq!(users.named("user9"), Some(crowd::id(9)));
        assert_eq!(users.named("user10"), None);
        assert!(users.contains_key(&crowd::id(9)) && !users.contains_key(&crowd::id(10)));
        assert_eq!(users.cast().count(), 2);

        users.get_mut(&1).unwrap().name = "grace".to_owned();
        users.get_mut(&crowd::id(9)).unwrap().name = "barbara".to_owned();
        let named = ["ada", "grace", "user9", "barbara"].map(|name| users.named(name));
        assert_eq!(named, [Some(2), Some(1), None, Some(crowd::id(9))]);
        assert_eq!(users.cast().count(), 3);
        assert_eq!(users.admit(crowd::MOST), (10, crowd::MOST - 10));
    }
}
