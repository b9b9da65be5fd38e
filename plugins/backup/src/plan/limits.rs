//! Limits of what roles and channels get: what the bot has not to give, and what takes a boosted server.

use super::steps::Planner;
use crate::{
    diff::bits_in_words,
    model::{Item, Kind, Overwrite},
};

impl Planner<'_> {
    /// Whether a role can have the icon that it had; notes why not.
    pub(super) fn takes_icon(&mut self, item: &Item) -> bool {
        let why = if !self.plan.has_role_icons {
            "its icon: that takes a boosted server"
        } else if item.icon.is_some() && item.line.is_none() {
            "its icon: the snapshot has no picture of it"
        } else {
            return true;
        };
        self.note(&item.title(Kind::Role), why);
        false
    }

    /// Notes what a role does not get, since the bot has it not to give, and that it comes to stand lower than it did.
    pub(super) fn limit_role(&mut self, item: &Item, now: Option<&Item>) {
        let (wanted, has) = (item.permissions(), now.map_or(0, Item::permissions));
        let given = wanted & (self.standing.grantable() | has);
        let title = item.title(Kind::Role);
        if given != wanted {
            let why = format!(
                "the bot can't give what it has not: {}",
                bits_in_words(given, wanted)
            );
            self.note(&title, why);
            self.plan.granted.insert(item.id, given);
        }
        if now.is_some() {
            return;
        }
        let pairs = &self.plan.pairs;
        let held = self.wanted.roles.iter().filter(|role| {
            let here = pairs
                .get(&role.id)
                .and_then(|id| self.live.item(Kind::Role, *id));
            here.is_some_and(|here| !self.standing.reaches(here.rank()))
        });
        let lowest = held.map(Item::rank).min();
        if lowest.is_some_and(|lowest| item.rank() > lowest) {
            let why = format!(
                "its place: it comes below {} highest role, move it up by hand",
                self.standing.whose
            );
            self.note(&title, why);
        }
    }

    /// The same for what a channel allows and denies: what the bot can't change there stays as it is.
    pub(super) fn limit_channel(&mut self, item: &Item, now: Option<&Item>) {
        let mask = self.standing.grantable_in_channels();
        if mask == u64::MAX {
            return;
        }
        let before = |overwrite: &Overwrite| {
            let target = match overwrite.kind {
                0 => self.plan.pairs.get(&overwrite.id).copied(),
                _ => Some(overwrite.id),
            };
            let all = now.into_iter().flat_map(|now| &now.overwrites);
            let mut all = all.filter(|it| it.kind == overwrite.kind);
            all.find(|it| Some(it.id) == target)
        };
        let bits = |text: &str| text.parse::<u64>().unwrap_or(0);
        let limited = item.overwrites.iter().map(|overwrite| {
            let (allow, deny) =
                before(overwrite).map_or((0, 0), |it| (bits(&it.allow), bits(&it.deny)));
            let merged =
                |wanted: &str, has: u64| ((bits(wanted) & mask) | (has & !mask)).to_string();
            Overwrite {
                allow: merged(&overwrite.allow, allow),
                deny: merged(&overwrite.deny, deny),
                ..overwrite.clone()
            }
        });
        let limited: Vec<_> = limited.collect();
        if limited != item.overwrites {
            let why = "some of its rights: the bot can't give or take there what it has not itself";
            self.note(&item.title(Kind::Channel), why);
            self.plan.overwrites.insert(item.id, limited);
        }
    }
}
