//! Formats of our plugins, in which things found are written: an automation, a schedule's time, a snapshot.

mod automation;
mod condition;
mod cron;
mod snapshot;
mod templates;

pub(crate) use self::{
    automation::{automation, roles},
    cron::cron,
    snapshot::{KNOWS, snapshot},
};
