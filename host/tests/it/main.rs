//! Integration tests of the whole bot on the sandbox: real plugins, compiled here, loaded into a real host.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on says so by panicking"
)]

mod access;
mod answers;
mod api;
mod attacks;
mod authority;
mod authors;
mod beats;
mod cache;
mod callbacks;
mod calls;
mod chosen;
mod cli;
mod comforts;
mod commands;
mod components;
mod crash;
mod doors;
mod ended;
mod environment;
mod everything;
mod examples;
mod fences;
mod files;
mod fixtures;
mod floods;
mod forged;
mod framework;
mod full;
mod gateway;
mod grouped;
mod handover;
mod help;
mod hooks;
mod hostile;
mod info;
mod interactions;
mod keeps;
mod kept;
mod knows;
mod limits;
mod manage;
mod manners;
mod matrix;
mod mutate;
mod mutations;
mod observe;
mod odd;
mod operator;
mod owner;
mod panics;
mod planner;
mod prefix;
mod process;
mod refused;
mod relay;
mod reload;
mod renewal;
mod schedules;
mod settings;
mod shards;
mod soak;
mod states;
mod storage;
mod support;
mod threads;
mod torture;
mod usable;
mod watch;
mod web;
mod words;
mod wrong_inputs;
