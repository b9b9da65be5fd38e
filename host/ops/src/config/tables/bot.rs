//! `[bot]`: how people address the bot.

use crate::config::{
    prefix::check_prefix,
    values::{IdOf, boolean, id, list, text},
};

table! {
    /// `[bot]`: how people address the bot.
    Bot {
        /// What a text command starts with: 1 to 5 characters.
        live prefix: String = "!".into(), text(check_prefix);
        /// Whether a mention of the bot works like the prefix.
        live mention_prefix: bool = true, boolean;
        /// Ids of the users who may do everything, beside the one in `BOT_OWNER_ID`.
        live owner_ids: Vec<u64> = Vec::new(), list("a list of user ids", id(IdOf::User));
    }
}
