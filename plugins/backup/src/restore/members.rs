//! Roles of members: two lists in the order of their ids, the snapshot's and the server's, walked side by side and never whole in memory.

use std::collections::BTreeSet;

use plugin_api::prelude::*;
use serde_json::json;

use super::world::World;
use crate::{
    journal::{Entry, Journal},
    model::Snowflake,
    pairs::Pairs,
    plan::Note,
    roster::Roster,
    take,
};

/// After how many members that were changed the place is noted.
const EACH: u64 = 20;

/// How many members are named that could not be given their roles; the others are counted.
const NAMED: u64 = 20;

/// The roles that a member shall have: those that the snapshot names and that can be given, and, unless `takes`, those besides that they
/// have. `None`: it is so already.
pub(super) fn wished(
    then: &[Snowflake],
    now: &[Snowflake],
    pairs: &Pairs,
    givable: &BTreeSet<Snowflake>,
    takes: bool,
) -> Option<BTreeSet<Snowflake>> {
    let now: BTreeSet<_> = now.iter().copied().collect();
    let had: BTreeSet<_> = then
        .iter()
        .filter_map(|role| pairs.get(role).copied())
        .collect();
    let known: BTreeSet<_> = pairs.values().copied().collect();
    let mut wished = now.clone();
    wished.extend(had.intersection(givable));
    if takes {
        // Roles that the snapshot knows, and that they did not have.
        wished
            .retain(|role| !(known.contains(role) && givable.contains(role)) || had.contains(role));
    }
    (wished != now).then_some(wished)
}

/// Gives members their roles; goes on behind the one that the journal names.
pub(super) async fn give(
    world: &World<'_>,
    key: &str,
    journal: &mut Journal,
    pairs: &Pairs,
) -> Result<Vec<Entry>> {
    let (host, guild, job) = (world.host, world.guild, world.job);
    let key = key.to_owned();
    let (live, _) = take::live(host, guild).await?;
    let givable = live
        .roles
        .iter()
        .filter(|role| !role.managed && role.id != live.server.id && world.reaches(&live, role));
    let givable: BTreeSet<_> = givable.map(|role| role.id).collect();
    let mut there = Roster::now(host, guild, journal.members.map_or(0, Snowflake::get));
    let mut members = Roster::of_file(host, world.path.to_owned(), world.whole.first_member);
    let (mut changed, mut absent, mut refused) = (journal.members_changed, 0_u64, 0_u64);
    let mut last = None;
    while let Some(member) = members.next().await? {
        if journal.members.is_some_and(|upto| member.id <= upto) {
            continue;
        }
        last = Some(member.id);
        let now = match there.find(member.id).await {
            Ok(Some(now)) => now,
            Ok(None) => {
                absent += 1;
                continue;
            }
            Err(error) if error.http_status() == Some(403) => {
                let why = "Discord gives the list of members only to bots that have the Server Members Intent".to_owned();
                return Ok(vec![Entry::Failed { key, why }]);
            }
            Err(error) => return Err(error),
        };
        let wished = wished(
            &member.roles,
            &now.roles,
            pairs,
            &givable,
            job.plan.takes_roles,
        );
        let Some(roles) = wished else {
            continue;
        };
        let path = format!("guilds/{guild}/members/{}", member.id);
        let answer = world
            .send(Method::Patch, &path, Some(&json!({"roles": roles})))
            .await?;
        match answer {
            Ok(_) => changed += 1,
            Err(why) => {
                refused += 1;
                if refused <= NAMED {
                    let note = Note::new(format!("roles of {}", member.name), why);
                    job.note(host, guild, journal, Entry::Note(note)).await?;
                }
            }
        }
        if (changed + refused).is_multiple_of(EACH) {
            let upto = member.id;
            job.note(host, guild, journal, Entry::Members { upto, changed })
                .await?;
        }
    }
    let mut entries = Vec::new();
    let mut note = |count: u64, why: &str| {
        if count > 0 {
            let what = plugin_api::text::counted(count, "member");
            entries.push(Entry::Note(Note::new(what, why)));
        }
    };
    note(
        absent,
        "not in the server any more: they get their roles by another restore when they are back",
    );
    note(
        refused.saturating_sub(NAMED),
        "their roles could not be given, as those named before",
    );
    if let Some(upto) = last {
        entries.push(Entry::Members { upto, changed });
    }
    entries.push(Entry::Done { key, made: None });
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::id;

    #[test]
    fn members_get_what_they_had_and_keep_what_came_since() {
        let pairs: Pairs = [(1, 1), (20, 120), (21, 121), (22, 122), (23, 123)]
            .map(|(then, now)| (id(then), id(now)))
            .into();
        // 122 is a bot's, 123 is out of reach.
        let givable = BTreeSet::from([id(120), id(121), id(900)]);
        let of = |then: &[u64], now: &[u64], takes| {
            let ids = |all: &[u64]| all.iter().map(|it| id(*it)).collect::<Vec<_>>();
            let wished = wished(&ids(then), &ids(now), &pairs, &givable, takes);
            wished.map(|all| all.iter().map(|it| it.get()).collect::<Vec<_>>())
        };
        assert_eq!(of(&[20], &[], false), Some(vec![120]));
        assert_eq!(of(&[20], &[120], false), None);
        assert_eq!(of(&[20], &[120, 121, 900], false), None);
        assert_eq!(of(&[20], &[121, 900], true), Some(vec![120, 900]));
        assert_eq!(of(&[22, 23], &[], false), None);
        assert_eq!(of(&[], &[122, 123], true), None);
        // A role that was not restored.
        assert_eq!(of(&[77], &[], true), None);
    }
}
