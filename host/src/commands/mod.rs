//! Commands: from a member's message or interaction to a plugin's mailbox.
//!
//! | file | what it does |
//! | --- | --- |
//! | `table.rs` | which commands there are, by path and by context menu |
//! | `prefix.rs` | what a text command begins with |
//! | `request.rs` | one use of a command, whatever it came by |
//! | `gate/` | who may |
//! | `checks.rs` | what the plugin's own checks say |
//! | `limits.rs` | how often, and how many at once |
//! | `read/` | what was typed or picked, as typed options |
//! | `usage.rs` | the usage line, and how a command is written |
//! | `names.rs` | which command a registered name means |
//! | `autocomplete.rs` | values that are proposed while a member types |

pub(crate) mod autocomplete;
pub(crate) mod checks;
pub(crate) mod gate;
pub(crate) mod limits;
pub(crate) mod names;
pub(crate) mod prefix;
pub(crate) mod read;
pub(crate) mod request;
pub(crate) mod table;
pub(crate) mod usage;

use host_loader::Refused;

pub use self::table::{CommandRoute, Found, GroupRoute};

/// What a member is told whose command its plugin takes no work for.
pub(crate) fn refusal(refused: Refused) -> String {
    match refused {
        Refused::Full => {
            "This command has too much to do right now. Please try again in a minute.".into()
        }
        Refused::Closed => "This command is being unloaded. Please try again later.".into(),
    }
}
