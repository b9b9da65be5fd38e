//! Member table of one guild: some are kept, the others are of the crowd.

use std::{borrow::Cow, collections::BTreeMap};

use super::{Member, crowd::Stretch};

/// The members of a guild by user id, like a map. Members of the crowd are made when they are asked for, and
/// kept as soon as they are changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    /// Whoever was added or changed; `None` for members of the crowd who have left.
    kept: BTreeMap<u64, Option<Member>>,
    crowd: Vec<Stretch>,
    len: usize,
}

impl Members {
    /// The member with this user id.
    pub(crate) fn get(&self, user: &u64) -> Option<Cow<'_, Member>> {
        match self.kept.get(user) {
            Some(kept) => kept.as_ref().map(Cow::Borrowed),
            None => self.made(*user).map(Cow::Owned),
        }
    }

    /// The member with this user id, to be changed.
    pub(crate) fn get_mut(&mut self, user: &u64) -> Option<&mut Member> {
        if !self.kept.contains_key(user) {
            let member = self.made(*user)?;
            self.kept.insert(*user, Some(member));
        }
        self.kept.get_mut(user)?.as_mut()
    }

    /// Adds a member, or replaces one.
    pub(crate) fn insert(&mut self, user: u64, member: Member) {
        if !self.contains_key(&user) {
            self.len += 1;
        }
        self.kept.insert(user, Some(member));
    }

    /// Takes a member out.
    pub(crate) fn remove(&mut self, user: &u64) -> Option<Member> {
        let was = self.get(user)?.into_owned();
        self.len -= 1;
        if self.of_crowd(*user).is_some() {
            self.kept.insert(*user, None);
        } else {
            self.kept.remove(user);
        }
        Some(was)
    }

    /// Whether this user is a member.
    pub(crate) fn contains_key(&self, user: &u64) -> bool {
        match self.kept.get(user) {
            Some(kept) => kept.is_some(),
            None => self.of_crowd(*user).is_some(),
        }
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The user ids, ascending.
    pub(crate) fn keys(&self) -> impl Iterator<Item = u64> {
        self.keys_from(0)
    }

    /// The user ids that are greater than or equal to one, ascending: the page after a page.
    pub(crate) fn keys_from(&self, least: u64) -> impl Iterator<Item = u64> {
        let mut kept = self.kept.range(least..).peekable();
        let mut crowd = self
            .crowd
            .iter()
            .flat_map(move |stretch| stretch.ids_from(least))
            .peekable();
        std::iter::from_fn(move || {
            loop {
                let Some((user, member)) =
                    kept.next_if(|(kept, _)| crowd.peek().is_none_or(|other| *kept <= other))
                else {
                    return crowd.next();
                };
                crowd.next_if(|other| other == user);
                if member.is_some() {
                    return Some(*user);
                }
            }
        })
    }

    /// All members with their user ids, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Cow<'_, Member>)> {
        self.keys()
            .filter_map(|user| Some((user, self.get(&user)?)))
    }

    /// Takes a role from everybody: it was deleted.
    pub(crate) fn forget_role(&mut self, role: u64) {
        for member in self.kept.values_mut().flatten() {
            member.roles.retain(|known| *known != role);
        }
        for known in self.crowd.iter_mut().flat_map(|stretch| &mut stretch.roles) {
            if *known == Some(role) {
                *known = None;
            }
        }
    }

    /// Lets a stretch of the crowd in, of higher numbers than those that are in.
    pub(super) fn admit(&mut self, stretch: Stretch) {
        let known = self.kept.iter().filter(|(_, member)| member.is_some());
        let twice = known
            .filter(|(user, _)| stretch.number(**user).is_some())
            .count();
        self.len += usize::try_from(stretch.count).unwrap_or(usize::MAX) - twice;
        self.crowd.push(stretch);
    }

    /// The stretch that this user belongs to, and the number.
    fn of_crowd(&self, user: u64) -> Option<(&Stretch, u64)> {
        let mut found = self
            .crowd
            .iter()
            .filter_map(|stretch| Some((stretch, stretch.number(user)?)));
        found.next()
    }

    fn made(&self, user: u64) -> Option<Member> {
        self.of_crowd(user)
            .map(|(stretch, number)| stretch.member(number))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::crowd, *};

    fn crowded() -> Members {
        let mut members = Members::default();
        members.insert(5, Member::default());
        members.insert(u64::MAX, Member::default());
        members.admit(Stretch {
            first: 10,
            count: 3,
            roles: vec![Some(7)],
            since_us: 0,
        });
        members
    }

    fn all(members: &Members) -> Vec<u64> {
        let keys: Vec<_> = members.keys().collect();
        assert_eq!(keys.len(), members.len());
        keys
    }

    #[test]
    fn the_crowd_and_the_others_are_one_list() {
        let mut members = crowded();
        let [a, b, c] = [10, 11, 12].map(crowd::id);
        assert_eq!(all(&members), [5, a, b, c, u64::MAX]);
        assert_eq!(members.keys_from(b).collect::<Vec<_>>(), [b, c, u64::MAX]);

        members.get_mut(&b).unwrap().nick = Some("changed".to_owned());
        assert_eq!(members.get(&b).unwrap().nick.as_deref(), Some("changed"));
        assert_eq!(all(&members), [5, a, b, c, u64::MAX]);

        assert!(members.remove(&a).is_some() && members.remove(&a).is_none());
        assert!(members.remove(&5).is_some() && members.remove(&6).is_none());
        assert!(members.get(&a).is_none() && members.get_mut(&a).is_none());
        assert_eq!(all(&members), [b, c, u64::MAX]);

        members.insert(a, Member::default());
        members.insert(a, Member::default());
        assert_eq!(all(&members), [a, b, c, u64::MAX]);
        assert!(members.contains_key(&c) && !members.contains_key(&crowd::id(13)));
    }

    #[test]
    fn a_deleted_role_is_nobodys() {
        let mut members = crowded();
        members.get_mut(&5).unwrap().roles = vec![7, 8];
        members.forget_role(7);
        assert!(members.iter().all(|(_, member)| !member.roles.contains(&7)));
        assert_eq!(members.get(&5).unwrap().roles, [8]);
    }
}
