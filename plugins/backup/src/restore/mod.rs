//! Restore of a server: shown first, done step by step, gone on with after a restart, undone.

mod act;
mod begin;
mod choice;
mod finish;
mod job;
mod members;
mod preview;
mod run;
mod screen;

pub(crate) use self::{
    job::resume_all,
    preview::{COMPONENT, chosen, restore, stop, undo},
};
