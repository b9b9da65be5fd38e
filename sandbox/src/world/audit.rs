//! The audit log of a guild: <https://discord.com/developers/docs/resources/audit-log>.

use serde_json::{Value, json};
use twilight_model::guild::{Permissions, audit_log::AuditLogEventType};

use super::{Event, World};

/// Entries that a guild keeps; Discord forgets them after 45 days.
const KEPT_ENTRIES: usize = 10_000;

/// Something that somebody did to a guild.
#[derive(Clone, Debug)]
pub(crate) struct AuditEntry {
    pub id: u64,
    pub actor: u64,
    pub action: u16,
    pub target: Option<u64>,
    pub changes: Vec<Value>,
    /// What some actions tell besides; all values are texts.
    pub options: Option<Value>,
    pub reason: Option<String>,
}

impl AuditEntry {
    /// The audit log entry object.
    pub(crate) fn json(&self) -> Value {
        let mut json = json!({
            "id": self.id.to_string(),
            "action_type": self.action,
            "user_id": self.actor.to_string(),
            "target_id": self.target.map(|id| id.to_string()),
        });
        if !self.changes.is_empty() {
            json["changes"] = json!(self.changes);
        }
        if let Some(options) = &self.options {
            json["options"] = options.clone();
        }
        if let Some(reason) = &self.reason {
            json["reason"] = json!(reason);
        }
        json
    }
}

impl World {
    /// Notes what somebody did, with the reason that was given, and tells it.
    pub(crate) fn audit(
        &mut self,
        guild: u64,
        actor: u64,
        action: AuditLogEventType,
        target: Option<u64>,
        changes: Vec<Value>,
        reason: Option<&str>,
    ) {
        let id = self.snowflakes.next();
        let entry = AuditEntry {
            id,
            actor,
            action: action.into(),
            target,
            changes,
            options: None,
            reason: reason.map(str::to_owned),
        };
        self.keep_audit(guild, entry);
    }

    /// As [`World::audit`], for actions that say something besides in `options` and change nothing.
    pub(crate) fn audit_with(
        &mut self,
        guild: u64,
        actor: u64,
        action: AuditLogEventType,
        target: Option<u64>,
        options: Value,
        reason: Option<&str>,
    ) {
        let id = self.snowflakes.next();
        let entry = AuditEntry {
            id,
            actor,
            action: action.into(),
            target,
            changes: Vec::new(),
            options: Some(options),
            reason: reason.map(str::to_owned),
        };
        self.keep_audit(guild, entry);
    }

    /// Keeps an entry that is complete, and tells it to a bot that may view the log.
    pub(crate) fn keep_audit(&mut self, guild: u64, entry: AuditEntry) {
        let Some(known) = self.guilds.get_mut(&guild) else {
            return;
        };
        let mut data = entry.json();
        data["guild_id"] = json!(guild.to_string());
        known.audit.push_back(entry);
        if known.audit.len() > KEPT_ENTRIES {
            known.audit.pop_front();
        }
        let sees = self.guilds.get(&guild).is_some_and(|known| {
            let may = self.guild_permissions(known, self.application.bot);
            may.contains(Permissions::VIEW_AUDIT_LOG)
        });
        if sees {
            let event = Event::of_guild("GUILD_AUDIT_LOG_ENTRY_CREATE", guild, data);
            self.outbox.push(event);
        }
    }
}
