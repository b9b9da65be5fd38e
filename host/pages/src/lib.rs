//! The bot's web pages: one HTTP port, sessions, rights, and plugins' routes behind them.
//!
//! Deliberately absent: any page's content. Plugins declare routes, which requests reach as frames, as commands do.
//!
//! | file | what it does |
//! | --- | --- |
//! | `site.rs` | what the pages ask of the bot |
//! | `rights.rs` | what roles may be given, and the roles that come with the host |
//! | `access.rs` | who has which role: the access list |
//! | `sessions.rs` | who is logged in |
//! | `secret.rs` | tokens, of which the hash alone is kept |
//! | `limiter.rs` | how many requests one may make |
//! | `pending.rs` | logins that are on their way through Discord |
//! | `hub.rs` | topics, and the open pages that follow them |
//! | `way.rs` | by which way a request comes, and what nobody may by that |
//! | `path.rs` | paths of routes, and which route a request is for |
//! | `state.rs` | what the server and the host calls have in common |
//! | `invoke.rs` | a request to a plugin's route, as a frame, and its answer |
//! | `http/` | the server: guards, logging in, plugins' routes, events |
//! | `remote.rs` | the connection to a dashboard on another machine, and requests by it |
//! | `host_calls.rs` | the `pages.…` host calls |
//! | `manifest_check.rs` | whether declared pages can be served |
//! | `pages.rs` | all of it, as the bot has it |

mod access;
mod host_calls;
mod http;
mod hub;
mod invoke;
mod limiter;
mod manifest_check;
mod pages;
mod path;
mod pending;
mod remote;
mod rights;
mod secret;
mod sessions;
mod site;
mod state;
mod way;

pub use self::{
    http::{Server, is_own_name},
    manifest_check::problems,
    pages::Pages,
    site::{Bot, Site},
    state::LoginLink,
};
