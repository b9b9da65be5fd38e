//! Command planner: fits any set of commands into Discord's limits
//! ([reference](https://discord.com/developers/docs/interactions/application-commands#registering-a-command)).
//!
//! A pure function: what is declared, how much it is used and the last plan go in; what to register, which command each
//! registered name means, and how each command is reached come out.
//!
//! | file | what it does |
//! | --- | --- |
//! | `declared.rs` | what is declared, and the commands in it |
//! | `pack.rs` | things into boxes: what was in a box stays there |
//! | `units.rs` | a plugin's commands as they go into a group |
//! | `modes.rs` | which plugins are grouped |
//! | `build.rs` | names, Discord's JSON, and what became of each command |
//! | `menus.rs` | context menus, and the menu that opens the rest |
//! | `merge.rs` | who sees a group |
//! | `namesakes.rs` | localised names that are taken in their language |

mod build;
mod declared_command;
mod menus;
mod merge;
mod modes;
mod namesakes;
mod pack;
mod units;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use host_base::PluginName;
use host_ops::config::{self, Overflow};
use plugin_api::manifest::CommandKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{declared_command::DeclaredCommand, modes::Mode, namesakes::settle};
use crate::{HOST, Key, ListedCommand};

/// Input of a plan.
pub struct Input<'a> {
    /// What is declared, in any order.
    pub declared: &'a [DeclaredCommand],
    /// How often a plugin's commands are used: the least used are grouped first.
    pub uses: &'a dyn Fn(&str) -> u64,
    /// The settings.
    pub settings: &'a config::Commands,
    /// What was decided last time.
    pub before: &'a Layout,
    /// Commands that Discord does not take, and why.
    pub refused: &'a BTreeMap<Key, String>,
}

/// Layout of a plan, for the next one to change as little of it as possible.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// Whether it was made for `overflow = "prefix"`.
    by_prefix: bool,
    /// The plugins that there were.
    known: BTreeSet<String>,
    /// How plugins are placed; those that are not here stand for themselves.
    modes: BTreeMap<String, Mode>,
    /// The registered names of grouped commands, by path.
    names: BTreeMap<String, Vec<String>>,
    /// The context menus that stand for themselves although there are too many.
    menus: BTreeSet<(CommandKind, String)>,
}

impl Layout {
    /// The paths of grouped commands, and their registered names.
    pub fn grouped(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.names.iter().map(|(path, names)| (&**path, &**names))
    }

    /// The plugins that do not stand for themselves.
    pub fn grouped_plugins(&self) -> Vec<String> {
        self.modes.keys().cloned().collect()
    }
}

/// Plan: what to register with Discord, and what it means.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What to register, by kind and name.
    pub commands: Vec<Planned>,
    /// What became of each command.
    pub listed: BTreeMap<Key, ListedCommand>,
    /// For the next plan.
    pub layout: Layout,
    /// What the owner should know.
    pub warnings: Vec<String>,
    /// Slash commands, each group as one.
    pub used: usize,
    /// Whether the last plan could not be kept to: everything was placed anew.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "the tests tell by it when more may move")
    )]
    pub anew: bool,
}

/// Something to register.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// As Discord wants it.
    pub json: Value,
    /// Whose it is; several plugins may share a command.
    pub plugins: BTreeSet<PluginName>,
    /// How often it is used.
    pub uses: u64,
}

/// Discord's limits, and the operator's.
struct Limits {
    by_prefix: bool,
    warn_at: usize,
    group_at: usize,
    limit: usize,
}

impl Limits {
    fn of(settings: &config::Commands) -> Self {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let limit = number(settings.limit);
        let group_at = number(settings.group_at).min(limit);
        Self {
            by_prefix: settings.overflow == Overflow::Prefix,
            warn_at: number(settings.warn_at).min(group_at),
            group_at,
            limit,
        }
    }
}

/// Makes a plan.
pub fn plan(input: &Input<'_>) -> Plan {
    let limits = Limits::of(input.settings);
    let nothing = Layout::default();
    let before = if input.before.by_prefix == limits.by_prefix {
        input.before
    } else {
        &nothing
    };
    let plan = build::build(input, &limits, before);
    let is_full = plan.layout.modes.values().any(|mode| *mode == Mode::Out);
    if !is_full || *before == nothing {
        return plan;
    }
    // What is kept where it was can take more room than it needs.
    let mut anew = build::build(input, &limits, &nothing);
    let left_out = |plan: &Plan| {
        let modes = plan.layout.modes.values();
        modes.filter(|mode| **mode == Mode::Out).count()
    };
    if left_out(&anew) < left_out(&plan) {
        anew.anew = true;
        return anew;
    }
    plan
}
