//! List of settings, a field each.

use plugin_api::{
    abi::DescribeReply,
    prelude::*,
    text::{FIELDS, clip, plain},
};

use crate::words::lines;

/// Characters of an embed that are left for its fields.
const EMBED: usize = 5_300;

/// Settings, each with what it is and may be.
pub(super) fn listed(title: &str, all: &DescribeReply) -> NewMessage {
    let count = all.settings.len();
    let mut shown = embed(title);
    if let Some(trouble) = &all.trouble {
        let text = format!(
            "⚠ config.toml can't be read, the last good values hold:\n{}",
            clip(&plain(trouble), 300)
        );
        shown = shown.error().description(text);
    } else if count == 0 {
        shown = shown.description("Nothing is set, and no loaded plugin declares settings.");
    } else if count > FIELDS {
        shown = shown.description(format!(
            "{FIELDS} of {count}; name a plugin or a table for the others"
        ));
    }
    // Discord takes so many characters of all of them.
    let room = EMBED / count.clamp(1, FIELDS);
    for one in all.settings.iter().take(FIELDS) {
        let room = room.saturating_sub(one.path.len()).clamp(60, 220);
        shown = shown.field(&one.path, clip(&lines(one), room), false);
    }
    shown.build().into()
}
