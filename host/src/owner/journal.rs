//! Audit journal of the owner commands: who typed one that changes something, and what it came to.

use host_loader::EventRecord;
use host_ops::audit::Deed;
use plugin_api::abi::Origin;
use serde_json::Value;

use super::{
    GROUP, Owner,
    line::{Wanted, shows_canary},
};

/// Who gave a command, where, and by which way.
#[derive(Debug)]
pub struct By {
    deed: Deed,
    who: String,
}

impl By {
    /// Whoever caused the event.
    #[must_use]
    pub fn of(event: &EventRecord, origin: &Origin) -> Self {
        let way = match origin {
            Origin::Interaction { .. } => "slash",
            _ => "message",
        };
        let deed = Deed {
            user: event.header.user_id,
            guild: event.header.guild_id,
            channel: event.header.channel_id,
            way: way.to_owned(),
            ..Deed::default()
        };
        Self {
            deed,
            who: event.who(),
        }
    }

    /// The server where they gave it; 0: none.
    pub(super) const fn guild_id(&self) -> u64 {
        self.deed.guild
    }

    /// Their name and id, as notes keep them.
    pub(super) fn who(&self) -> &str {
        &self.who
    }
}

/// Whether a command with these arguments changes something. What only shows is no line of the journal.
fn changes(name: &str, line: &str) -> bool {
    match name {
        "load" | "unload" | "set" | "unset" => !line.is_empty(),
        "reload" => !line.is_empty() && !shows_canary(line),
        "rollback" => !Wanted::of(line).shows(),
        "sync" => true,
        _ => false,
    }
}

impl Owner {
    /// Enters a command into the journal, unless it only shows something.
    pub(super) async fn record(&self, by: &By, name: &str, line: &str, embed: &Value) {
        if !changes(name, line) {
            return;
        }
        let said = |field: &str| embed[field].as_str().unwrap_or_default().to_owned();
        let (title, text) = (said("title"), said("description"));
        let deed = Deed {
            call: format!("{GROUP} {name}"),
            params: line.into(),
            result: match &*text {
                "" => title,
                text => format!("{title}: {text}"),
            },
            ..by.deed.clone()
        };
        self.services.authority.record(deed).await;
    }
}
