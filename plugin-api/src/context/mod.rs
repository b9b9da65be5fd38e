//! What handlers are given.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `invocation.rs` | what commands and components have in common: who, where, and how to answer |
//! | `command.rs` | a command's options |
//! | `component.rs` | a component's argument, a select's values, a modal's fields |
//! | `reply.rs` | an answer that was sent, to change it later |
//! | `event.rs` | an event, read lazily |

mod command;
mod component;
mod event;
mod invocation;
mod reply;
mod user;

pub use self::{
    command::CommandContext, component::ComponentContext, event::EventContext,
    invocation::Invocation, reply::Reply, user::User,
};
