//! Event record: an event as it came from Discord, and the header that is read without parsing.

use plugin_api::abi::EventHeader;

/// An event as it came from Discord, shared by all plugins that get it.
#[derive(Debug)]
pub struct EventRecord {
    /// Ids and flags; its pointers are empty.
    pub header: EventHeader,
    /// A message's text.
    pub content: String,
    /// The user's name.
    pub user_name: String,
    /// Discord's JSON: the event's `d`.
    pub json: String,
}

impl EventRecord {
    /// Whoever caused it, as notes keep them: their name and their id.
    #[must_use]
    pub fn who(&self) -> String {
        format!("{} ({})", self.user_name, self.header.user_id)
    }
}
