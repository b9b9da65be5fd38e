//! Record collections of a guild: emojis, stickers, sounds, scheduled events, rules, stages. Every change of one goes
//! through here, so that the audit log and the gateway hear of it.

use serde_json::{Value, json};
use twilight_model::guild::audit_log::AuditLogEventType;

use super::{AuditEntry, Event, Record, World, all_of, changes};

/// A kind of records that a guild keeps.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Collection {
    Emojis,
    Stickers,
    ScheduledEvents,
    Rules,
    Sounds,
    /// By the id of their channel.
    Stages,
}

/// Who does something, and why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct By<'a> {
    pub actor: u64,
    pub reason: Option<&'a str>,
}

/// What happens to a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Change {
    Create,
    Update,
    Delete,
}

impl Collection {
    /// The audit log's number for making one; changing and deleting are the next two.
    const fn first_action(self) -> u16 {
        match self {
            Self::Emojis => 60,
            Self::Stages => 83,
            Self::Stickers => 90,
            Self::ScheduledEvents => 100,
            Self::Sounds => 130,
            Self::Rules => 140,
        }
    }

    /// The dispatch that tells of a change.
    fn event(self, change: Change) -> String {
        let what = match change {
            Change::Create => "CREATE",
            Change::Update => "UPDATE",
            Change::Delete => "DELETE",
        };
        match self {
            Self::Emojis => "GUILD_EMOJIS_UPDATE".to_owned(),
            Self::Stickers => "GUILD_STICKERS_UPDATE".to_owned(),
            Self::ScheduledEvents => format!("GUILD_SCHEDULED_EVENT_{what}"),
            Self::Rules => format!("AUTO_MODERATION_RULE_{what}"),
            Self::Sounds => format!("GUILD_SOUNDBOARD_SOUND_{what}"),
            Self::Stages => format!("STAGE_INSTANCE_{what}"),
        }
    }
}

/// Fields that the audit log does not speak of.
const UNTOLD: [&str; 8] = [
    "id",
    "sound_id",
    "guild_id",
    "user",
    "creator",
    "creator_id",
    "user_count",
    "image_data",
];

impl World {
    /// The records of a guild, the oldest first.
    pub(crate) fn collection(
        &self,
        guild: u64,
        collection: Collection,
    ) -> impl Iterator<Item = &Record> {
        let shelves = self.guilds.get(&guild).map(|guild| &guild.shelves);
        let records = shelves.and_then(|shelves| shelves.get(&collection));
        records.into_iter().flat_map(|records| records.values())
    }

    /// One record of a guild.
    pub(crate) fn record_of(&self, guild: u64, collection: Collection, id: u64) -> Option<&Record> {
        self.guilds.get(&guild)?.shelves.get(&collection)?.get(&id)
    }

    /// The guild that keeps a record, and the record.
    pub(crate) fn shelved_anywhere(
        &self,
        collection: Collection,
        id: u64,
    ) -> Option<(u64, &Record)> {
        let mut guilds = self.guilds.values();
        guilds.find_map(|guild| Some((guild.id, guild.shelves.get(&collection)?.get(&id)?)))
    }

    /// The records as a list.
    pub(crate) fn shelf_json(&self, guild: u64, collection: Collection) -> Value {
        let records = self.collection(guild, collection);
        records.map(shown).collect()
    }

    /// Puts a record there, a new one or a changed one; notes it in the audit log and tells it.
    pub(crate) fn put(
        &mut self,
        guild: u64,
        collection: Collection,
        id: u64,
        record: Record,
        by: By<'_>,
    ) {
        let before = self.record_of(guild, collection, id).cloned();
        let differences = match &before {
            None => all_of(&published(&record)),
            Some(before) => changes(&published(before), &published(&record)),
        };
        let change = if before.is_some() {
            Change::Update
        } else {
            Change::Create
        };
        let Some(known) = self.guilds.get_mut(&guild) else {
            return;
        };
        let records = known.shelves.entry(collection).or_default();
        records.insert(id, record.clone());
        if change == Change::Update && differences.is_empty() {
            return;
        }
        self.tell_shelved(guild, collection, change, &record);
        self.audit_shelved(guild, collection, change, (id, &record), differences, by);
    }

    /// Takes a record away; notes it in the audit log and tells it. `None` if it is not there.
    pub(crate) fn take(
        &mut self,
        guild: u64,
        collection: Collection,
        id: u64,
        by: By<'_>,
    ) -> Option<Record> {
        let shelves = &mut self.guilds.get_mut(&guild)?.shelves;
        let record = shelves.get_mut(&collection)?.remove(&id)?;
        let differences = changes(&published(&record), &Record::new());
        self.tell_shelved(guild, collection, Change::Delete, &record);
        self.audit_shelved(
            guild,
            collection,
            Change::Delete,
            (id, &record),
            differences,
            by,
        );
        Some(record)
    }

    fn tell_shelved(
        &mut self,
        guild: u64,
        collection: Collection,
        change: Change,
        record: &Record,
    ) {
        let id = guild.to_string();
        let data = match (collection, change) {
            (Collection::Emojis, _) => {
                json!({"guild_id": id, "emojis": self.shelf_json(guild, collection)})
            }
            (Collection::Stickers, _) => {
                json!({"guild_id": id, "stickers": self.shelf_json(guild, collection)})
            }
            (Collection::Sounds, Change::Delete) => {
                json!({"guild_id": id, "sound_id": record.get("sound_id")})
            }
            _ => shown(record),
        };
        let event = Event::of_guild(&collection.event(change), guild, data);
        self.outbox.push(event);
    }

    fn audit_shelved(
        &mut self,
        guild: u64,
        collection: Collection,
        change: Change,
        (id, record): (u64, &Record),
        changes: Vec<Value>,
        by: By<'_>,
    ) {
        let action = AuditLogEventType::from(collection.first_action() + change as u16);
        // A stage is kept by its channel; the log names both.
        let (target, options) = match collection {
            Collection::Stages => (
                record
                    .get("id")
                    .and_then(Value::as_str)
                    .and_then(|id| id.parse().ok()),
                Some(json!({"channel_id": id.to_string()})),
            ),
            _ => (Some(id), None),
        };
        let entry = AuditEntry {
            id: self.snowflakes.next(),
            actor: by.actor,
            action: action.into(),
            target,
            changes,
            options,
            reason: by.reason.map(str::to_owned),
        };
        self.keep_audit(guild, entry);
    }
}

/// A record as REST and the gateway give it: without what was uploaded.
pub(crate) fn shown(record: &Record) -> Value {
    let mut shown = record.clone();
    shown.remove("image_data");
    Value::Object(shown)
}

fn published(record: &Record) -> Record {
    let mut published = record.clone();
    published.retain(|key, _| !UNTOLD.contains(&key.as_str()));
    published
}
