//! Utilities below every other crate of the host. Nothing here knows Discord, plugins, databases or the configuration.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`plugin_name`] | a plugin's name, parsed once where it comes in |
//! | [`names`] | when two names are the same |
//! | [`nearest`] | spelling suggestions: the known name that a word may stand for |
//! | [`error_id`] | short ids by which a member's report leads to a line of the log |
//! | [`shown`] | other people's words, made safe for the log and for Discord |
//! | [`invisible`] | characters that nobody sees |
//! | [`redact`] | secrets, masked by their value in whatever leaves |
//! | [`timing`], [`bounded`] | a histogram of durations; a map of counts that can't be blown up |
//! | [`lag`] | how late something is that should come at once |
//! | [`share`] | how many lines of the log somebody may fill |
//! | [`clock`] | the wall clock, or a test's |
//! | [`private`] | files and folders that nobody else on the machine reads |

pub mod bounded;
pub mod clock;
pub mod error_id;
pub mod invisible;
pub mod lag;
pub mod names;
pub mod nearest;
pub mod plugin_name;
pub mod private;
pub mod redact;
pub mod share;
pub mod shown;
pub mod timing;

pub use plugin_name::PluginName;
