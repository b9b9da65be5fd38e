//! Fault injection: what goes wrong at Discord now and then goes wrong here when a test says so.

mod kind;
mod rest;
mod set;

use std::sync::Arc;

use serde_json::Value;

pub use self::kind::{Effect, ErrorBody, Fault, Forestaller, Scope};
pub(crate) use self::{
    rest::serve,
    set::{AnyFault, FaultSet},
};
use crate::{error::Error, gateway::Order, state::Shared, world::Alarm};

/// A handle to the faults of a sandbox. Each fault strikes what it fits, in the order of their coming, until it
/// has struck as often as it should or is removed; the record of the traffic tells each strike.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), sandbox::Error> {
/// use sandbox::{Effect, Fault, Options, Sandbox};
///
/// let sandbox = Sandbox::start(Options::default()).await?;
/// // The next message is posted, but the bot never hears of it.
/// let lost = Fault::request("POST /channels/*/messages", Effect::LoseAnswer);
/// let id = sandbox.faults().add(lost, Some(1))?;
/// assert!(sandbox.faults().remove(id));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Faults {
    shared: Arc<Shared>,
}

impl Faults {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
        }
    }

    /// Adds a fault that strikes so many times, or each time with `None`; gives its number.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it cannot be read: a route without a method, a status that is none.
    pub fn add(&self, fault: Fault, times: Option<u32>) -> Result<u64, Error> {
        add(&self.shared, fault, times)
    }

    /// Removes a fault; `false` if it is gone already.
    pub fn remove(&self, id: u64) -> bool {
        self.shared.change(|state| state.faults.remove(id))
    }

    /// Removes all faults.
    pub fn clear(&self) {
        self.shared.change(|state| state.faults.clear());
    }

    /// The faults that can still strike, with their numbers and how often they will.
    #[must_use]
    pub fn all(&self) -> Vec<(u64, Fault, Option<u32>)> {
        self.shared.read(|state| state.faults.all())
    }

    /// Sends op 9 with `true` to every connection: the sessions are to be resumed.
    pub fn invalidate_for_now(&self) {
        self.shared
            .change(|state| state.hub.order_all(&Order::InvalidateForNow));
    }

    /// Lets every gateway connection hang: the sockets stay, but nothing is read or sent any more. The sessions can
    /// be resumed on new connections.
    pub fn hang_connections(&self) {
        self.shared
            .change(|state| state.hub.order_all(&Order::Hang));
    }
}

pub(crate) fn add(shared: &Shared, fault: Fault, times: Option<u32>) -> Result<u64, Error> {
    fault.check().map_err(Error::Refused)?;
    Ok(shared.change(|state| {
        let storm = fault.storm();
        let id = state.faults.add(fault, times);
        if let Some((every, _)) = storm {
            let due = state.world.clock.after_us(every);
            state.world.alarms.set(due, Alarm::Storm(id));
        }
        id
    }))
}

/// A storm's next wave, and the alarm for the one after it.
pub(crate) fn storm(state: &mut crate::state::State, id: u64) {
    let Some((every, order)) = state.faults.strike_storm(id, &mut state.traffic) else {
        return;
    };
    state.hub.order_all(&order);
    let due = state.world.clock.after_us(every);
    state.world.alarms.set(due, Alarm::Storm(id));
}

/// All faults as JSON, for the control over HTTP.
pub(crate) fn listed(set: &FaultSet) -> Vec<Value> {
    let all = set.all().into_iter();
    all.map(|(id, fault, times)| serde_json::json!({"id": id, "times": times, "fault": fault}))
        .collect()
}
