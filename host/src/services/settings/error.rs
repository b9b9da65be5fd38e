//! Errors of changing a setting.

use std::path::PathBuf;

use host_ops::config::ConfigError;
use host_store::storage::StorageError;

/// Error of changing a setting. Nothing was written then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file, as it is or as it would be, does not say what the host understands.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What is on the disk can't be read: it is not touched.
    #[error(
        "{trouble}\nThe file is left as it is, and the bot keeps the last good values: mend the file first"
    )]
    Trouble {
        /// What is wrong.
        trouble: String,
    },
    /// Nothing can be opened for now, this file included: nothing is wrong with it.
    #[error("{} can't be opened for now: {reason}", path.display())]
    Crowded {
        /// The file.
        path: PathBuf,
        /// What is used up, and where to look.
        reason: String,
    },
    /// The file can't be written.
    #[error("{} can't be written: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The bot was started without a file.
    #[error("the bot was started without a configuration file, so there is none to change")]
    NoFile,
    /// What is asked for is none of the settings, or does not fit.
    #[error("{0}")]
    Refused(String),
    /// A server's database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl SettingsError {
    /// The same of a file that was never written: its lines would lead nowhere.
    pub(super) fn without_places(self) -> Self {
        match self {
            Self::Config(ConfigError::Invalid { problems }) => {
                let messages = problems.into_iter().map(|problem| problem.message);
                Self::Refused(messages.collect::<Vec<_>>().join("; "))
            }
            other => other,
        }
    }
}
