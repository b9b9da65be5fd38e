//! Validation of request bodies, as Discord does it.

mod choice_field;
mod command;
mod command_option;
mod component;
mod embed;
pub(super) mod form;
mod layout;
mod message;
mod modal;
mod poll;

pub(super) use self::{
    command::command,
    command_option::namesakes,
    embed::is_url,
    message::{edited, message, not_emptied, not_empty},
    modal::modal,
};
