//! Integration tests of the sandbox, with clients that we did not write: twilight's gateway and HTTP crates.

#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

mod applications;
mod bot;
mod callbacks;
mod clock;
mod closing;
mod command_access;
mod commands;
mod components;
mod compression;
mod control;
mod described;
mod events;
mod expressions;
mod faults;
mod forwards;
mod frames;
mod gateway;
mod guilds;
mod intents;
mod invites;
mod limits;
mod logins;
mod managed;
mod member_lists;
mod messages;
mod oauth;
#[path = "../openapi/mod.rs"]
mod openapi;
mod origins;
mod page;
mod payload;
mod places;
mod polls;
mod presence;
mod raw;
mod reactions;
mod responses;
mod roles;
mod rules;
mod settings;
mod stories;
mod threads;
mod tour;
mod uploads;
mod voice;
mod webhooks;
mod wire;
mod world;
