//! Gateway server: <https://discord.com/developers/docs/events/gateway>.
//!
//! Dispatches go into the session's buffer; the connection sends from there. A connection that breaks
//! therefore loses nothing: the session goes on filling, and RESUME sends what is missing.

mod compress;
mod connection;
mod handshake;
mod identify;
mod members;
mod opcode;
mod payload;
mod presence;
mod ready;
mod voice;

pub(crate) use self::connection::serve;
