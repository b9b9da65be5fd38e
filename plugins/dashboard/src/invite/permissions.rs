//! Discord's permissions, in the groups and words that its own pages have
//! ([reference](https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags)).

use plugin_api::twilight_model::guild::Permissions;

/// All that a bot can be given, by group.
pub(super) const GROUPS: [(&str, &[Permissions]); 4] = [
    (
        "General",
        &[
            Permissions::ADMINISTRATOR,
            Permissions::VIEW_CHANNEL,
            Permissions::MANAGE_CHANNELS,
            Permissions::MANAGE_ROLES,
            Permissions::MANAGE_GUILD,
            Permissions::MANAGE_GUILD_EXPRESSIONS,
            Permissions::CREATE_GUILD_EXPRESSIONS,
            Permissions::VIEW_AUDIT_LOG,
            Permissions::VIEW_GUILD_INSIGHTS,
            Permissions::MANAGE_WEBHOOKS,
            Permissions::MANAGE_EVENTS,
            Permissions::CREATE_EVENTS,
        ],
    ),
    (
        "Members",
        &[
            Permissions::CREATE_INVITE,
            Permissions::CHANGE_NICKNAME,
            Permissions::MANAGE_NICKNAMES,
            Permissions::KICK_MEMBERS,
            Permissions::BAN_MEMBERS,
            Permissions::MODERATE_MEMBERS,
        ],
    ),
    (
        "Text",
        &[
            Permissions::SEND_MESSAGES,
            Permissions::SEND_MESSAGES_IN_THREADS,
            Permissions::CREATE_PUBLIC_THREADS,
            Permissions::CREATE_PRIVATE_THREADS,
            Permissions::EMBED_LINKS,
            Permissions::ATTACH_FILES,
            Permissions::ADD_REACTIONS,
            Permissions::USE_EXTERNAL_EMOJIS,
            Permissions::USE_EXTERNAL_STICKERS,
            Permissions::MENTION_EVERYONE,
            Permissions::MANAGE_MESSAGES,
            Permissions::PIN_MESSAGES,
            Permissions::MANAGE_THREADS,
            Permissions::READ_MESSAGE_HISTORY,
            Permissions::SEND_TTS_MESSAGES,
            Permissions::SEND_VOICE_MESSAGES,
            Permissions::SEND_POLLS,
            Permissions::USE_SLASH_COMMANDS,
            Permissions::USE_EXTERNAL_APPS,
            Permissions::BYPASS_SLOWMODE,
        ],
    ),
    (
        "Voice",
        &[
            Permissions::CONNECT,
            Permissions::SPEAK,
            Permissions::STREAM,
            Permissions::USE_VAD,
            Permissions::PRIORITY_SPEAKER,
            Permissions::MUTE_MEMBERS,
            Permissions::DEAFEN_MEMBERS,
            Permissions::MOVE_MEMBERS,
            Permissions::USE_SOUNDBOARD,
            Permissions::USE_EXTERNAL_SOUNDS,
            Permissions::USE_EMBEDDED_ACTIVITIES,
            Permissions::REQUEST_TO_SPEAK,
        ],
    ),
];

/// What Discord calls a permission, where that is not its name in the documentation.
const CALLED: [(Permissions, &str); 13] = [
    (Permissions::VIEW_CHANNEL, "View Channels"),
    (Permissions::MANAGE_GUILD, "Manage Server"),
    (Permissions::MANAGE_GUILD_EXPRESSIONS, "Manage Expressions"),
    (Permissions::CREATE_GUILD_EXPRESSIONS, "Create Expressions"),
    (Permissions::VIEW_GUILD_INSIGHTS, "View Server Insights"),
    (Permissions::MODERATE_MEMBERS, "Time out Members"),
    (Permissions::MENTION_EVERYONE, "Mention Everyone"),
    (Permissions::USE_EXTERNAL_EMOJIS, "Use External Emoji"),
    (
        Permissions::SEND_TTS_MESSAGES,
        "Send Text-to-Speech Messages",
    ),
    (Permissions::USE_SLASH_COMMANDS, "Use Application Commands"),
    (Permissions::STREAM, "Video"),
    (Permissions::USE_VAD, "Use Voice Activity"),
    (Permissions::USE_EMBEDDED_ACTIVITIES, "Use Activities"),
];

/// What Discord calls a permission.
pub(crate) fn words(permission: Permissions) -> String {
    let called = CALLED.iter().find(|(it, _)| *it == permission);
    called.map_or_else(|| spelled(permission), |(_, words)| (*words).to_owned())
}

/// Its name in the documentation, as words: `BAN_MEMBERS` is `Ban Members`.
fn spelled(permission: Permissions) -> String {
    let name = permission.iter_names().next().map_or("", |(name, _)| name);
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_lowercase())
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_stands_in_one_group_under_a_name_that_leads_back_to_it() {
        let mut seen = Permissions::empty();
        for permission in GROUPS.iter().flat_map(|(_, all)| *all) {
            assert!(!seen.contains(*permission), "{permission:?} twice");
            seen |= *permission;
            let (name, _) = permission.iter_names().next().unwrap();
            assert_eq!(Permissions::from_name(name), Some(*permission));
        }
        let left = Permissions::all() - seen;
        assert_eq!(
            left,
            Permissions::VIEW_CREATOR_MONETIZATION_ANALYTICS,
            "which bots can't be given"
        );
    }

    #[test]
    fn permissions_are_called_as_discord_calls_them() {
        assert_eq!(words(Permissions::BAN_MEMBERS), "Ban Members");
        assert_eq!(words(Permissions::MANAGE_GUILD), "Manage Server");
    }
}
