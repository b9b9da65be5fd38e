//! Contexts that handlers are given.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `invocation.rs` | what commands and components have in common: who, where, and how to answer |
//! | `said.rs` | what a message or interaction says of who it is |
//! | `invoker.rs` | who invoked it: roles, names, picture, language, permissions |
//! | `command.rs` | a command's options |
//! | `component.rs` | a component's argument, a select's values, a modal's fields |
//! | `question.rs` | questions that a handler awaits the answer to |
//! | `pages.rs` | answers of several pages |
//! | `progress.rs` | a message that shows how far something is |
//! | `reply.rs` | an answer that was sent, to change it later |
//! | `resolved.rs` | what an interaction tells of what was picked |
//! | `event.rs` | an event, read lazily |
//! | `error.rs` | an error of a handler, and its invocation |
//! | `awaited.rs` | messages and reactions that a handler waits for |

mod awaited;
mod command;
mod component;
mod error;
mod event;
mod invocation;
mod invoker;
mod pages;
mod progress;
mod question;
mod reply;
mod resolved;
mod said;
mod user;

pub use self::{
    command::CommandContext,
    component::ComponentContext,
    error::ErrorContext,
    event::{EventContext, MessageEvent},
    invocation::Invocation,
    pages::PageContext,
    progress::Progress,
    question::Fields,
    reply::Reply,
    user::User,
};
pub(crate) use self::{pages::turned, question::clicked};
