//! Plan of a restore: steps with keys, in the order in which they can be done, and what can't be done and why.
//!
//! It is made once, shown, and kept: what is done is what was shown, also when the bot is stopped in between.

mod limits;
mod needs;
mod server;
mod standing;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub(crate) use self::standing::{Actor, Standing};
use crate::{
    diff::{self, About},
    model::{Contents, Kind, Overwrite, Snowflake},
    pairs::{self, Pairs},
};

/// A part of a server that can be restored without the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    Roles,
    Channels,
    Emojis,
    Stickers,
    Server,
    Bot,
    Members,
}

impl Part {
    pub(crate) const ALL: [Self; 7] = [
        Self::Roles,
        Self::Channels,
        Self::Emojis,
        Self::Stickers,
        Self::Server,
        Self::Bot,
        Self::Members,
    ];

    /// As it is typed, and as it is shown.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Roles => ("roles", "Roles"),
            Self::Channels => ("channels", "Categories and channels"),
            Self::Emojis => ("emojis", "Emojis"),
            Self::Stickers => ("stickers", "Stickers"),
            Self::Server => ("server", "Settings of the server"),
            Self::Bot => ("bot", "Settings of the bot here"),
            Self::Members => ("members", "Roles of the members"),
        }
    }

    /// The part that a difference is of.
    pub(crate) const fn about(about: About) -> Self {
        match about {
            About::Item(Kind::Role, ..) => Self::Roles,
            About::Item(Kind::Channel, ..) => Self::Channels,
            About::Item(Kind::Emoji, ..) => Self::Emojis,
            About::Item(Kind::Sticker, ..) => Self::Stickers,
            About::Server => Self::Server,
            About::Bot => Self::Bot,
        }
    }
}

/// What becomes of that which the snapshot has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Extras {
    Keep,
    Remove,
    /// These alone are removed: what a restore has made, when it is undone.
    RemoveOf(BTreeSet<Snowflake>),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) parts: BTreeSet<Part>,
    pub(crate) extras: Extras,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) notes: Vec<Note>,
    /// Ids that are there, by those of the snapshot.
    pub(crate) pairs: Pairs,
    /// What was there before the first step: whatever is not among it was made since.
    pub(crate) before: BTreeSet<Snowflake>,
    /// Permission bits that roles get in place of those of the snapshot, which the bot can't give.
    pub(crate) granted: BTreeMap<Snowflake, u64>,
    /// The same of channels, in the snapshot's ids.
    pub(crate) overwrites: BTreeMap<Snowflake, Vec<Overwrite>>,
    /// Whether roles may have icons here: that takes a boosted server.
    #[serde(default)]
    pub(crate) has_role_icons: bool,
    /// Whether members lose what roles of the snapshot they did not have then.
    pub(crate) takes_roles: bool,
}

/// A step: one request, but for the members', which is one for each of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Told from all other steps of the plan by this.
    pub(crate) key: String,
    /// As people read it: `make channel #bridge`.
    pub(crate) title: String,
    pub(crate) act: Act,
}

/// What a step does. Ids are those of the snapshot, but for what is removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    Make(Kind, Snowflake),
    /// These fields.
    Change(Kind, Snowflake, Vec<String>),
    Remove(Kind, Snowflake),
    OrderRoles,
    OrderChannels,
    /// Switches Community on or off.
    Community(bool),
    Server(Vec<String>),
    Bot(Vec<String>),
    Members,
}

/// Something that is not done as the snapshot has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) what: String,
    pub(crate) why: String,
}

impl Note {
    pub(crate) fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        let (what, why) = (what.into(), why.into());
        Self { what, why }
    }
}

/// Plans how `live` becomes `wanted`, by somebody with this standing. `members`: whether the snapshot has any.
pub(crate) fn plan(
    wanted: &Contents,
    live: &Contents,
    wish: &Wish,
    standing: &Standing,
    members: bool,
) -> Plan {
    let pairs = pairs::find(wanted, live, &Pairs::new());
    let changes = diff::diff(live, wanted, &pairs);
    let chosen = changes.into_iter();
    let chosen = chosen.filter(|change| wish.parts.contains(&Part::about(change.about)));
    let mut planner = steps::Planner::new(wanted, live, wish, standing, &pairs);
    chosen.for_each(|change| planner.take(&change));
    if members && wish.parts.contains(&Part::Members) {
        planner.members();
    }
    planner.finish()
}
