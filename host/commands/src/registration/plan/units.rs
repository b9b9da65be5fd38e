//! Units of grouping: a plugin's commands as they go into a group.
//!
//! Below its plugin's name a command keeps its own, and a group, too; a group in a group is flattened: `tag admin clear`
//! becomes `tag-admin clear`. Where several plugins share a command, the plugin's name is the group's, and all in it is
//! flattened: `more shop tag-admin-clear`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    declared_command::Leaf,
    pack::{Item, free_name, pack},
};

/// Characters that Discord accepts in a command.
const CHARACTERS: usize = 8_000;
/// A name of 32 characters and a description of 100.
const HEAD: usize = 132;
/// What is left for the groups and commands in a command.
pub(super) const ROOM: usize = CHARACTERS - HEAD;
/// What is left for the commands in a group in a command.
const GROUP_ROOM: usize = ROOM - HEAD;
/// What a flattened name can have more than the name.
const FLATTENED: usize = 32;

/// A command or a group of them, to go below a registered name.
#[derive(Debug, Clone)]
pub(super) struct Unit<'a> {
    /// Its name there; empty: none yet.
    pub(super) name: String,
    /// Whether it is a group.
    pub(super) is_group: bool,
    /// The commands in it, each with its name there.
    pub(super) leaves: Vec<(Leaf<'a>, String)>,
    pub(super) size: usize,
    /// The registered name that it was below.
    pub(super) was_in: Option<String>,
}

/// Lookup of a command's former registered names, if its plugin was placed the same way.
pub(super) type Kept<'k> = dyn Fn(&str) -> Option<&'k [String]> + 'k;

/// Whether a command is too large to have anything above it.
pub(super) fn is_stiff(leaf: &Leaf<'_>) -> bool {
    leaf.size + FLATTENED > GROUP_ROOM
}

/// To go below the plugin's own name.
pub(super) fn own<'a>(leaves: &[Leaf<'a>], kept: &Kept<'_>) -> Vec<Unit<'a>> {
    let mut units = Vec::new();
    let mut taken = BTreeSet::new();
    // Whole groups come before groups that were in a group: they keep their names.
    let mut families: BTreeMap<(bool, String), Vec<Leaf<'a>>> = BTreeMap::new();
    for leaf in leaves {
        if leaf.depth > 0 {
            let family = leaf.words[..leaf.depth].join("-");
            families
                .entry((leaf.depth > 1, family))
                .or_default()
                .push(*leaf);
            continue;
        }
        let names = kept(leaf.name()).filter(|names| names.len() == 2);
        taken.insert(leaf.name().to_owned());
        units.push(Unit {
            name: leaf.name().to_owned(),
            is_group: false,
            leaves: vec![(*leaf, leaf.name().to_owned())],
            size: leaf.size,
            was_in: names.map(|names| names[0].clone()),
        });
    }
    for ((_, base), leaves) in families {
        for (key, leaves) in chunks(&leaves, kept) {
            let name = key
                .filter(|key| !taken.contains(key))
                .unwrap_or_else(|| free_name(&base, |name| taken.contains(name)));
            taken.insert(name.clone());
            let leaves = leaves.into_iter();
            let leaves = leaves.map(|leaf| (leaf, leaf.name().to_owned())).collect();
            units.push(group(name, leaves, kept));
        }
    }
    units
}

/// To go into a command that plugins share. The names of the groups come later: other plugins' are beside them.
pub(super) fn shared<'a>(leaves: &[Leaf<'a>], kept: &Kept<'_>) -> Vec<Unit<'a>> {
    let chunks = chunks(leaves, kept).into_iter();
    let units = chunks.map(|(key, leaves)| {
        let key = key.unwrap_or_default();
        let mut names: BTreeMap<String, Leaf<'a>> = BTreeMap::new();
        let old = |leaf: &Leaf<'a>| {
            let path = leaf.path();
            let names = kept(&path).filter(|names| names.len() == 3 && names[1] == key);
            names.map(|names| names[2].clone())
        };
        let (known, new): (Vec<_>, Vec<_>) = leaves.into_iter().partition(|it| old(it).is_some());
        for leaf in known.into_iter().chain(new) {
            let base = leaf.words[..=leaf.depth].join("-");
            let name = old(&leaf)
                .filter(|name| !names.contains_key(name))
                .unwrap_or_else(|| free_name(&base, |name| names.contains_key(name)));
            names.insert(name, leaf);
        }
        let leaves = names.into_iter().map(|(name, leaf)| (leaf, name));
        group(key, leaves.collect(), kept)
    });
    units.collect()
}

/// Commands that fit into one group each time, with the name that the group had.
fn chunks<'a>(leaves: &[Leaf<'a>], kept: &Kept<'_>) -> Vec<(Option<String>, Vec<Leaf<'a>>)> {
    let item = |leaf: &Leaf<'a>| Item {
        size: leaf.size + FLATTENED,
        was_in: kept(&leaf.path())
            .filter(|names| names.len() == 3)
            .map(|names| names[1].clone()),
    };
    let items: Vec<Item> = leaves.iter().map(item).collect();
    let packed = pack(&items, GROUP_ROOM).into_iter();
    let chunk = |indices: Vec<usize>| indices.into_iter().map(|index| leaves[index]).collect();
    packed.map(|it| (it.key, chunk(it.items))).collect()
}

fn group<'a>(name: String, leaves: Vec<(Leaf<'a>, String)>, kept: &Kept<'_>) -> Unit<'a> {
    let was_in = leaves.iter().find_map(|(leaf, _)| {
        let names = kept(&leaf.path()).filter(|names| names.len() == 3)?;
        (name.is_empty() || names[1] == name).then(|| names[0].clone())
    });
    let size = leaves.iter().map(|(leaf, _)| leaf.size + FLATTENED);
    Unit {
        size: HEAD + size.sum::<usize>(),
        name,
        is_group: true,
        leaves,
        was_in,
    }
}
