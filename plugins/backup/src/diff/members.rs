//! Difference of the members' roles in two pictures of a server, told one after another.

use plugin_api::text::{counted, plain};

use crate::{
    model::{Contents, Kind, Member, Snowflake},
    pairs::Pairs,
};

/// Members whose roles are told one by one; the others are counted. A line is about 100 bytes.
const TOLD: u64 = 5_000;

/// What has become of the members.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    /// `~ member ann: +Crew −Guest`.
    pub(crate) lines: Vec<String>,
    /// Those who have other roles now.
    pub(crate) changed: u64,
    /// Those who are in the second picture alone.
    pub(crate) came: u64,
    /// Those who are in the first alone.
    pub(crate) went: u64,
}

impl Members {
    /// A member of both pictures. `pairs` are ids of `from` by ids of `to`.
    pub(crate) fn take(
        &mut self,
        before: &Member,
        after: &Member,
        (from, to): (&Contents, &Contents),
        pairs: &Pairs,
    ) {
        let had = |role: &Snowflake| before.roles.contains(role);
        let here = |role: &Snowflake| *pairs.get(role).unwrap_or(role);
        let has = |role: &Snowflake| after.roles.iter().any(|it| here(it) == *role);
        let name = |of: &Contents, role: &Snowflake| {
            let known = of.item(Kind::Role, *role);
            known.map_or_else(|| role.to_string(), |role| plain(role.name()))
        };
        let new = after.roles.iter().filter(|role| !had(&here(role)));
        let mut words: Vec<_> = new.map(|role| format!("+{}", name(to, role))).collect();
        let gone = before.roles.iter().filter(|role| !has(role));
        words.extend(gone.map(|role| format!("−{}", name(from, role))));
        if words.is_empty() {
            return;
        }
        self.changed += 1;
        if self.changed <= TOLD {
            let line = format!("~ member {}: {}", plain(&after.name), words.join(" "));
            self.lines.push(line);
        }
    }

    /// Who is not told one by one: how many more have other roles, and who came and went.
    pub(crate) fn rest(&self) -> Vec<String> {
        let members = |count| counted(count, "member");
        let more = self.changed.saturating_sub(TOLD);
        [
            (more, "more with other roles"),
            (self.came, "came"),
            (self.went, "went"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", members(count)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{id, role, server};

    fn member(name: &str, roles: &[u64]) -> Member {
        Member {
            id: id(900),
            name: name.to_owned(),
            roles: roles.iter().map(|role| id(*role)).collect(),
        }
    }

    #[test]
    fn roles_that_came_and_went_are_told_by_their_names() {
        let (from, mut to) = (server(), server());
        // The captain's role was made anew, and there is one besides.
        to.roles[4].id = id(60);
        to.roles.push(role(61, "Cook", 9));
        let pairs = crate::pairs::find(&to, &from, &Pairs::new());
        let of = |before: &[u64], after: &[u64]| {
            let mut members = Members::default();
            let (before, after) = (member("old", before), member("ann", after));
            members.take(&before, &after, (&from, &to), &pairs);
            members.lines
        };
        assert_eq!(of(&[20, 21], &[21, 20]), Vec::<String>::new());
        assert_eq!(of(&[23], &[60]), Vec::<String>::new());
        assert_eq!(of(&[20], &[21]), ["~ member ann: +Crew −Guest"]);
        assert_eq!(of(&[23], &[61]), ["~ member ann: +Cook −Captain"]);
        // A role that neither picture has.
        assert_eq!(of(&[77], &[]), ["~ member ann: −77"]);
    }

    #[test]
    fn who_is_not_told_is_counted() {
        let server = server();
        let mut members = Members::default();
        for _ in 0..TOLD + 3 {
            let (before, after) = (member("ann", &[20]), member("ann", &[]));
            members.take(&before, &after, (&server, &server), &Pairs::new());
        }
        (members.came, members.went) = (1, 2);
        assert_eq!(members.lines.len() as u64, TOLD);
        let rest = [
            "3 members more with other roles",
            "1 member came",
            "2 members went",
        ];
        assert_eq!(members.rest(), rest);
    }
}
