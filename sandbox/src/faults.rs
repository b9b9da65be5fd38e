//! Handle to the faults of a sandbox.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::{
    error::Error,
    fault::{Effect, Fault},
    hub::Order,
    rest,
    state::Shared,
    world::Alarm,
};

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
    check(&fault).map_err(Error::Refused)?;
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

/// Says what is wrong with a fault that can never strike.
fn check(fault: &Fault) -> Result<(), String> {
    match fault {
        Fault::Request { route, effect } => {
            let path = route.split_once(' ').map(|(_, path)| path);
            if !path.is_some_and(|path| path.starts_with('/')) {
                return Err(format!(
                    "`{route}` is no route: `POST /channels/*/messages`"
                ));
            }
            check_effect(effect)
        }
        Fault::ReconnectStorm { every_ms: 0 } | Fault::InvalidateStorm { every_ms: 0 } => {
            Err("a storm needs time between its waves".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_effect(effect: &Effect) -> Result<(), String> {
    match effect {
        Effect::Status { status, .. } | Effect::FailAnswer { status, .. }
            if !(400..600).contains(status) =>
        {
            Err(format!("{status} is no error's status"))
        }
        Effect::Status { status, .. } | Effect::FailAnswer { status, .. } => {
            let status = StatusCode::from_u16(*status);
            status.map(drop).map_err(|error| error.to_string())
        }
        Effect::Refuse { code } if !rest::knows_error(*code) => {
            Err(format!("{code} is no code that is known here"))
        }
        _ => Ok(()),
    }
}
