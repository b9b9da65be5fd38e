//! Changes of members: the events and audit log entries of each, whoever made it.

use serde_json::{Value, json};
use twilight_model::guild::audit_log::AuditLogEventType;

use super::{Event, World, changes, fields};

impl World {
    /// GUILD_MEMBER_UPDATE, and an entry each for what the member is like and for the roles.
    pub(crate) fn tell_member(
        &mut self,
        guild: u64,
        user: u64,
        before: &Value,
        by: u64,
        reason: Option<&str>,
    ) {
        let Some(after) = self.member_json(guild, user) else {
            return;
        };
        if &after == before {
            return;
        }
        let mut data = after.clone();
        data["guild_id"] = json!(guild.to_string());
        let event = Event::of_guild("GUILD_MEMBER_UPDATE", guild, data);
        self.outbox.push(event);
        let told = |member: &Value| {
            let mut told = fields(member.clone());
            told.retain(|key, _| {
                matches!(
                    key.as_str(),
                    "nick" | "communication_disabled_until" | "mute" | "deaf"
                )
            });
            told
        };
        let differences = changes(&told(before), &told(&after));
        if !differences.is_empty() {
            let action = AuditLogEventType::MemberUpdate;
            self.audit(guild, by, action, Some(user), differences, reason);
        }
        let [old, new] = [before, &after].map(|member| {
            let roles = member["roles"].as_array().into_iter().flatten();
            roles
                .filter_map(|id| id.as_str()?.parse().ok())
                .collect::<Vec<u64>>()
        });
        let known = self.guilds.get(&guild);
        let partial = |list: &[u64], others: &[u64]| {
            let differing = list.iter().filter(|role| !others.contains(role));
            let roles = differing.filter_map(|role| known?.roles.get(role));
            roles
                .map(|role| json!({"id": role.id.to_string(), "name": role.name}))
                .collect::<Vec<_>>()
        };
        let changed = [
            ("$add", partial(&new, &old)),
            ("$remove", partial(&old, &new)),
        ];
        let changed = changed.into_iter().filter(|(_, roles)| !roles.is_empty());
        let changed: Vec<_> = changed
            .map(|(key, roles)| json!({"key": key, "new_value": roles}))
            .collect();
        if !changed.is_empty() {
            let action = AuditLogEventType::MemberRoleUpdate;
            self.audit(guild, by, action, Some(user), changed, reason);
        }
    }
}
