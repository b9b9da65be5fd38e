//! `[alerts]`: the owner's channel for what should not wait, and others for some subjects.

use std::collections::BTreeMap;

use toml::de::DeTable;

use crate::config::{
    document::Table,
    fault::{Fault, Item, nearest},
    values::{IdOf, id, optional, seconds},
};

/// Longest subject.
const SUBJECT: usize = 32;

/// `[alerts]`: the channel for what should not wait until somebody reads the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// The channel. Unset: alerts go to the log alone.
    pub channel_id: Option<u64>,
    /// How long nothing more is reported about the same thing.
    pub cool_down_s: u64,
    /// `[alerts.<subject>]`: what holds for those of a subject alone.
    pub subjects: BTreeMap<String, Subject>,
}

/// `[alerts.<subject>]`: what holds for alerts of one subject. What is unset is as in `[alerts]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// Their channel.
    pub channel_id: Option<u64>,
    /// Their cool-down.
    pub cool_down_s: Option<u64>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            channel_id: None,
            cool_down_s: 300,
            subjects: BTreeMap::new(),
        }
    }
}

impl Subject {
    /// Its keys.
    pub const KEYS: [&'static str; 2] = ["channel_id", "cool_down_s"];
}

impl Alerts {
    /// The channel for a subject, and its cool-down in seconds.
    #[must_use]
    pub fn of(&self, subject: &str) -> (Option<u64>, u64) {
        let own = self.subjects.get(subject);
        let channel = own.and_then(|own| own.channel_id).or(self.channel_id);
        let cool_down = own.and_then(|own| own.cool_down_s);
        (channel, cool_down.unwrap_or(self.cool_down_s))
    }

    /// Whether a word can be a subject: lower-case letters, digits, `_` and `-`, and no key of the table's.
    #[must_use]
    pub fn is_subject(word: &str) -> bool {
        let is_plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        (1..=SUBJECT).contains(&word.len())
            && word.chars().all(is_plain)
            && !Subject::KEYS.contains(&word)
    }

    pub(in crate::config) fn read(mut table: Table<'_, '_>) -> Self {
        let mut alerts = Self::default();
        table.read("channel_id", &mut alerts.channel_id, channel);
        table.read("cool_down_s", &mut alerts.cool_down_s, cool_down);
        table.read_tables(|name, entries, faults| {
            if Self::is_subject(name) {
                alerts
                    .subjects
                    .insert(name.to_owned(), subject(name, entries, faults));
                return Ok(());
            }
            Err(
                "a subject has lower-case letters, digits, `_` and `-`, and 32 of them at most"
                    .into(),
            )
        });
        alerts
    }

    /// Whether a running bot takes this key over: it takes all.
    pub(in crate::config) const fn is_live(_: &str) -> bool {
        true
    }

    pub(in crate::config) fn take_over(&mut self, key: &str, next: &Self) {
        match key {
            "channel_id" => self.channel_id = next.channel_id,
            "cool_down_s" => self.cool_down_s = next.cool_down_s,
            _ => self.subjects.clone_from(&next.subjects),
        }
    }
}

fn channel(item: &Item<'_>) -> Result<Option<u64>, Vec<Fault>> {
    optional(id(IdOf::Channel))(item)
}

fn cool_down(item: &Item<'_>) -> Result<u64, Vec<Fault>> {
    seconds(0..=86_400)(item)
}

fn subject(name: &str, entries: &DeTable<'_>, faults: &mut Vec<Fault>) -> Subject {
    let mut subject = Subject::default();
    for (key, item) in entries {
        let read = match &**key.get_ref() {
            "channel_id" => channel(item).map(|id| subject.channel_id = id),
            "cool_down_s" => cool_down(item).map(|time| subject.cool_down_s = Some(time)),
            unknown => {
                let hint = nearest(unknown, Subject::KEYS.into_iter())
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                faults.push(Fault {
                    at: key.span().start,
                    message: format!("unknown key `{unknown}` in [alerts.{name}]{hint}"),
                });
                continue;
            }
        };
        if let Err(wrong) = read {
            faults.extend(wrong.into_iter().map(|fault| Fault {
                at: fault.at,
                message: format!("`{}` in [alerts.{name}]: {}", key.get_ref(), fault.message),
            }));
        }
    }
    subject
}
