//! Prometheus exporter of the [metrics](host_discord::figures).
//!
//! | file | what it does |
//! | --- | --- |
//! | `page/` | all of it as Prometheus text, put together when it is asked for |
//! | `server.rs` | `/metrics`, `/livez` and `/readyz` |
//!
//! Invariant: a label is one of a plugin, an event, a command, a shard, a route class, a result: never a server or a user.

mod page;
mod server;

pub use self::{
    page::{Page, reader},
    server::{Server, router},
};
