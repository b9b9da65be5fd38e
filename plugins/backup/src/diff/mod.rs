//! Difference of two pictures of a server: what is new, what is gone, what has changed and what has moved.

mod members;
#[cfg(test)]
mod tests;

use plugin_api::twilight_model::guild::Permissions;
use serde_json::Value;

pub(crate) use self::members::Members;
use crate::{
    fields,
    model::{Contents, Item, Kind, Overwrite, Server, Snowflake, sort},
    order,
    pairs::{Pairs, translated},
};

/// A difference between the picture before (`from`) and the one after (`to`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) about: About,
    /// As people read it: `channel #bridge`.
    pub(crate) title: String,
    pub(crate) what: What,
}

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// By its ids in either picture.
    Item(Kind, Option<Snowflake>, Option<Snowflake>),
    Server,
    /// What the bot keeps for the server.
    Bot,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Added,
    Removed,
    Changed(Vec<Edit>),
    Moved,
}

/// A field that has changed, and how, in words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edit {
    pub(crate) field: String,
    pub(crate) words: String,
}

/// What has become of `from` in `to`. `pairs` are ids of `from` by ids of `to`.
pub(crate) fn diff(from: &Contents, to: &Contents, pairs: &Pairs) -> Vec<Change> {
    let mut changes = server(from, to, pairs);
    for kind in Kind::ALL {
        let mut found = Vec::new();
        for item in to.of(kind) {
            let before = pairs.get(&item.id).and_then(|id| from.item(kind, *id));
            let what = match before {
                None => What::Added,
                Some(before) => {
                    let edits = edits(kind, before, &translated(item, pairs), from);
                    match edits.is_empty() {
                        true => continue,
                        false => What::Changed(edits),
                    }
                }
            };
            found.push(change(kind, before, Some(item), what));
        }
        let kept: Vec<_> = to
            .of(kind)
            .iter()
            .filter_map(|it| pairs.get(&it.id))
            .collect();
        let gone = from.of(kind).iter().filter(|it| !kept.contains(&&it.id));
        found.extend(gone.map(|it| change(kind, Some(it), None, What::Removed)));
        for id in moved(kind, from, to, pairs) {
            let pair = (from.item(kind, id), to.of(kind).iter());
            let (before, mut all) = pair;
            let after = all.find(|it| pairs.get(&it.id) == Some(&id));
            found.push(change(kind, before, after, What::Moved));
        }
        changes.extend(found);
    }
    changes
}

fn change(kind: Kind, from: Option<&Item>, to: Option<&Item>, what: What) -> Change {
    let shown = from.or(to).map(|item| item.title(kind));
    Change {
        about: About::Item(kind, from.map(|it| it.id), to.map(|it| it.id)),
        title: shown.unwrap_or_default(),
        what,
    }
}

fn server(from: &Contents, to: &Contents, pairs: &Pairs) -> Vec<Change> {
    let (before, after) = (&from.server, &to.server);
    let mut edits: Vec<Edit> = fields::SERVER
        .iter()
        .filter_map(|(key, _)| edit(key, before.fields.get(*key), after.fields.get(*key)))
        .collect();
    for key in fields::SERVER_CHANNELS {
        let (was, is) = (before.channels.get(*key), after.channels.get(*key));
        let is_here = is.map(|id| pairs.get(id).unwrap_or(id));
        if was != is_here {
            let name = |of: &Contents, id: Option<&Snowflake>| {
                let item = id.and_then(|id| of.item(Kind::Channel, *id));
                item.map_or("none".to_owned(), |it| format!("#{}", it.name()))
            };
            edits.push(Edit {
                field: (*key).to_owned(),
                words: format!("{} → {}", name(from, was), name(to, is)),
            });
        }
    }
    edits.extend(icon(
        (&before.icon, &before.icon_sha256),
        (&after.icon, &after.icon_sha256),
    ));
    if before.is_community() != after.is_community() {
        let word = |server: &Server| if server.is_community() { "on" } else { "off" };
        edits.push(Edit {
            field: "community".to_owned(),
            words: format!("{} → {}", word(before), word(after)),
        });
    }
    let mut changes = Vec::new();
    if !edits.is_empty() {
        changes.push(Change {
            about: About::Server,
            title: "the server".to_owned(),
            what: What::Changed(edits),
        });
    }
    let keys: std::collections::BTreeSet<_> = from.bot.keys().chain(to.bot.keys()).collect();
    let edits = keys.into_iter();
    let edits: Vec<_> = edits
        .filter_map(|key| edit(key, from.bot.get(key), to.bot.get(key)))
        .collect();
    if !edits.is_empty() {
        changes.push(Change {
            about: About::Bot,
            title: "the bot's settings".to_owned(),
            what: What::Changed(edits),
        });
    }
    changes
}

/// Icons, by hash and digest: of the same picture Discord may have another hash when it is uploaded again.
fn icon(
    before: (&Option<String>, &Option<String>),
    after: (&Option<String>, &Option<String>),
) -> Option<Edit> {
    let same_picture = before.1.is_some() && before.1 == after.1;
    (before.0 != after.0 && !same_picture).then(|| Edit {
        field: "icon".to_owned(),
        words: match after.0 {
            Some(_) => "another picture".to_owned(),
            None => "none".to_owned(),
        },
    })
}

/// What makes `after`, in the ids of `before`, of an item.
fn edits(kind: Kind, before: &Item, after: &Item, from: &Contents) -> Vec<Edit> {
    let mut edits = Vec::new();
    if before.sort != after.sort {
        edits.push(Edit {
            field: "type".to_owned(),
            words: format!("{} → {}", sort_word(before.sort), sort_word(after.sort)),
        });
    }
    for (key, _) in fields::of(kind, after.sort) {
        // Everybody's role has a name of Discord's own, and an integration's is its own.
        if kind == Kind::Role && *key == "name" && (before.managed || before.id == from.server.id) {
            continue;
        }
        edits.extend(edit(key, before.fields.get(*key), after.fields.get(*key)));
    }
    edits.extend(icon(
        (&before.icon, &before.icon_sha256),
        (&after.icon, &after.icon_sha256),
    ));
    if before.parent != after.parent {
        let name = |id: Option<Snowflake>| {
            let item = id.and_then(|id| from.item(Kind::Channel, id));
            item.map_or("another place".to_owned(), |it| it.name().to_owned())
        };
        edits.push(Edit {
            field: "parent_id".to_owned(),
            words: format!("{} → {}", name(before.parent), name(after.parent)),
        });
    }
    if before.overwrites != after.overwrites {
        edits.push(Edit {
            field: "permission_overwrites".to_owned(),
            words: overwrites(&before.overwrites, &after.overwrites, from),
        });
    }
    let mut roles = before.roles.clone();
    roles.sort_unstable();
    if roles != after.roles {
        edits.push(Edit {
            field: "roles".to_owned(),
            words: "for other roles".to_owned(),
        });
    }
    edits
}

fn edit(key: &str, before: Option<&Value>, after: Option<&Value>) -> Option<Edit> {
    if before == after {
        return None;
    }
    let words = match key {
        "permissions" => {
            let bits = |value: Option<&Value>| {
                let text = value.and_then(Value::as_str).unwrap_or("0");
                text.parse().unwrap_or(0)
            };
            bits_in_words(bits(before), bits(after))
        }
        _ => {
            let shown = |value: Option<&Value>| match value {
                None => "default".to_owned(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            format!("{} → {}", shown(before), shown(after))
        }
    };
    let field = key.to_owned();
    Some(Edit { field, words })
}

/// `+BAN_MEMBERS −KICK_MEMBERS`.
pub(crate) fn bits_in_words(before: u64, after: u64) -> String {
    let named = |sign: char, bits: u64| -> Vec<String> {
        let known = Permissions::from_bits_truncate(bits);
        let mut words: Vec<_> = known
            .iter_names()
            .map(|(name, _)| format!("{sign}{name}"))
            .collect();
        let unknown = bits & !known.bits();
        words.extend((unknown != 0).then(|| format!("{sign}{unknown:#x}")));
        words
    };
    let mut words = named('+', after & !before);
    words.extend(named('−', before & !after));
    words.join(" ")
}

fn overwrites(before: &[Overwrite], after: &[Overwrite], from: &Contents) -> String {
    let name = |it: &Overwrite| match it.kind {
        0 => match from.item(Kind::Role, it.id) {
            Some(role) => role.name().to_owned(),
            None => "a role".to_owned(),
        },
        _ => format!("member {}", it.id),
    };
    let in_words = |sign: char, it: &Overwrite| format!("{sign}{}", name(it));
    let gone = before
        .iter()
        .filter(|it| !after.iter().any(|other| is_same_target(it, other)));
    let new = after.iter().filter(|it| !before.contains(it));
    let changed = |it: &Overwrite| before.iter().any(|other| is_same_target(it, other));
    let mut words: Vec<_> = new
        .map(|it| in_words(if changed(it) { '~' } else { '+' }, it))
        .collect();
    words.extend(gone.map(|it| in_words('−', it)));
    words.join(", ")
}

fn is_same_target(it: &Overwrite, other: &Overwrite) -> bool {
    (it.id, it.kind) == (other.id, other.kind)
}

const fn sort_word(sort: u8) -> &'static str {
    match sort {
        sort::ANNOUNCEMENT => "announcements",
        _ => "text",
    }
}

/// Group of siblings that are ordered among themselves: Discord shows voice channels below the others.
pub(crate) const fn rank_of_sort(kind: Kind, sort: u8) -> u8 {
    match (kind, sort) {
        (Kind::Role, _) => 0,
        (_, sort::CATEGORY) => 2,
        (_, sort::VOICE | sort::STAGE) => 1,
        _ => 0,
    }
}

/// What stands elsewhere among its siblings, by ids of `from`.
fn moved(kind: Kind, from: &Contents, to: &Contents, pairs: &Pairs) -> Vec<Snowflake> {
    if !matches!(kind, Kind::Role | Kind::Channel) {
        return Vec::new();
    }
    let group = |it: &Item, parent: Option<Snowflake>| (parent, rank_of_sort(kind, it.sort));
    // Both in the ids of `from`, and what is in both alone.
    let after: Vec<_> = to
        .of(kind)
        .iter()
        .filter_map(|it| {
            let parent = it
                .parent
                .map(|parent| *pairs.get(&parent).unwrap_or(&parent));
            let here = from.item(kind, *pairs.get(&it.id)?)?;
            (here.parent == parent).then_some((here.id, group(here, parent)))
        })
        .collect();
    let mut groups: Vec<_> = after.iter().map(|(_, group)| *group).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut moved = Vec::new();
    for group in groups {
        let of = |(id, its): &(Snowflake, _)| (*its == group).then_some(*id);
        let after: Vec<_> = after.iter().filter_map(of).collect();
        let all = from.of(kind).iter().map(|it| it.id);
        let before: Vec<_> = all.filter(|id| after.contains(id)).collect();
        moved.extend(order::moved(&before, &after));
    }
    moved
}
