//! Errors of starting or using a sandbox.

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

/// Names that there are, and which of them may have been meant.
pub(crate) fn known<'a>(meant: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    let nearest = nearest(meant, names.iter().copied());
    let hint = nearest.map(|name| format!("; did you mean `{name}`?"));
    format!("{}{}", listing(names), hint.unwrap_or_default())
}

/// The name that is nearest to a mistyped one, if one is near: a letter off in short names, two in longer ones.
pub(crate) fn nearest<'a>(
    meant: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let meant = meant.to_lowercase();
    let names = names.into_iter().map(|name| {
        let distance = strsim::damerau_levenshtein(&meant, &name.to_lowercase());
        (distance, name)
    });
    let (distance, name) = names.min_by_key(|(distance, _)| *distance)?;
    let shorter = meant.chars().count().min(name.chars().count());
    let off = match shorter {
        0 | 1 => 0,
        2..=5 => 1,
        _ => 2,
    };
    (distance <= off).then_some(name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_is_near() {
        let names = ["general", "bots", "dm", "Staff"];
        for (meant, wanted) in [
            ("genral", Some("general")),
            ("gneral", Some("general")),
            ("botz", Some("bots")),
            ("GENERAL", Some("general")),
            ("staff", Some("Staff")),
            ("md", Some("dm")),
            ("lounge", None),
            ("", None),
            ("b", None),
        ] {
            assert_eq!(nearest(meant, names), wanted, "{meant}");
        }
        assert_eq!(nearest("anything", []), None);
        assert_eq!(
            known("botz", names[1..2].iter().copied()),
            "`bots`; did you mean `bots`?"
        );
    }
}
