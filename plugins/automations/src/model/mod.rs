//! Model of an automation: template, parameters, conditions and steps. Nothing here knows how Discord is reached.

mod address;
mod condition;
mod condition_text;
mod parameter;
mod step;
mod values;

use plugin_api::prelude::*;

pub(crate) use address::{host_of, hosts_only};
pub(crate) use condition::{Condition, Facts, Rank, RoleAt};
pub(crate) use condition_text::{print, read};
pub(crate) use parameter::{Keyed, Kind, Parameter, color};
pub(crate) use step::{Card, Place, STEPS, Step, span};
pub(crate) use values::Parameters;

/// A server's id.
pub(crate) type Guild = Id<marker::GuildMarker>;
/// A user's id.
pub(crate) type User = Id<marker::UserMarker>;
/// A role's id.
pub(crate) type Role = Id<marker::RoleMarker>;
/// A channel's id.
pub(crate) type Channel = Id<marker::ChannelMarker>;
/// A message's id.
pub(crate) type Message = Id<marker::MessageMarker>;
