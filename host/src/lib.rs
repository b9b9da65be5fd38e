//! The Cogwright host: loads, routes and reloads compiled plugins under a running Discord bot.
//!
//! ```text
//! discord ─▶ gateway ─▶ dispatch ─▶ mailbox ─▶ plugin thread ─▶ plugin ─┐
//! discord ◀─ services ◀──────────────────────── host call ◀─────────────┘
//! ```
//!
//! This is the program; what it is made of are crates below it, in reading order: [`host_discord`] (gateway, REST, cache, answers),
//! [`host_commands`] (routes, the pipeline of a use, registration), [`host_loader`] (plugins: loaded, served, unloaded), [`host_capability`] and
//! [`host_store`] (host calls; what plugins keep), [`host_ops`] (configuration, log), [`host_base`] (what all may know).
//! `docs/architecture.md` has the table of who may import whom, and a test holds them to it.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`bot`] | everything wired together, and the one loop that moves it |
//! | [`dispatch`] | what an event is, and who gets it |
//! | [`services`] | the answers to host calls: the list of capabilities |
//! | [`program`] | the bot as the loader sees it |
//! | [`owner`] | owner commands |
//! | [`metrics`] | the page that a Prometheus server reads |
//! | [`status`] | the text that the bot shows on Discord |
//! | [`crashes`] | what the last process has died of, and whose fault that was |
//! | [`cli`] | the command line |

pub mod bot;
pub mod cli;
pub mod crashes;
pub mod dispatch;
pub mod metrics;
pub mod owner;
pub mod program;
pub mod services;
mod site;
pub mod status;

pub use bot::{Bot, BotError, run};
