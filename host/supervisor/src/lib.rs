//! Supervisor: the small process above the bot. It starts the bot again when it has crashed, says how it ended, passes signals on and
//! puts newer programs in its place. It knows nothing of Discord, plugins or the configuration, and has no runtime.
//!
//! ```text
//! systemd, terminal, container ──signals──▶ supervisor ──signals──▶ bot (the same program, `Supervised`)
//!                              ◀──READY────     ▲   └── data/run/last-end.json ──▶ │
//!                                               └────── data/run/{ready,heart,ended}┘
//! ```
//!
//! The two tell each other by files below `data/run/` and by signals, never by descriptors: either may be another version than the other
//! (`docs/decisions/0083-a-supervisor-above-the-bot.md`).
//!
//! | module | what it is |
//! | --- | --- |
//! | `run_folder` | the files of `data/run/` |
//! | `supervised` | the bot's side: it says that it is ready, that it lives, that it ends in order |
//! | `end` | how a process ended, in words |
//! | `last_end` | what the next bot is told of it |
//! | `verdict` | what follows from an end |
//! | `hang` | whether the bot's main loop goes on |
//! | `pace` | pauses between restarts |
//! | `memory` | the kernel's count of processes that it killed for memory |
//! | `log_lines` | the supervisor's lines in the log |
//! | `manager` | what systemd is told |
//! | `signals` | signals as they come |
//! | `upgrade` | a newer program in the place of the running one, and back |
//! | `supervisor` | the loop |

mod end;
mod hang;
mod last_end;
mod log_lines;
mod manager;
mod memory;
mod pace;
mod run_folder;
mod signals;
mod supervised;
mod supervisor;
mod upgrade;
mod verdict;

pub use end::How;
pub use last_end::LastEnd;
pub use log_lines::LogFile;
pub use pace::Pace;
pub use run_folder::{Places, Running, running};
pub use supervised::Supervised;
pub use supervisor::{Configured, Settings, SuperviseError, supervise};
pub use upgrade::{Outcome, Request, UpgradeError, ask, install};
