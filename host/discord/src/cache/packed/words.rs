//! Dictionary of packed JSON: the names of fields that Discord has, and its usual values, as a byte each.
//!
//! A word that is not here is kept as it came. Packed JSON stays in this process, so that the order is free.

/// The code of a name that is none of [`WORDS`]: it is kept as it came.
pub(in super::super) const LITERAL: u8 = u8::MAX;

const WORDS: &[&str] = &[
    // Everywhere.
    "id",
    "name",
    "type",
    "guild_id",
    "flags",
    "icon",
    "position",
    "permissions",
    "user",
    "roles",
    "user_id",
    "channel_id",
    "member",
    // Servers.
    "owner_id",
    "member_count",
    "unavailable",
    "channels",
    "threads",
    "members",
    "presences",
    "voice_states",
    "emojis",
    "stickers",
    "stage_instances",
    "guild_scheduled_events",
    "soundboard_sounds",
    "afk_channel_id",
    "afk_timeout",
    "application_id",
    "application_command_counts",
    "banner",
    "clan",
    "default_message_notifications",
    "description",
    "discovery_splash",
    "embedded_activities",
    "explicit_content_filter",
    "features",
    "guild_hashes",
    "home_header",
    "hub_type",
    "icon_hash",
    "incidents_data",
    "inventory_settings",
    "joined_at",
    "large",
    "latest_onboarding_question_id",
    "lazy",
    "max_members",
    "max_presences",
    "max_stage_video_channel_users",
    "max_video_channel_users",
    "mfa_level",
    "moderator_reporting",
    "nsfw",
    "nsfw_level",
    "owner_configured_content_level",
    "preferred_locale",
    "premium_features",
    "premium_progress_bar_enabled",
    "premium_subscription_count",
    "premium_tier",
    "profile",
    "public_updates_channel_id",
    "region",
    "rules_channel_id",
    "safety_alerts_channel_id",
    "splash",
    "system_channel_flags",
    "system_channel_id",
    "vanity_url_code",
    "verification_level",
    "version",
    "widget_channel_id",
    "widget_enabled",
    "welcome_screen",
    "activity_instances",
    "public_flags",
    "tag",
    "badge",
    "invites_disabled_until",
    "dms_disabled_until",
    "raid_detected_at",
    "dm_spam_detected_at",
    "gradient",
    "hash",
    "omitted",
    // Roles.
    "color",
    "colors",
    "primary_color",
    "secondary_color",
    "tertiary_color",
    "hoist",
    "managed",
    "mentionable",
    "unicode_emoji",
    "tags",
    "bot_id",
    "integration_id",
    "premium_subscriber",
    "subscription_listing_id",
    "available_for_purchase",
    "guild_connections",
    // Channels.
    "permission_overwrites",
    "allow",
    "deny",
    "parent_id",
    "topic",
    "last_message_id",
    "last_pin_timestamp",
    "rate_limit_per_user",
    "bitrate",
    "user_limit",
    "rtc_region",
    "video_quality_mode",
    "default_auto_archive_duration",
    "default_thread_rate_limit_per_user",
    "default_reaction_emoji",
    "default_sort_order",
    "default_forum_layout",
    "default_tag_setting",
    "available_tags",
    "applied_tags",
    "moderated",
    "emoji_id",
    "emoji_name",
    "emoji_animated",
    "template",
    "status",
    "voice_start_time",
    "voice_background_display",
    "icon_emoji",
    "theme_color",
    "linked_lobby",
    "message_count",
    "total_message_sent",
    "thread_metadata",
    "archived",
    "archive_timestamp",
    "auto_archive_duration",
    "create_timestamp",
    "locked",
    "invitable",
    "member_ids_preview",
    "newly_created",
    "thread_member",
    "muted",
    "mute_config",
    "join_timestamp",
    // Members, users, voice states.
    "nick",
    "avatar",
    "deaf",
    "mute",
    "pending",
    "premium_since",
    "communication_disabled_until",
    "unusual_dm_activity_until",
    "avatar_decoration_data",
    "username",
    "discriminator",
    "global_name",
    "bot",
    "system",
    "mfa_enabled",
    "verified",
    "email",
    "locale",
    "accent_color",
    "premium_type",
    "primary_guild",
    "identity_guild_id",
    "identity_enabled",
    "collectibles",
    "nameplate",
    "sku_id",
    "asset",
    "label",
    "palette",
    "expires_at",
    "display_name",
    "display_name_styles",
    "bio",
    "session_id",
    "self_deaf",
    "self_mute",
    "self_video",
    "self_stream",
    "suppress",
    "request_to_speak_timestamp",
    // Values.
    "COMMUNITY",
    "NEWS",
    "AUTO_MODERATION",
    "en-US",
    "en-GB",
    "de",
    "fr",
    "ANIMATED_ICON",
    "ANIMATED_BANNER",
    "BANNER",
    "DISCOVERABLE",
    "FEATURABLE",
    "INVITE_SPLASH",
    "INVITES_DISABLED",
    "MEMBER_VERIFICATION_GATE_ENABLED",
    "PREVIEW_ENABLED",
    "ROLE_ICONS",
    "SOUNDBOARD",
    "VANITY_URL",
    "VERIFIED",
    "PARTNERED",
    "VIP_REGIONS",
    "WELCOME_SCREEN_ENABLED",
    "THREE_DAY_THREAD_ARCHIVE",
    "SEVEN_DAY_THREAD_ARCHIVE",
    "PRIVATE_THREADS",
    "TIERLESS_BOOSTING",
    "CHANNEL_ICON_EMOJIS_GENERATED",
    "general",
    "@everyone",
    "rotterdam",
];

/// Slots of the table, a power of two.
const SLOTS: usize = 1024;

/// Open addressing: by hash, the code of a word or [`LITERAL`].
static TABLE: [u8; SLOTS] = table();

const fn hash(word: &[u8]) -> usize {
    let length = word.len();
    let (mut at, mut hash) = (0, length);
    // The ends tell most words apart; longer ones have much in common.
    while at < length {
        hash = hash.wrapping_mul(31).wrapping_add(word[at] as usize);
        at += if at < 4 || at + 5 > length { 1 } else { 3 };
    }
    hash ^ (hash >> 9)
}

const fn table() -> [u8; SLOTS] {
    let mut table = [LITERAL; SLOTS];
    let mut code = 0;
    while code < WORDS.len() {
        let mut slot = hash(WORDS[code].as_bytes()) % SLOTS;
        while table[slot] != LITERAL {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = code as u8;
        code += 1;
    }
    table
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    one.len() == other.len()
}

/// The code of a word that is there: a constant that is not does not compile.
pub(in super::super) const fn code(word: &str) -> u8 {
    let mut code = 0;
    while !is_same(WORDS[code].as_bytes(), word.as_bytes()) {
        code += 1;
    }
    code as u8
}

/// The code of a word, or [`LITERAL`].
pub(super) fn find(word: &[u8]) -> u8 {
    let mut slot = hash(word) % SLOTS;
    loop {
        match TABLE[slot] {
            LITERAL => return LITERAL,
            code if WORDS[usize::from(code)].as_bytes() == word => return code,
            _ => slot = (slot + 1) % SLOTS,
        }
    }
}

/// The word of a code.
pub(super) fn word(code: u8) -> Option<&'static str> {
    WORDS.get(usize::from(code)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_one_code_and_others_have_none() {
        assert!(WORDS.len() < usize::from(LITERAL));
        for (at, word_of) in WORDS.iter().enumerate() {
            let code = find(word_of.as_bytes());
            assert_eq!(usize::from(code), at, "{word_of} is there twice");
            assert_eq!(word(code), Some(*word_of));
            // Plain text: no word needs an escape.
            let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
            assert!(word_of.bytes().all(plain), "{word_of}");
            assert_eq!(find(format!("{word_of}x").as_bytes()), LITERAL);
        }
        assert_eq!(find(b""), LITERAL);
        assert_eq!(word(LITERAL), None);
    }
}
