//! Storage of plugins: SQL databases, key-value stores and files.
//!
//! What one plugin stores, another neither reads nor changes but where both say so; whoever floods waits in a line of its own; and how much
//! each may keep is counted over all of it together. `docs/fences.md` says for each what is fenced, what is shared, and the limits.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`storage`] | SQL databases, one of the bot's and one of each server's; key-value stores in them; migrations, backups, a user's data |
//! | [`files`] | files of plugins, in a folder each and in those that the owner grants |
//! | [`disk`] | how much each plugin keeps, and may keep |
//! | [`latency`] | how long the disk takes for what they write |
//!
//! Both are capabilities of any program. Deliberately absent: Discord.

mod database_id;
pub mod disk;
pub mod files;
pub mod latency;
pub mod storage;

pub use files::{BotFiles, Files};
pub use storage::Storage;
