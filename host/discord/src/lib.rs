//! Discord as the host knows it: gateway sessions, the REST API, a cache, and answers to members.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`gateway`] | shards and their sessions; a change of intents without a gap |
//! | [`rest`] | Discord's REST API: its limits, repeats, what may be sent |
//! | [`cache`] | what is kept of servers, channels, roles and members, and what they may do |
//! | [`reply`] | answers to interactions and messages, each given once |
//! | [`later`] | what happens to a message later: deleted, its components disabled |
//! | [`alerts`] | alerts to the owner, in a channel |
//! | [`intents`] | the intents that manifests need |
//! | [`lenient`] | Discord's JSON read field by field: there, absent, or unreadable |
//! | [`figures`] | what is counted of all that |
//!
//! Deliberately absent: commands, routes, the loader's set of plugins.

pub mod alerts;
pub mod cache;
pub mod figures;
pub mod gateway;
pub mod intents;
pub mod later;
pub mod lenient;
pub mod reply;
pub mod rest;

pub use alerts::Alerts;
pub use cache::Cache;
pub use later::Later;
pub use reply::Replies;
pub use rest::Discord;
