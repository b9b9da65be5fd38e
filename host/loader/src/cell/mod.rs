//! Cell: a process that a plugin lives in. The same library runs there, unchanged, behind the same mailbox and bridge: what crosses the
//! boundary crosses a socket as well, and nothing else does (docs/decisions/0087).
//!
//! | module | what it is |
//! | --- | --- |
//! | `wire/`, `incoming.rs` | the records on the socket, written and read |
//! | `handle.rs` | the process, as the rest of the host sees it |
//! | `pump.rs` | the bot's side: the generation's own thread carries frames one way and messages the other |
//! | `child.rs`, `stand_in.rs` | the cell's side: opens the library and stands in for the mailbox and the host |
//!
//! The executable must answer the subcommand [`SUBCOMMAND`] with [`run`].

mod child;
mod handle;
mod incoming;
mod pump;
mod stand_in;
mod wire;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use self::pump::start;
pub use self::{child::run, handle::Cell};
use crate::{LoadError, isolation::Limits};

/// The hidden subcommand that a cell is started with.
pub const SUBCOMMAND: &str = "cell";

/// What the bot tells a cell first.
#[derive(Debug, Serialize, Deserialize)]
struct Begin {
    /// The [`wire::VERSION`] that the bot speaks.
    version: u32,
    /// The library.
    file: PathBuf,
    /// What its thread is called.
    thread: String,
    /// The plugin.
    plugin: String,
    /// Which load of it.
    generation: u64,
    /// What it may take.
    limits: Limits,
}

/// Where the library lies in its cell.
#[derive(Debug, Serialize, Deserialize)]
struct Opened {
    base: usize,
    low: usize,
    high: usize,
    /// What its sandbox lacks; `None` without a sandbox.
    lacks: Option<Vec<String>>,
}

/// Why a library was not opened: the [`LoadError`]s of its opening, as they cross.
#[derive(Debug, Serialize, Deserialize)]
enum Refused {
    Open { reason: String },
    Boundary { reason: String },
    Layout { differences: String, ours: String },
    Sandbox { lacks: String },
}

impl From<LoadError> for Refused {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Boundary { reason } => Self::Boundary { reason },
            LoadError::Layout { differences, ours } => Self::Layout { differences, ours },
            LoadError::Open { reason } => Self::Open { reason },
            LoadError::Sandbox { lacks } => Self::Sandbox { lacks },
            other => Self::Open {
                reason: other.to_string(),
            },
        }
    }
}

impl From<Refused> for LoadError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Open { reason } => Self::Open { reason },
            Refused::Boundary { reason } => Self::Boundary { reason },
            Refused::Layout { differences, ours } => Self::Layout { differences, ours },
            Refused::Sandbox { lacks } => Self::Sandbox { lacks },
        }
    }
}
