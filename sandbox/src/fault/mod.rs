//! Fault injection: what goes wrong at Discord now and then goes wrong here when a test says so.

mod kind;
mod set;

use serde_json::Value;

pub use self::kind::{Effect, ErrorBody, Fault, Forestaller};
pub(crate) use self::set::{AnyFault, FaultSet};

/// All faults as JSON, for the control over HTTP.
pub(crate) fn listed(set: &FaultSet) -> Vec<Value> {
    let all = set.all().into_iter();
    all.map(|(id, fault, times)| serde_json::json!({"id": id, "times": times, "fault": fault}))
        .collect()
}
