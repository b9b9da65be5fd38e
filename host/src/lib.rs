//! The Cogwright host: loads, routes and reloads compiled plugins under a running Discord bot.
//!
//! ```text
//! discord ─▶ gateway ─▶ dispatch ─▶ mailbox ─▶ plugin thread ─▶ plugin ─┐
//! discord ◀─ services ◀──────────────────────── host call ◀─────────────┘
//! ```
//!
//! The modules in reading order: [`bot`] wires everything; [`gateway`] reads the shards; [`dispatch`] decides what an event is;
//! [`commands`] reads what members type and pick; [`router`] knows who gets it; the loader (`host_loader`) loads, serves and unloads, and [`program`] is what it is told of the bot; [`services`] answer what plugins ask; [`owner`] serves
//! owner commands; [`figures`] are what is counted, and [`metrics`] how the operator sees it; [`registration`] and [`status`] keep Discord up to date; [`cli`] is the command line.
//!
//! Below this crate: [`host_base`] is what every part may know, [`host_ops`] what the operator says and sees.

pub mod bot;
pub mod cli;
pub mod dispatch;
pub mod metrics;
pub mod owner;
pub mod program;
pub mod services;
pub mod status;

pub use bot::{Bot, BotError, run};
