//! Discord's events: their numbers at the boundary, and their types.

use twilight_model::gateway::payload::incoming as payload;

use crate::error::{Error, Result};

/// An event of Discord's gateway, as a number that crosses the boundary. A number never changes its meaning.
///
/// ```
/// use plugin_api::EventKind;
///
/// let created = EventKind::named("MESSAGE_CREATE").expect("every version knows it");
/// assert_eq!(created.number(), 3);
/// assert_eq!(EventKind::from_number(3), created);
/// assert_eq!(created.name(), "MESSAGE_CREATE");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKind(u16);

impl EventKind {
    /// The event with this name, such as `MESSAGE_CREATE`; `None` when this version does not know it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let known = EVENTS.iter().find(|(_, known)| *known == name)?;
        Some(Self(known.0))
    }

    /// Its name in [Discord's gateway](https://discord.com/developers/docs/events/gateway-events#receive-events);
    /// `UNKNOWN` when this version does not know its number.
    #[must_use]
    pub fn name(self) -> &'static str {
        let known = EVENTS.iter().find(|(number, _)| *number == self.0);
        known.map_or("UNKNOWN", |(_, name)| name)
    }

    /// Its number at the boundary.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The event with this number, which may be one that this version does not know.
    ///
    /// ```
    /// use plugin_api::EventKind;
    ///
    /// assert_eq!(EventKind::from_number(60_000).name(), "UNKNOWN");
    /// ```
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }
}

/// An event that a typed listener can listen to: a payload of twilight-model.
///
/// Implemented here for all of them, so that the large parsers are compiled once, in this crate, and not in each plugin.
/// To test a listener's logic, read an event from a text:
///
/// ```
/// use plugin_api::{Event, prelude::*};
///
/// let gone = MessageDelete::parse(br#"{"id": "5", "channel_id": "6", "guild_id": "7"}"#)?;
/// assert_eq!((MessageDelete::NAME, gone.channel_id), ("MESSAGE_DELETE", Id::new(6)));
///
/// let error = MessageDelete::parse(b"[]").unwrap_err();
/// assert!(error.to_string().starts_with("can't read MESSAGE_DELETE"));
/// # Ok::<(), Error>(())
/// ```
///
/// Nothing else is an event:
///
/// ```compile_fail,E0277
/// # use plugin_api::prelude::*;
/// async fn heard(ctx: EventContext<String>) -> Result { Ok(()) }
/// let plugin = Plugin::new().on(heard);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no event of Discord's gateway",
    label = "a payload of `plugin_api::twilight_model::gateway::payload::incoming` is expected, such as `MessageCreate` or `MemberAdd`",
    note = "a handler of the framework's and of plugins' events takes a `HookContext`, and is declared by `Plugin::on_hook`"
)]
pub trait Event: Sized + 'static {
    /// Its name in [Discord's gateway](https://discord.com/developers/docs/events/gateway-events#receive-events).
    const NAME: &'static str;

    /// Reads Discord's JSON.
    ///
    /// # Errors
    ///
    /// The JSON is not of this type; the error names the event.
    fn parse(json: &[u8]) -> Result<Box<Self>>;
}

/// Invariant: a number never gets another event, and one whose event is gone is not given again.
macro_rules! events {
    ($($number:literal => $name:literal $($ty:ident)?),* $(,)?) => {
        const EVENTS: &[(u16, &str)] = &[$(($number, $name)),*];
        $($(
            impl Event for payload::$ty {
                const NAME: &'static str = $name;

                #[inline(never)]
                fn parse(json: &[u8]) -> Result<Box<Self>> {
                    serde_json::from_slice(json)
                        .map(Box::new)
                        .map_err(|error| Error::unreadable($name, &error))
                }
            }
        )?)*
    };
}

events! {
    1 => "READY" Ready,
    2 => "RESUMED",
    3 => "MESSAGE_CREATE" MessageCreate,
    4 => "MESSAGE_UPDATE" MessageUpdate,
    5 => "MESSAGE_DELETE" MessageDelete,
    6 => "MESSAGE_DELETE_BULK" MessageDeleteBulk,
    7 => "MESSAGE_REACTION_ADD" ReactionAdd,
    8 => "MESSAGE_REACTION_REMOVE" ReactionRemove,
    9 => "MESSAGE_REACTION_REMOVE_ALL" ReactionRemoveAll,
    10 => "MESSAGE_REACTION_REMOVE_EMOJI" ReactionRemoveEmoji,
    11 => "MESSAGE_POLL_VOTE_ADD" MessagePollVoteAdd,
    12 => "MESSAGE_POLL_VOTE_REMOVE" MessagePollVoteRemove,
    13 => "INTERACTION_CREATE" InteractionCreate,
    14 => "TYPING_START" TypingStart,
    15 => "GUILD_CREATE" GuildCreate,
    16 => "GUILD_UPDATE" GuildUpdate,
    17 => "GUILD_DELETE" GuildDelete,
    18 => "GUILD_MEMBER_ADD" MemberAdd,
    19 => "GUILD_MEMBER_UPDATE" MemberUpdate,
    20 => "GUILD_MEMBER_REMOVE" MemberRemove,
    21 => "GUILD_MEMBERS_CHUNK" MemberChunk,
    22 => "GUILD_ROLE_CREATE" RoleCreate,
    23 => "GUILD_ROLE_UPDATE" RoleUpdate,
    24 => "GUILD_ROLE_DELETE" RoleDelete,
    25 => "GUILD_BAN_ADD" BanAdd,
    26 => "GUILD_BAN_REMOVE" BanRemove,
    27 => "GUILD_EMOJIS_UPDATE" GuildEmojisUpdate,
    28 => "GUILD_STICKERS_UPDATE" GuildStickersUpdate,
    29 => "GUILD_INTEGRATIONS_UPDATE" GuildIntegrationsUpdate,
    30 => "GUILD_AUDIT_LOG_ENTRY_CREATE" GuildAuditLogEntryCreate,
    31 => "GUILD_SCHEDULED_EVENT_CREATE" GuildScheduledEventCreate,
    32 => "GUILD_SCHEDULED_EVENT_UPDATE" GuildScheduledEventUpdate,
    33 => "GUILD_SCHEDULED_EVENT_DELETE" GuildScheduledEventDelete,
    34 => "GUILD_SCHEDULED_EVENT_USER_ADD" GuildScheduledEventUserAdd,
    35 => "GUILD_SCHEDULED_EVENT_USER_REMOVE" GuildScheduledEventUserRemove,
    36 => "CHANNEL_CREATE" ChannelCreate,
    37 => "CHANNEL_UPDATE" ChannelUpdate,
    38 => "CHANNEL_DELETE" ChannelDelete,
    39 => "CHANNEL_PINS_UPDATE" ChannelPinsUpdate,
    40 => "THREAD_CREATE" ThreadCreate,
    41 => "THREAD_UPDATE" ThreadUpdate,
    42 => "THREAD_DELETE" ThreadDelete,
    43 => "THREAD_LIST_SYNC" ThreadListSync,
    44 => "THREAD_MEMBER_UPDATE" ThreadMemberUpdate,
    45 => "THREAD_MEMBERS_UPDATE" ThreadMembersUpdate,
    46 => "INVITE_CREATE" InviteCreate,
    47 => "INVITE_DELETE" InviteDelete,
    48 => "PRESENCE_UPDATE" PresenceUpdate,
    49 => "VOICE_STATE_UPDATE" VoiceStateUpdate,
    50 => "VOICE_SERVER_UPDATE" VoiceServerUpdate,
    51 => "STAGE_INSTANCE_CREATE" StageInstanceCreate,
    52 => "STAGE_INSTANCE_UPDATE" StageInstanceUpdate,
    53 => "STAGE_INSTANCE_DELETE" StageInstanceDelete,
    54 => "AUTO_MODERATION_RULE_CREATE" AutoModerationRuleCreate,
    55 => "AUTO_MODERATION_RULE_UPDATE" AutoModerationRuleUpdate,
    56 => "AUTO_MODERATION_RULE_DELETE" AutoModerationRuleDelete,
    57 => "AUTO_MODERATION_ACTION_EXECUTION" AutoModerationActionExecution,
    58 => "ENTITLEMENT_CREATE" EntitlementCreate,
    59 => "ENTITLEMENT_UPDATE" EntitlementUpdate,
    60 => "ENTITLEMENT_DELETE" EntitlementDelete,
    61 => "WEBHOOKS_UPDATE" WebhooksUpdate,
    62 => "USER_UPDATE" UserUpdate,
    63 => "INTEGRATION_CREATE" IntegrationCreate,
    64 => "INTEGRATION_UPDATE" IntegrationUpdate,
    65 => "INTEGRATION_DELETE" IntegrationDelete,
    66 => "APPLICATION_COMMAND_PERMISSIONS_UPDATE" CommandPermissionsUpdate,
}

#[cfg(test)]
mod tests {
    use super::{EVENTS, EventKind};

    /// The boundary's numbers as they are for ever. What is added is added here as well; a test that needs another number is
    /// a broken boundary.
    const PINNED: &[(u16, &str)] = &[
        (1, "READY"),
        (2, "RESUMED"),
        (3, "MESSAGE_CREATE"),
        (4, "MESSAGE_UPDATE"),
        (5, "MESSAGE_DELETE"),
        (6, "MESSAGE_DELETE_BULK"),
        (7, "MESSAGE_REACTION_ADD"),
        (8, "MESSAGE_REACTION_REMOVE"),
        (9, "MESSAGE_REACTION_REMOVE_ALL"),
        (10, "MESSAGE_REACTION_REMOVE_EMOJI"),
        (11, "MESSAGE_POLL_VOTE_ADD"),
        (12, "MESSAGE_POLL_VOTE_REMOVE"),
        (13, "INTERACTION_CREATE"),
        (14, "TYPING_START"),
        (15, "GUILD_CREATE"),
        (16, "GUILD_UPDATE"),
        (17, "GUILD_DELETE"),
        (18, "GUILD_MEMBER_ADD"),
        (19, "GUILD_MEMBER_UPDATE"),
        (20, "GUILD_MEMBER_REMOVE"),
        (21, "GUILD_MEMBERS_CHUNK"),
        (22, "GUILD_ROLE_CREATE"),
        (23, "GUILD_ROLE_UPDATE"),
        (24, "GUILD_ROLE_DELETE"),
        (25, "GUILD_BAN_ADD"),
        (26, "GUILD_BAN_REMOVE"),
        (27, "GUILD_EMOJIS_UPDATE"),
        (28, "GUILD_STICKERS_UPDATE"),
        (29, "GUILD_INTEGRATIONS_UPDATE"),
        (30, "GUILD_AUDIT_LOG_ENTRY_CREATE"),
        (31, "GUILD_SCHEDULED_EVENT_CREATE"),
        (32, "GUILD_SCHEDULED_EVENT_UPDATE"),
        (33, "GUILD_SCHEDULED_EVENT_DELETE"),
        (34, "GUILD_SCHEDULED_EVENT_USER_ADD"),
        (35, "GUILD_SCHEDULED_EVENT_USER_REMOVE"),
        (36, "CHANNEL_CREATE"),
        (37, "CHANNEL_UPDATE"),
        (38, "CHANNEL_DELETE"),
        (39, "CHANNEL_PINS_UPDATE"),
        (40, "THREAD_CREATE"),
        (41, "THREAD_UPDATE"),
        (42, "THREAD_DELETE"),
        (43, "THREAD_LIST_SYNC"),
        (44, "THREAD_MEMBER_UPDATE"),
        (45, "THREAD_MEMBERS_UPDATE"),
        (46, "INVITE_CREATE"),
        (47, "INVITE_DELETE"),
        (48, "PRESENCE_UPDATE"),
        (49, "VOICE_STATE_UPDATE"),
        (50, "VOICE_SERVER_UPDATE"),
        (51, "STAGE_INSTANCE_CREATE"),
        (52, "STAGE_INSTANCE_UPDATE"),
        (53, "STAGE_INSTANCE_DELETE"),
        (54, "AUTO_MODERATION_RULE_CREATE"),
        (55, "AUTO_MODERATION_RULE_UPDATE"),
        (56, "AUTO_MODERATION_RULE_DELETE"),
        (57, "AUTO_MODERATION_ACTION_EXECUTION"),
        (58, "ENTITLEMENT_CREATE"),
        (59, "ENTITLEMENT_UPDATE"),
        (60, "ENTITLEMENT_DELETE"),
        (61, "WEBHOOKS_UPDATE"),
        (62, "USER_UPDATE"),
        (63, "INTEGRATION_CREATE"),
        (64, "INTEGRATION_UPDATE"),
        (65, "INTEGRATION_DELETE"),
        (66, "APPLICATION_COMMAND_PERMISSIONS_UPDATE"),
    ];

    #[test]
    fn numbers_never_change() {
        assert_eq!(EVENTS, PINNED);
        for (number, name) in PINNED {
            let kind = EventKind::named(name).unwrap();
            assert_eq!(kind.number(), *number, "{name}");
            assert_eq!(EventKind::from_number(*number).name(), *name);
        }
        assert_eq!(EventKind::named("NO_SUCH_EVENT"), None);
        assert_eq!(EventKind::from_number(0).name(), "UNKNOWN");
        let numbers: std::collections::HashSet<_> =
            EVENTS.iter().map(|(number, _)| number).collect();
        assert_eq!(numbers.len(), EVENTS.len(), "a number is given twice");
    }
}
