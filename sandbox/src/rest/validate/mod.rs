//! What Discord checks in a body before it takes it.

mod command;
mod component;
mod embed;
pub(super) mod form;
mod message;
mod modal;
mod poll;

pub(super) use self::{
    command::command,
    embed::is_url,
    message::{message, not_emptied, not_empty},
    modal::modal,
};
