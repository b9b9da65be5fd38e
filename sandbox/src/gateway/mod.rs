//! Gateway server: <https://discord.com/developers/docs/events/gateway>.
//!
//! Dispatches go into the session's buffer; the connection sends from there. A connection that breaks
//! therefore loses nothing: the session goes on filling, and RESUME sends what is missing.

mod arrival;
mod close;
mod compress;
mod connection;
mod forms;
mod handshake;
mod hub;
mod identify;
mod intents;
mod login;
mod members;
mod opcode;
mod payload;
mod presence;
mod ready;
mod session;
mod starts;
mod voice;

pub(crate) use self::{
    close::Close,
    connection::serve,
    hub::{Hub, Order},
};
