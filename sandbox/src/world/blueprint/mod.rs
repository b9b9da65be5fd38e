//! Blueprint: a world from a TOML file. What is in it is named, and everything that does not fit is reported with its
//! place.

mod application;
mod furnish;
mod names;
mod tables;

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use self::{furnish::Furnishing, tables::Tables};
use super::World;

/// Why a world could not be made from a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The file cannot be read.
    #[error("cannot read the world {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is no world. There is one line for each problem.
    #[error("{}", lines(path.as_deref(), problems))]
    Invalid {
        /// The file, if it came from one.
        path: Option<PathBuf>,
        /// What is wrong, in the order of the file. Never empty.
        problems: Vec<WorldProblem>,
    },
}

/// One thing that is wrong in the file of a world, and its place.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct WorldProblem {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for WorldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

impl World {
    /// The world that a TOML text describes; the README of the sandbox has its tables and keys.
    ///
    /// # Errors
    ///
    /// [`WorldError::Invalid`] with all names that do not exist, or with the first thing that is no TOML or no key.
    ///
    /// # Examples
    ///
    /// ```
    /// use sandbox::World;
    ///
    /// let world = World::from_toml(
    ///     r#"
    ///     [[user]]
    ///     name = "ada"
    ///
    ///     [[guild]]
    ///     name = "Engines"
    ///     owner = "ada"
    ///
    ///     [[guild.channel]]
    ///     name = "general"
    ///     "#,
    /// )?;
    /// assert!(world.channel_in("Engines", "general").is_some());
    ///
    /// let error = World::from_toml("[[user]]\nnick = 'ada'").unwrap_err();
    /// assert!(error.to_string().starts_with("line 2, column 1: unknown key `nick`"));
    /// # Ok::<(), sandbox::WorldError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, WorldError> {
        let invalid = |mut faults: Vec<(usize, String)>| {
            faults.sort_by_key(|(at, _)| *at);
            let problems = faults
                .into_iter()
                .map(|(at, message)| place(text, at, message));
            WorldError::Invalid {
                path: None,
                problems: problems.collect(),
            }
        };
        let tables: Tables = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(text.len(), |span| span.start);
            invalid(vec![(at, names::friendly(error.message()))])
        })?;
        Furnishing::of(tables).map_err(invalid)
    }

    /// As [`World::from_toml`], from a file.
    ///
    /// # Errors
    ///
    /// [`WorldError::Unreadable`] too.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, WorldError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| WorldError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::from_toml(&text).map_err(|error| match error {
            WorldError::Invalid { problems, .. } => WorldError::Invalid {
                path: Some(path.to_owned()),
                problems,
            },
            other => other,
        })
    }
}

fn place(text: &str, at: usize, message: String) -> WorldProblem {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    WorldProblem {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message,
    }
}

fn lines(path: Option<&Path>, problems: &[WorldProblem]) -> String {
    let file = path
        .map(|path| format!("{}: ", path.display()))
        .unwrap_or_default();
    let lines = problems.iter().map(|problem| format!("{file}{problem}"));
    lines.collect::<Vec<_>>().join("\n")
}
