//! Pairs: which of a server's roles, channels, emojis and stickers stands for which of another picture of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::{Contents, Fields, Item, Kind, Snowflake, sort};

/// Ids of the one picture by those of the other.
pub(crate) type Pairs = BTreeMap<Snowflake, Snowflake>;

/// Whether one item stands for another.
type Fits<'a> = dyn Fn(&Item, &Item) -> bool + 'a;

/// Finds for each item of `wanted` the one of `live` that it is now, if there is one, and none for two: the one that `known` says, the
/// one of the same id, the one of the same name in the same category, the one of the same name.
pub(crate) fn find(wanted: &Contents, live: &Contents, known: &Pairs) -> Pairs {
    let mut pairs = Pairs::from([(wanted.server.id, live.server.id)]);
    for kind in Kind::ALL {
        let mut taken = BTreeSet::from([live.server.id]);
        let by_known = |it: &Item, other: &Item| known.get(&it.id) == Some(&other.id);
        let by_id = |it: &Item, other: &Item| it.id == other.id;
        let by_name = |it: &Item, other: &Item| it.name() == other.name();
        let category = |of: &Contents, it: &Item| {
            let parent = it.parent.and_then(|parent| of.item(Kind::Channel, parent));
            parent.map(|parent| parent.name().to_owned())
        };
        let by_place = |it: &Item, other: &Item| {
            by_name(it, other) && category(wanted, it) == category(live, other)
        };
        let rounds: [&Fits<'_>; 4] = [&by_known, &by_id, &by_place, &by_name];
        for fits in rounds {
            for it in wanted.of(kind) {
                if pairs.contains_key(&it.id) {
                    continue;
                }
                let mut others = live.of(kind).iter();
                let found = others.find(|other| {
                    !taken.contains(&other.id) && is_like(kind, it, other) && fits(it, other)
                });
                if let Some(other) = found {
                    taken.insert(other.id);
                    pairs.insert(it.id, other.id);
                }
            }
        }
    }
    pairs
}

/// Whether the one can be made the other.
fn is_like(kind: Kind, it: &Item, other: &Item) -> bool {
    let writes = |sort| matches!(sort, sort::TEXT | sort::ANNOUNCEMENT);
    let sort =
        it.sort == other.sort || (kind == Kind::Channel && writes(it.sort) && writes(other.sort));
    sort && it.managed == other.managed
}

/// An item as it would be in the other picture: what it names is named by the other's ids. What has no pair keeps its id.
pub(crate) fn translated(item: &Item, pairs: &Pairs) -> Item {
    let of = |id: &Snowflake| *pairs.get(id).unwrap_or(id);
    let mut item = item.clone();
    item.parent = item.parent.as_ref().map(of);
    for overwrite in item.overwrites.iter_mut().filter(|it| it.kind == 0) {
        overwrite.id = of(&overwrite.id);
    }
    item.overwrites.sort();
    item.roles = item.roles.iter().map(of).collect();
    item.roles.sort_unstable();
    emojis(&mut item.fields, &of);
    item
}

/// Emojis of the server that a forum's tags and its reaction name.
fn emojis(fields: &mut Fields, of: &dyn Fn(&Snowflake) -> Snowflake) {
    let tags = fields
        .get_mut("available_tags")
        .and_then(Value::as_array_mut);
    tags.into_iter().flatten().for_each(|tag| rename(tag, of));
    if let Some(reaction) = fields.get_mut("default_reaction_emoji") {
        rename(reaction, of);
    }
}

fn rename(named: &mut Value, of: &dyn Fn(&Snowflake) -> Snowflake) {
    let id = named["emoji_id"].as_str().and_then(|id| id.parse().ok());
    if let Some(id) = id {
        named["emoji_id"] = json!(of(&id).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{channel, fields, id, overwrite, role, server};

    fn found(wanted: &Contents, live: &Contents) -> Vec<(u64, u64)> {
        let pairs = find(wanted, live, &Pairs::new());
        let pairs = pairs.into_iter();
        pairs.map(|(it, other)| (it.get(), other.get())).collect()
    }

    #[test]
    fn a_server_is_its_own_pair() {
        let server = server();
        let all = found(&server, &server);
        assert_eq!(all.len(), 11);
        assert!(all.iter().all(|(it, other)| it == other));
    }

    #[test]
    fn the_same_names_are_paired_one_to_one_and_by_their_category_first() {
        let mut wanted = server();
        wanted.channels.extend([
            channel(60, "Hold", sort::CATEGORY, 2, None),
            channel(61, "bridge", sort::TEXT, 0, Some(60)),
        ]);
        let mut live = server();
        live.channels = vec![
            channel(70, "Hold", sort::CATEGORY, 0, None),
            channel(71, "bridge", sort::TEXT, 0, Some(70)),
            channel(72, "bridge", sort::TEXT, 0, None),
            channel(73, "Deck", sort::TEXT, 0, None),
        ];
        let all = found(&wanted, &live);
        for pair in [(60, 70), (61, 71), (31, 72)] {
            assert!(all.contains(&pair), "{all:?}");
        }
        // A text channel is no category.
        assert!(!all.iter().any(|(_, other)| *other == 73));
    }

    #[test]
    fn what_was_made_before_comes_first() {
        let (wanted, mut live) = (server(), server());
        live.roles.push(role(99, "Crew", 5));
        let known = Pairs::from([(id(21), id(99))]);
        assert_eq!(find(&wanted, &live, &known)[&id(21)], id(99));
    }

    #[test]
    fn everybody_s_role_of_another_server_is_this_ones() {
        let (wanted, mut live) = (server(), server());
        live.server.id = id(2);
        live.roles[0].id = id(2);
        assert_eq!(find(&wanted, &live, &Pairs::new())[&id(1)], id(2));
    }

    #[test]
    fn what_an_item_names_is_named_anew_but_members_are_themselves() {
        let mut bridge = server().channels[1].clone();
        bridge.overwrites.push(overwrite(21, 1, 1, 0));
        bridge.fields.extend(fields(json!({
            "available_tags": [{"name": "a", "emoji_id": "40"}, {"name": "b", "emoji_id": null}],
            "default_reaction_emoji": {"emoji_id": "40", "emoji_name": null},
        })));
        let pairs = Pairs::from([(id(21), id(7)), (id(30), id(8)), (id(40), id(9))]);
        let there = translated(&bridge, &pairs);
        assert_eq!(there.parent, Some(id(8)));
        let of: Vec<_> = there
            .overwrites
            .iter()
            .map(|it| (it.id.get(), it.kind))
            .collect();
        assert_eq!(of, [(1, 0), (7, 0), (21, 1)]);
        assert_eq!(there.fields["available_tags"][0]["emoji_id"], "9");
        assert_eq!(there.fields["available_tags"][1]["emoji_id"], Value::Null);
        assert_eq!(there.fields["default_reaction_emoji"]["emoji_id"], "9");
    }
}
