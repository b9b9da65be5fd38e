//! Journal of a restore: a line for each step that is done, so that one that was interrupted goes on exactly where it was.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    model::{Item, Kind, Snowflake},
    pairs::Pairs,
    plan::{Note, Plan, Step},
};

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    Done {
        key: String,
        /// The id of what was made, and that of the snapshot which it stands for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        made: Option<(Snowflake, Snowflake)>,
    },
    Failed {
        key: String,
        why: String,
    },
    /// Something besides that is not as the snapshot has it.
    Note(Note),
    /// Members up to this one have their roles.
    Members {
        upto: Snowflake,
        changed: u64,
    },
    /// Somebody has stopped it.
    Stopped,
}

/// What a journal says.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Journal {
    over: BTreeSet<String>,
    pub(crate) made: Pairs,
    pub(crate) notes: Vec<Note>,
    pub(crate) failed: u64,
    pub(crate) members: Option<Snowflake>,
    pub(crate) members_changed: u64,
    pub(crate) stopped: bool,
    /// A restore stopped while it wrote: what is added begins on a line of its own.
    pub(crate) is_torn: bool,
}

impl Journal {
    /// Reads it. What was being written when the bot was killed counts for nothing.
    pub(crate) fn read(bytes: &[u8], plan: &Plan) -> Self {
        let mut journal = Self::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(entry) = serde_json::from_slice(line) {
                journal.take(entry, plan);
            }
        }
        journal.is_torn = bytes.last().is_some_and(|last| *last != b'\n');
        journal
    }

    pub(crate) fn take(&mut self, entry: Entry, plan: &Plan) {
        match entry {
            Entry::Done { key, made } => {
                self.made.extend(made);
                self.over.insert(key);
            }
            Entry::Failed { key, why } => {
                let step = plan.steps.iter().find(|step| step.key == key);
                let what = step.map_or(&key, |step| &step.title);
                self.notes.push(Note::new(what, why));
                self.failed += 1;
                self.over.insert(key);
            }
            Entry::Note(note) => self.notes.push(note),
            Entry::Members { upto, changed } => {
                self.members = Some(upto);
                self.members_changed = changed;
            }
            Entry::Stopped => self.stopped = true,
        }
    }

    /// The first step that is not over.
    pub(crate) fn next<'a>(&self, plan: &'a Plan) -> Option<&'a Step> {
        let mut steps = plan.steps.iter();
        steps.find(|step| !self.over.contains(&step.key))
    }

    pub(crate) fn done(&self) -> usize {
        self.over.len()
    }

    /// Ids that are there, by those of the snapshot.
    pub(crate) fn pairs(&self, plan: &Plan) -> Pairs {
        let mut pairs = plan.pairs.clone();
        pairs.extend(&self.made);
        pairs
    }
}

/// What was made for an item by a request whose answer was lost with the bot: one of its name and kind that was not there before,
/// and that no step has made.
pub(crate) fn orphan(
    kind: Kind,
    item: &Item,
    live: &[Item],
    plan: &Plan,
    journal: &Journal,
) -> Option<Snowflake> {
    let is_known = |id| plan.before.contains(&id) || journal.made.values().any(|made| *made == id);
    let mut fitting = live.iter().filter(|it| {
        let named = it.name() == item.name() || (kind == Kind::Channel && same_but_case(it, item));
        named && it.sort == item.sort
    });
    fitting.find(|it| !is_known(it.id)).map(|it| it.id)
}

/// Discord writes names of text channels in its own way.
fn same_but_case(it: &Item, item: &Item) -> bool {
    it.name() == item.name().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        plan::{Extras, Part, Standing, Wish, plan},
        testing::{id, role, server},
    };
    use plugin_api::twilight_model::guild::Permissions;

    fn a_plan() -> Plan {
        let mut live = server();
        live.roles.retain(|role| [1, 22].contains(&role.id.get()));
        let wish = Wish {
            parts: BTreeSet::from([Part::Roles]),
            extras: Extras::Keep,
        };
        let standing = Standing {
            permissions: Permissions::from_bits_retain(u64::MAX),
            below: None,
            whose: "the bot's",
            features: Vec::new(),
            here: None,
        };
        plan(&server(), &live, &wish, &standing, false)
    }

    fn line(entry: &Entry) -> String {
        serde_json::to_string(entry).unwrap() + "\n"
    }

    /// Wherever the journal ends, what is left is what was left then, and nothing is done twice.
    #[test]
    fn wherever_it_ends_it_goes_on_there() {
        let plan = a_plan();
        let mut bytes = Vec::new();
        let mut written = Journal::default();
        let mut ends = vec![(0, Journal::default())];
        while let Some(step) = written.next(&plan).cloned() {
            let entry = match step.key.as_str() {
                "make role 21" => Entry::Failed {
                    key: step.key,
                    why: "no".into(),
                },
                key => Entry::Done {
                    key: key.to_owned(),
                    made: key.starts_with("make").then(|| (id(20), id(700))),
                },
            };
            bytes.extend(line(&entry).into_bytes());
            written.take(entry, &plan);
            ends.push((bytes.len(), written.clone()));
        }
        assert_eq!(ends.len(), plan.steps.len() + 1);
        for cut in 0..=bytes.len() {
            let read = Journal::read(&bytes[..cut], &plan);
            let whole = ends.iter().rev().find(|(end, _)| *end <= cut).unwrap();
            // A line without its end is whole or it is nothing.
            let torn = !ends.iter().any(|(end, _)| *end == cut);
            assert_eq!(read.is_torn, torn);
            let next = ends.iter().find(|(end, _)| *end == cut + 1);
            let expected = next.map_or(&whole.1, |(_, next)| next);
            assert_eq!(read.next(&plan), expected.next(&plan), "cut at {cut}");
            assert_eq!(read.made, expected.made);
        }
        assert_eq!(written.notes[0], Note::new("make role Crew", "no"));
    }

    #[test]
    fn what_was_made_and_not_noted_is_found_and_nothing_else_is_taken_for_it() {
        let (plan, item) = (a_plan(), role(20, "Guest", 1));
        let live = [
            role(22, "Guest", 1),
            role(800, "Other", 1),
            role(801, "Guest", 1),
        ];
        let mut journal = Journal::default();
        let found = |journal: &Journal| orphan(Kind::Role, &item, &live, &plan, journal);
        // 22 was there before.
        assert_eq!(found(&journal), Some(id(801)));
        let made = Some((id(99), id(801)));
        let key = "make role 99".to_owned();
        journal.take(Entry::Done { key, made }, &plan);
        assert_eq!(found(&journal), None);
    }
}
