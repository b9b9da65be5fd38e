//! Snapshot as a whole, gathered from its records and checked.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Damage, Head, Record};
use crate::model::{Contents, Item, Line, Server, Snowflake, sort};

/// A snapshot as a whole, but for its members and pictures: those are read where they are needed.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    head: Option<Head>,
    server: Option<Server>,
    items: [Vec<Item>; 4],
    bot: BTreeMap<String, Value>,
    pub(crate) members: u64,
    /// Where the first member stands.
    pub(crate) first_member: Option<u64>,
    last_member: Option<Snowflake>,
    is_unordered: bool,
}

impl Gathered {
    pub(crate) fn take(&mut self, record: Record, line: Line) {
        let placed = |mut item: Item| {
            item.line = item.picture.take().map(|_| line);
            item
        };
        match record {
            Record::Head(head) => self.head = Some(head),
            Record::Server(mut server) => {
                server.line = server.picture.take().map(|_| line);
                self.server = Some(server);
            }
            Record::Role(item) => self.items[0].push(placed(item)),
            Record::Channel(item) => self.items[1].push(placed(item)),
            Record::Emoji(item) => self.items[2].push(placed(item)),
            Record::Sticker(item) => self.items[3].push(placed(item)),
            Record::Setting { path, value } => {
                self.bot.insert(path, value);
            }
            Record::Member(member) => {
                self.members += 1;
                self.first_member.get_or_insert(line.offset);
                self.is_unordered |= self.last_member.replace(member.id) >= Some(member.id);
            }
            Record::End(_) => {}
        }
    }

    /// What was read, if it fits together.
    pub(crate) fn finish(self) -> Result<(Head, Contents), Damage> {
        let wrong = |why: &str| Err(Damage::Content(why.to_owned()));
        let (Some(head), Some(server)) = (self.head, self.server) else {
            return wrong("there is no server in it");
        };
        if self.is_unordered {
            return wrong("its members are not in the order of their ids");
        }
        let [mut roles, mut channels, emojis, stickers] = self.items;
        // By their places, as Discord's are read: those of another source may be in any order.
        roles.sort_by_key(Item::rank);
        channels.sort_by_key(|channel| (channel.position, channel.id));
        if server.id != head.guild || !roles.iter().any(|role| role.id == server.id) {
            return wrong("the server has no role that everybody has");
        }
        for items in [&roles, &channels, &emojis, &stickers] {
            let mut ids: Vec<_> = items.iter().map(|item| item.id).collect();
            ids.sort_unstable();
            if ids.windows(2).any(|pair| pair[0] == pair[1]) {
                return wrong("an id is there twice");
            }
            if let Some(item) = items.iter().find(|item| item.name().is_empty()) {
                return Err(Damage::Content(format!("{} has no name", item.id)));
            }
        }
        let is_category = |id| {
            let mut all = channels.iter();
            all.any(|it| it.id == id && it.sort == sort::CATEGORY)
        };
        let orphan = channels
            .iter()
            .find(|it| it.parent.is_some_and(|parent| !is_category(parent)));
        if let Some(orphan) = orphan {
            return Err(Damage::Content(format!(
                "the category of {} is missing",
                orphan.id
            )));
        }
        let bot = self.bot;
        let contents = Contents {
            server,
            roles,
            channels,
            emojis,
            stickers,
            bot,
        };
        Ok((head, contents))
    }
}
