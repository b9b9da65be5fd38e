//! Commands, from a member's message or interaction to the plugin's handler, and their registration with Discord.
//!
//! Deliberately absent: the events that bring them (`dispatch`), the owner's own commands.
//!
//! | file | what it does |
//! | --- | --- |
//! | `pipeline.rs` | what the steps of a use work with |
//! | `prefix.rs` | what a text command begins with |
//! | `names.rs` | which command a registered name means |
//! | `registered.rs` | what is registered with Discord, and how each command is reached |
//! | `request.rs` | one use of a command, whatever it came by, through all the steps |
//! | `policy.rs`, `rules.rs` | who owns the bot, what servers have set |
//! | `authorize/` | who may |
//! | `checks.rs` | what the plugin's own checks say |
//! | `refusal.rs` | sentences for members whose command its plugin can't take |
//! | `limits.rs` | how often, and how many at once |
//! | `read/` | what was typed or picked, as typed options |
//! | `usage.rs` | the usage line, and how a command is written |
//! | `usage_log.rs` | how often commands are used, by day |
//! | `autocomplete.rs` | values that are proposed while a member types |
//! | `host_calls.rs` | the `commands.…` host calls |
//! | `view.rs` | what is told of a command, and of all that somebody may use |
//! | `own.rs` | the commands that the host serves itself |
//! | `router/` | the routing table: which plugin gets which command, component and event |
//! | `registration/` | what is registered with Discord: a layout that fits its limits, and the difference to what is there |
//! | `manifest_check.rs` | whether declared commands can be served |

pub mod authorize;
pub mod autocomplete;
mod checks;
mod host_calls;
mod limits;
pub mod manifest_check;
pub mod names;
mod own;
mod pipeline;
mod policy;
pub mod prefix;
pub mod read;
mod refusal;
mod registered;
pub mod registration;
pub mod request;
pub mod router;
mod rules;
pub mod usage_line;
mod usage_log;
mod view;

pub use self::{limits::Running, refusal::refusal};
pub use self::{
    own::{OwnCommand, OwnCommands},
    pipeline::Pipeline,
    policy::Policy,
    registered::{HOST, How, Key, ListedCommand, Registered},
    rules::{GuildRules, Rules},
    usage_log::{CommandUse, UsageLog, WRITTEN_EVERY},
};
