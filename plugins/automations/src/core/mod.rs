//! The engine without Discord in it: variables, arithmetic, what may be done, and the run of a pipeline.

mod action;
mod arithmetic;
mod judge;
mod occasion;
mod run;
mod variables;

pub(crate) use action::Action;
pub(crate) use judge::{ChannelSeen, RoleSeen, Standing, Target, judge, reaches};
pub(crate) use occasion::{Occasion, Person};
pub(crate) use run::{Callee, Ended, Failure, Frame, Run, World, advance};
pub(crate) use variables::{expand, harmless};
