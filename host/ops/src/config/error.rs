//! Configuration errors: what is wrong, and in which file.

use std::{fmt, io, path::PathBuf, string::FromUtf8Error};

use super::fault::Fault;

/// Error of a refused configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file says something that the host does not understand. The text has one line per problem.
    #[error("{}", lines(problems))]
    Invalid {
        /// What is wrong, in the order of the file. Never empty.
        problems: Vec<Problem>,
    },
}

/// One thing that is wrong, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named to the parser.
    pub origin: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, and the next step where we know it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            origin,
            line,
            column,
            message,
        } = self;
        write!(f, "{origin}:{line}:{column}: {message}")
    }
}

impl ConfigError {
    pub(super) fn invalid(origin: &str, text: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.at);
        let problems = faults
            .into_iter()
            .map(|fault| problem(origin, text, fault.at, fault.message))
            .collect();
        Self::Invalid { problems }
    }

    pub(super) fn not_text(origin: &str, error: &FromUtf8Error) -> Self {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..at]);
        let message = "this is not UTF-8 text; save the file as UTF-8".to_owned();
        Self::Invalid {
            problems: vec![problem(origin, &text, at, message)],
        }
    }
}

/// The problem at byte `at` of `text`, which need not be a character's first byte.
fn problem(origin: &str, text: &str, at: usize, message: String) -> Problem {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[line_start..]
        .trim_start_matches('\u{feff}')
        .chars()
        .count()
        + 1;
    Problem {
        origin: origin.to_owned(),
        line: before.matches('\n').count() + 1,
        column,
        message,
    }
}

fn lines(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
