//! Choice of the plugins that are grouped: the least used, as few as suffice, and those that were.

use std::{borrow::Cow, cell::OnceCell};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    HOST, Input, Layout, Limits,
    declared_command::{DeclaredCommand, Leaf},
    pack::{Item, Packed, pack},
    units::{self, ROOM, Unit},
};

/// Placement of a plugin's slash commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// For themselves.
    Top,
    /// Below the plugin's name.
    Own,
    /// In a command that several plugins share.
    Shared,
    /// Not at all.
    Out,
}

/// Something declared that is to be registered.
pub(super) struct Top<'a> {
    pub(super) declared: &'a DeclaredCommand,
    pub(super) json: Cow<'a, Value>,
}

/// A plugin and its slash commands.
pub(super) struct Plugin<'a> {
    pub(super) name: &'a str,
    pub(super) uses: u64,
    pub(super) tops: Vec<TopLeaves<'a>>,
    own: OnceCell<Vec<Unit<'a>>>,
    own_packed: OnceCell<Vec<Packed>>,
    shared: OnceCell<Vec<Unit<'a>>>,
    /// Slash commands that are its alone, by mode.
    alone: [OnceCell<usize>; 4],
}

/// Something declared, and the commands in it.
pub(super) struct TopLeaves<'a> {
    pub(super) top: &'a Top<'a>,
    pub(super) leaves: Vec<Leaf<'a>>,
    /// Too large to be grouped.
    is_stiff: bool,
}

/// All plugins.
pub(super) struct Set<'a> {
    pub(super) plugins: Vec<Plugin<'a>>,
    limits: &'a Limits,
    before: &'a Layout,
}

impl<'a> Set<'a> {
    /// `tops` by plugin and name.
    pub(super) fn of(
        tops: &'a [Top<'a>],
        input: &Input<'_>,
        limits: &'a Limits,
        before: &'a Layout,
    ) -> Self {
        let mut plugins: Vec<Plugin<'a>> = Vec::new();
        for top in tops {
            let leaves = super::declared_command::leaves(top.declared, &top.json);
            let it = TopLeaves {
                is_stiff: leaves.iter().any(units::is_stiff),
                leaves,
                top,
            };
            match plugins.last_mut() {
                Some(last) if last.name == &*top.declared.plugin => last.tops.push(it),
                _ => plugins.push(Plugin {
                    name: &top.declared.plugin,
                    uses: (input.uses)(&top.declared.plugin),
                    tops: vec![it],
                    own: OnceCell::new(),
                    own_packed: OnceCell::new(),
                    shared: OnceCell::new(),
                    alone: Default::default(),
                }),
            }
        }
        Self {
            plugins,
            limits,
            before,
        }
    }

    /// How each plugin is placed.
    pub(super) fn decide(&self) -> Vec<Mode> {
        let before = |plugin: &Plugin<'_>| self.before.modes.get(plugin.name).copied();
        let mut modes: Vec<Mode> = self
            .plugins
            .iter()
            .map(|plugin| before(plugin).unwrap_or(Mode::Top))
            .collect();
        let order = self.least_used_first();
        let Limits {
            warn_at,
            group_at,
            limit,
            ..
        } = *self.limits;
        let (own, shared, out) = (Mode::Own, Mode::Shared, Mode::Out);
        for (most, mode) in [(group_at, own), (limit, shared), (limit, out)] {
            for &plugin in &order {
                if self.count(&modes) <= most {
                    break;
                }
                let now = modes[plugin];
                let saves = self.alone(plugin, mode) < self.alone(plugin, now)
                    || (now == shared && !self.shared(plugin).is_empty());
                if now < mode && saves {
                    modes[plugin] = mode;
                }
            }
        }
        for &plugin in order.iter().rev() {
            for better in [Mode::Top, own, shared] {
                if better >= modes[plugin] {
                    break;
                }
                let now = std::mem::replace(&mut modes[plugin], better);
                let count = self.count(&modes);
                if count < warn_at || (now == out && count <= limit) {
                    break;
                }
                modes[plugin] = now;
            }
        }
        modes
    }

    /// The host's own first: they are one person's. Among equals those that are new, because nobody knows their names yet.
    fn least_used_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.plugins.len()).collect();
        order.sort_by_key(|&index| {
            let plugin = &self.plugins[index];
            let is_known = self.before.known.contains(plugin.name);
            (plugin.name != HOST, plugin.uses, is_known, plugin.name)
        });
        order
    }

    /// How many slash commands these modes make.
    pub(super) fn count(&self, modes: &[Mode]) -> usize {
        let alone = modes.iter().enumerate();
        let alone: usize = alone.map(|(plugin, mode)| self.alone(plugin, *mode)).sum();
        if modes.contains(&Mode::Shared) {
            alone + self.pack_shared(modes).1.len()
        } else {
            alone
        }
    }

    /// How many slash commands are a plugin's alone.
    fn alone(&self, plugin: usize, mode: Mode) -> usize {
        *self.plugins[plugin].alone[mode as usize]
            .get_or_init(|| self.tops(plugin, mode).len() + self.bins(plugin, mode).len())
    }

    /// What of a plugin stands for itself.
    pub(super) fn tops(&self, plugin: usize, mode: Mode) -> Vec<&TopLeaves<'a>> {
        let left = self.plugins[plugin].tops.iter();
        let left = left.filter(|top| self.wanted(top, mode).next().is_some());
        match mode {
            Mode::Top => left.collect(),
            Mode::Out => Vec::new(),
            Mode::Own if !self.is_worth_it(plugin) => left.collect(),
            _ => left.filter(|top| top.is_stiff).collect(),
        }
    }

    /// The commands of a plugin's that go below its name, packed.
    pub(super) fn bins(&self, plugin: usize, mode: Mode) -> &[Packed] {
        if mode == Mode::Own && self.is_worth_it(plugin) {
            self.own_packed(plugin)
        } else {
            &[]
        }
    }

    /// What goes into commands that plugins share, and how it is packed.
    pub(super) fn pack_shared(&self, modes: &[Mode]) -> (Vec<(usize, &Unit<'a>)>, Vec<Packed>) {
        let shared = modes.iter().enumerate().filter(|it| *it.1 == Mode::Shared);
        let units: Vec<(usize, &Unit<'a>)> = shared
            .flat_map(|(plugin, _)| self.shared(plugin).iter().map(move |unit| (plugin, unit)))
            .collect();
        let packed = pack_units(units.iter().map(|(_, unit)| *unit));
        (units, packed)
    }

    /// Whether a command is registered at all; those left to the prefix are not.
    pub(super) fn wanted<'s>(
        &'s self,
        top: &'s TopLeaves<'a>,
        mode: Mode,
    ) -> impl Iterator<Item = &'s Leaf<'a>> {
        let all = mode == Mode::Top || !self.limits.by_prefix;
        top.leaves.iter().filter(move |leaf| all || !leaf.prefix)
    }

    fn is_worth_it(&self, plugin: usize) -> bool {
        let tops = self.plugins[plugin].tops.iter();
        let tops = tops.filter(|top| !top.is_stiff && self.wanted(top, Mode::Own).next().is_some());
        self.own_packed(plugin).len() < tops.count()
    }

    fn own_packed(&self, plugin: usize) -> &[Packed] {
        let packed = || pack_units(self.own(plugin).iter());
        self.plugins[plugin].own_packed.get_or_init(packed)
    }

    pub(super) fn own(&self, plugin: usize) -> &[Unit<'a>] {
        self.plugins[plugin].own.get_or_init(|| {
            units::own(&self.grouped(plugin), &|path| {
                self.kept(plugin, Mode::Own, path)
            })
        })
    }

    fn shared(&self, plugin: usize) -> &[Unit<'a>] {
        self.plugins[plugin].shared.get_or_init(|| {
            units::shared(&self.grouped(plugin), &|path| {
                self.kept(plugin, Mode::Shared, path)
            })
        })
    }

    fn grouped(&self, plugin: usize) -> Vec<Leaf<'a>> {
        let tops = self.plugins[plugin].tops.iter().filter(|top| !top.is_stiff);
        tops.flat_map(|top| self.wanted(top, Mode::Own).copied())
            .collect()
    }

    fn kept(&self, plugin: usize, mode: Mode, path: &str) -> Option<&'a [String]> {
        let before = self.before.modes.get(self.plugins[plugin].name);
        let names = self.before.names.get(path)?;
        (before == Some(&mode)).then_some(names)
    }
}

fn pack_units<'u>(units: impl Iterator<Item = &'u Unit<'u>>) -> Vec<Packed> {
    let items: Vec<Item> = units
        .map(|unit| Item {
            size: unit.size,
            was_in: unit.was_in.clone(),
        })
        .collect();
    pack(&items, ROOM)
}
