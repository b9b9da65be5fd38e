//! Schedules: what plugins do at a time, kept in the bot's database.

mod when;

pub(crate) use when::problems;
