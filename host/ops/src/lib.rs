//! Operator-facing parts of the host: configuration, environment, log. Nothing here knows Discord, plugins or
//! databases.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`audit`] | the audit journal: who changed what, each line chained to the last |
//! | [`config`] | `config.toml`: a struct per table, read strictly; [`config::Live`] is the configuration as it is now |
//! | [`mod@env`] | the environment and `.env`: the token, the owner, shards, secrets |
//! | [`folders`] | folders that the configuration names and that are not there |
//! | [`filter`] | log filters as the operator writes them: levels by name |
//! | [`log`] | the log: standard error and files that are rotated |

pub mod audit;
pub mod config;
pub mod env;
pub mod filter;
pub mod folders;
pub mod log;
mod rotated;
