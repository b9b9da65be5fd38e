//! What can go wrong when a sandbox is started or used.

use std::{io, net::SocketAddr};

/// An error of the sandbox or of something that an [`Actor`](crate::Actor) was asked to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port could not be taken.
    #[error(
        "cannot listen on {addr}: {source}; is another sandbox running? port 0 takes a free one"
    )]
    Listen {
        /// Where the sandbox wanted to listen.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The world has no user of that name.
    #[error("no user is named `{name}`; there are {known}")]
    UnknownUser {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The world has no channel of that name that the user can see.
    #[error("no channel is named `{name}`; there are {known}")]
    UnknownChannel {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The application has registered no such command.
    #[error("no command is named `/{name}`; registered are {known}")]
    UnknownCommand {
        /// The name that was asked for.
        name: String,
        /// The registered names.
        known: String,
    },
    /// A client would not have let the user do this: a missing option, a wrong type, no permission.
    #[error("{0}")]
    Refused(String),
    /// There is no such button, select menu, modal or message on the user's screen.
    #[error("{wanted} is not on the screen of {user}; there is {seen}")]
    NotVisible {
        /// Who looked.
        user: String,
        /// What was looked for.
        wanted: String,
        /// What there was instead.
        seen: String,
    },
    /// The application did not answer an interaction in time.
    #[error("the application did not respond to {interaction} within {waited_ms} ms")]
    NotAnswered {
        /// What was done, for example `/ping`.
        interaction: String,
        /// How long the sandbox waited.
        waited_ms: u128,
    },
    /// What was waited for did not happen before the deadline.
    #[error("waited {waited_ms} ms for {expected}; seen instead: {seen}")]
    Deadline {
        /// What was waited for.
        expected: String,
        /// How long the sandbox waited.
        waited_ms: u128,
        /// What was seen meanwhile.
        seen: String,
    },
}

/// `a, b and c` of any names, for error messages.
pub(crate) fn listing<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
