//! Access rules and limits of a command in sentences: who may use it, and how often.

use plugin_api::{
    CommandView,
    manifest::{ConcurrencyManifest, CooldownManifest, Per},
    prelude::*,
    text::{counted, span},
};

/// Who may use it, a sentence each; at least one.
pub(super) fn may(command: &CommandView) -> Vec<String> {
    let access = &command.access;
    let mut said = Vec::new();
    if command.owner_only || access.owner_only {
        said.push("The bot's owners alone; no server can open it.".to_owned());
    }
    if access.guild_owner_only {
        said.push("The server's owner.".to_owned());
    }
    if access.permissions != 0 {
        said.push(format!(
            "Members with the permission {}.",
            permissions(access.permissions)
        ));
    }
    if !access.any_role.is_empty() {
        said.push(format!(
            "Members with one of the roles {}.",
            access.any_role.join(", ")
        ));
    }
    if said.is_empty() {
        said.push("Everybody.".to_owned());
    }
    if access.bot_permissions != 0 {
        said.push(format!(
            "The bot itself needs the permission {} there.",
            permissions(access.bot_permissions)
        ));
    }
    if access.checked {
        said.push("The plugin has a check of its own besides.".to_owned());
    }
    let place = match (command.guild_only, command.dm_only) {
        (true, _) => Some("In servers only."),
        (_, true) => Some("In direct messages only."),
        _ => None,
    };
    said.extend(place.map(str::to_owned));
    if command.age_restricted {
        said.push("In age-restricted channels only.".to_owned());
    }
    if !command.guilds.is_empty() {
        said.push(format!(
            "In {} that it is for.",
            counted(command.guilds.len() as u64, "chosen server")
        ));
    }
    said
}

/// Permissions by name: `ban members, kick members`.
fn permissions(bits: u64) -> String {
    let names = Permissions::from_bits_truncate(bits)
        .iter_names()
        .map(|(name, _)| name.to_lowercase().replace('_', " "));
    names.collect::<Vec<_>>().join(", ")
}

/// How often it may be used: "2 uses in 10 s for each user".
pub(super) fn cooldown(cooldown: Option<&CooldownManifest>) -> String {
    match cooldown {
        None => "none".to_owned(),
        Some(it) => format!(
            "{} in {} {}",
            counted(u64::from(it.uses.unwrap_or(1)), "use"),
            span(it.period_ms),
            per(it.per)
        ),
    }
}

/// How many uses may run at once.
pub(super) fn at_once(concurrency: Option<&ConcurrencyManifest>) -> String {
    match concurrency {
        None => "as many as there are".to_owned(),
        Some(it) => format!("{} {}", counted(u64::from(it.uses), "use"), per(it.per)),
    }
}

const fn per(per: Per) -> &'static str {
    match per {
        Per::User => "for each user",
        Per::Member => "for each member of a server",
        Per::Channel => "for each channel",
        Per::Guild => "for each server",
        Per::Global => "for all together",
        _ => "counted in a way that this dashboard does not know",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::list::tests::command;

    #[test]
    fn everybody_may_unless_a_rule_says_otherwise() {
        let mut ban = command("ban", true, true);
        assert_eq!(may(&ban), ["Everybody."]);
        ban.access.permissions = (Permissions::BAN_MEMBERS | Permissions::KICK_MEMBERS).bits();
        ban.access.any_role = vec!["Mods".to_owned()];
        ban.access.checked = true;
        ban.guild_only = true;
        assert_eq!(
            may(&ban),
            [
                "Members with the permission kick members, ban members.",
                "Members with one of the roles Mods.",
                "The plugin has a check of its own besides.",
                "In servers only.",
            ]
        );
        ban.owner_only = true;
        assert!(may(&ban)[0].starts_with("The bot's owners alone"));
    }

    #[test]
    fn cooldowns_are_told_in_words() {
        assert_eq!(cooldown(None), "none");
        let mut often = CooldownManifest::default();
        (often.uses, often.period_ms, often.per) = (Some(2), 10_000, Per::Guild);
        assert_eq!(cooldown(Some(&often)), "2 uses in 10 s for each server");
        assert_eq!(at_once(None), "as many as there are");
    }
}
