//! Table of automations' templates: which parameter is called what here.

/// What a parameter is there, and so how it is read.
#[derive(Clone, Copy)]
pub(super) enum Is {
    Channel,
    Channels,
    Role,
    Roles,
    Text,
    Whole,
    Flag,
    Color,
    /// A role for each emoji, or for each level.
    Keyed,
}

use Is::{Channel, Channels, Color, Flag, Keyed, Role, Roles, Text, Whole};

/// A parameter there, what it is, and its name here.
pub(super) type Parameter = (&'static str, Is, &'static str);

/// A template there, its name here, its parameters, and values that hold here for what was so without saying.
pub(super) struct Template {
    pub(super) there: &'static str,
    pub(super) here: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) fixed: &'static [(&'static str, bool)],
}

pub(super) const TEMPLATES: [Template; 9] = [
    Template {
        there: "mega_welcome",
        here: "welcome",
        parameters: &[
            ("welcome_channel_id", Channel, "channel"),
            ("welcome_message", Text, "message"),
            ("use_embed", Flag, "card"),
            ("embed_title", Text, "title"),
            ("embed_color", Color, "color"),
            ("auto_role_id", Role, "role"),
        ],
        fixed: &[("card", true)],
    },
    Template {
        there: "goodbye_system",
        here: "goodbye",
        parameters: &[
            ("goodbye_channel_id", Channel, "channel"),
            ("goodbye_message", Text, "message"),
            ("use_embed", Flag, "card"),
        ],
        fixed: &[("card", true)],
    },
    Template {
        there: "auto_role_on_reaction",
        here: "reaction_roles",
        parameters: &[
            ("channel_id", Channel, "channel"),
            ("role_emoji_map", Keyed, "roles"),
            ("remove_role_on_unreact", Flag, "undo"),
        ],
        fixed: &[("undo", true)],
    },
    Template {
        there: "message_filter",
        here: "word_filter",
        parameters: &[
            ("banned_words", Text, "words"),
            ("log_channel_id", Channel, "log"),
            ("ignore_roles", Roles, "exempt"),
            ("case_sensitive", Flag, "case"),
        ],
        fixed: &[],
    },
    Template {
        there: "leveling_system",
        here: "levels",
        parameters: &[
            ("xp_per_message", Whole, "points"),
            ("xp_cooldown", Whole, "pause"),
            ("levelup_channel_id", Channel, "channel"),
            ("levelup_message", Text, "message"),
            ("role_rewards", Keyed, "rewards"),
        ],
        fixed: &[],
    },
    Template {
        there: "scheduled_announcement",
        here: "announcement",
        parameters: &[
            ("announcement_channel_id", Channel, "channel"),
            ("announcement_message", Text, "message"),
            ("use_embed", Flag, "card"),
        ],
        fixed: &[],
    },
    Template {
        there: "voice_activity_tracker",
        here: "voice_log",
        parameters: &[
            ("log_channel_id", Channel, "channel"),
            ("log_joins", Flag, "joins"),
            ("log_leaves", Flag, "leaves"),
            ("log_mutes", Flag, "mutes"),
        ],
        fixed: &[
            ("joins", true),
            ("leaves", true),
            ("moves", false),
            ("mutes", false),
        ],
    },
    Template {
        there: "webhook_bridge",
        here: "webhook_bridge",
        parameters: &[
            ("webhook_url", Text, "url"),
            ("trigger_channels", Channels, "channels"),
            ("include_bots", Flag, "bots"),
            ("payload_template", Text, "payload"),
        ],
        fixed: &[],
    },
    Template {
        there: "dynamic_voice_channels",
        here: "rooms",
        parameters: &[
            ("trigger_channel_id", Channel, "entrance"),
            ("category_id", Channel, "category"),
            ("channel_name_template", Text, "name"),
            ("user_limit", Whole, "places"),
            ("delete_when_empty", Flag, "delete"),
        ],
        fixed: &[("delete", true)],
    },
];
