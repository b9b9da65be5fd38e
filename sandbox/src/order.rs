//! Orders to the sandbox itself, by HTTP and by script lines alike.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, json};

use crate::{
    error::Error,
    fault::{self, Fault},
    faults,
    hub::{Close, Order},
    state::Shared,
    world::snowflake::iso,
};

/// One thing to do; in JSON, `do` names it: `{"do": "close", "code": 4000}`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Control {
    /// Op 7 to every connection.
    Reconnect,
    /// Op 9 to every connection; the sessions end, unless they are to be resumed.
    Invalidate {
        #[serde(default)]
        resumable: bool,
    },
    /// Op 1 to every connection.
    AskForHeartbeats,
    /// Every connection ends without a close frame.
    Drop,
    /// Every connection stays, but nothing is read or sent any more.
    Hang,
    /// Every connection is closed with this code.
    Close { code: u16 },
    /// The clock stops.
    Pause,
    /// The clock goes on.
    Resume,
    /// The clock moves forward.
    Advance {
        #[serde(rename = "seconds", deserialize_with = "seconds")]
        by: Duration,
    },
    /// Other rate limits from now on: `generous`, `strict` or `discord`.
    RateLimits { limits: String },
    /// Something goes wrong from now on, so many times or always.
    Fault {
        fault: Fault,
        #[serde(default)]
        times: Option<u32>,
    },
    /// A fault is over, or all of them.
    Heal {
        #[serde(default)]
        id: Option<u64>,
    },
    /// Any payload as a gateway event; see [`crate::Sandbox::raw_event`].
    Raw { event: String, data: Value },
    /// A whole payload; see [`crate::Sandbox::raw_payload`].
    RawPayload { payload: String },
    /// No faults, the limits of the start with nothing used, and the clock runs. The world stays as it is.
    Reset,
}

impl Control {
    /// Does it.
    pub(crate) fn apply(self, shared: &Shared) -> Result<(), Error> {
        let order = |order: Order| shared.change(|state| state.hub.order_all(&order));
        let clock = shared.read(|state| state.world.clock.clone());
        match self {
            Self::Reconnect => order(Order::Reconnect),
            Self::Invalidate { resumable: false } => order(Order::Invalidate),
            Self::Invalidate { resumable: true } => order(Order::InvalidateForNow),
            Self::AskForHeartbeats => order(Order::AskForHeartbeat),
            Self::Drop => order(Order::Cut),
            Self::Hang => order(Order::Hang),
            Self::Close { code } => {
                let close = Close::by_code(code)
                    .ok_or_else(|| Error::Refused(format!("Discord closes nothing with {code}")))?;
                order(Order::Close(close));
            }
            Self::Pause => clock.pause(),
            Self::Resume => clock.resume(),
            Self::Advance { by } => clock.advance(by),
            Self::RateLimits { limits } => {
                let limits = limits.parse().map_err(Error::Refused)?;
                shared.change(|state| state.limits.set(limits));
            }
            Self::Fault { fault, times } => {
                faults::add(shared, fault, times)?;
            }
            Self::Heal { id: None } => shared.change(|state| state.faults.clear()),
            Self::Heal { id: Some(id) } => {
                if !shared.change(|state| state.faults.remove(id)) {
                    return Err(Error::Refused(format!("there is no fault {id} any more")));
                }
            }
            Self::Raw { event, data } => {
                shared.raw_event(&event, data.to_string(), None);
            }
            Self::RawPayload { payload } => shared.raw_payload(payload),
            Self::Reset => {
                clock.resume();
                shared.change(|state| {
                    state.faults.clear();
                    state.limits.reset();
                });
            }
        }
        Ok(())
    }

    /// How the sandbox is set: its clock, its limits.
    pub(crate) fn settings(shared: &Shared) -> Value {
        shared.read(|state| {
            let clock = &state.world.clock;
            json!({
                "clock": {
                    "now": iso(clock.now_us()),
                    "now_ms": clock.now_ms(),
                    "paused": clock.is_paused(),
                },
                "faults": fault::listed(&state.faults),
                "rate_limits": state.limits.mode().to_string(),
            })
        })
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)
}
