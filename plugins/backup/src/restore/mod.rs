//! Restore of a server: shown first, done step by step, gone on with after a restart, undone.

mod act;
mod begin;
mod choice;
mod commands;
mod finish;
mod job;
mod members;
mod outage;
mod preview;
mod run;
mod screen;
mod world;

pub(crate) use self::{
    commands::{chosen, restore, stop, undo},
    preview::COMPONENT,
    run::resume_all,
};
