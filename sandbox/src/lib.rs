//! Simulated Discord on loopback: gateway, REST, a world of guilds and users, actors to play them, scripts, and a web
//! page. It knows Discord only, and nothing of the bot that is tried out.
//!
//! ```text
//!  page ──┐                                      ┌── gateway ◀──▶ bot
//!  script ┼─▶ actor ─▶ state (world, one mutex) ─┤
//!  test ──┘              ▲   what it tells ──────┘
//!                        └────────────────────────── REST ◀────── bot
//! ```
//!
//! A change of the [`World`] is a method of it, which also says what Discord would tell about it. The one owner of
//! everything that changes (`state`) hands that to the gateway's sessions and wakes whoever waits. Nothing
//! polls and nothing sleeps.
//!
//! # Examples
//!
//! ```no_run
//! # async fn story() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use sandbox::{Options, Sandbox};
//!
//! let sandbox = Sandbox::start(Options::default()).await?;
//! // … start a bot with sandbox.token(), sandbox.http_proxy() and sandbox.gateway_url() …
//! sandbox.bot_ready(Duration::from_secs(10)).await?;
//!
//! let member = sandbox.actor("member")?;
//! let sent = member.says("general", "!hello").await?;
//! let reply = member.expects_reply_to(&sent).await?;
//! assert_eq!(reply.content, "Hello, member!");
//!
//! let asked = member.slash("general", "echo", &[("text", "hi".into())]).await?;
//! member.expects_reply_to(&asked).await?;
//! # Ok(())
//! # }
//! ```

mod actor;
mod bells;
mod clock;
mod context;
mod control;
mod error;
mod fault;
mod faults;
mod gateway;
mod handle;
mod http;
mod hub;
mod limit;
mod oauth;
mod options;
mod order;
mod origin;
mod raw;
mod report;
mod rest;
pub mod script;
mod server;
mod state;
mod token;
mod traffic;
mod view;
mod web;
mod wire;
mod world;

pub use crate::{
    actor::{Actor, Sent},
    clock::{Clock, Turns},
    error::Error,
    fault::{Effect, ErrorBody, Fault, Forestaller},
    faults::Faults,
    handle::Sandbox,
    limit::Scope,
    oauth::OAuthClient,
    options::{GatewayLimits, Options, RateLimits},
    report::{PartState, Report},
    traffic::{Crossing, Way},
    view::{InteractionView, MessageView, ResponseState},
    world::{World, WorldError, WorldProblem},
};

/// Whether Discord would take these commands, registered together.
///
/// # Errors
///
/// Discord's error body, as the REST API would answer it.
pub fn check_commands<'a>(
    commands: impl IntoIterator<Item = &'a serde_json::Value>,
) -> Result<(), serde_json::Value> {
    match rest::check_commands(commands) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.body),
    }
}
