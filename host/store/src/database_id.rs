//! Database id: the bot's, or a server's.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// Id of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseId {
    /// The bot's: `main.db`.
    Bot,
    /// A server's: `<its id>/guild.db`.
    Guild(u64),
}

impl DatabaseId {
    /// As calls name it: 0 is the bot's.
    #[must_use]
    pub const fn of(guild_id: u64) -> Self {
        match guild_id {
            0 => Self::Bot,
            id => Self::Guild(id),
        }
    }

    /// Its file below `folder`.
    #[must_use]
    pub fn file(self, folder: &Path) -> PathBuf {
        match self {
            Self::Bot => folder.join("main.db"),
            Self::Guild(id) => folder.join(id.to_string()).join("guild.db"),
        }
    }

    /// Every database that lies below `folder`, the bot's first.
    ///
    /// # Errors
    ///
    /// The folder can't be read.
    pub fn all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut databases = Vec::new();
        if Self::Bot.file(folder).is_file() {
            databases.push(Self::Bot);
        }
        let mut guilds = Vec::new();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            // As it is written by `file`, and in no other way.
            let id = name.to_str().and_then(|name| name.parse::<u64>().ok());
            if let Some(id) = id.filter(|id| *id != 0 && name == *id.to_string()) {
                let database_id = Self::Guild(id);
                if database_id.file(folder).is_file() {
                    guilds.push(database_id);
                }
            }
        }
        guilds.sort();
        databases.extend(guilds);
        Ok(databases)
    }
}

impl fmt::Display for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bot => f.write_str("main.db"),
            Self::Guild(id) => write!(f, "{id}/guild.db"),
        }
    }
}

impl std::str::FromStr for DatabaseId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.strip_suffix("/guild.db") {
            Some(id) => id.parse().map(Self::Guild).map_err(drop),
            None if text == "main.db" => Ok(Self::Bot),
            None => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        for database_id in [DatabaseId::Bot, DatabaseId::Guild(12), DatabaseId::Guild(3)] {
            let file = database_id.file(data);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
            assert_eq!(database_id.to_string().parse(), Ok(database_id));
        }
        fs::create_dir_all(data.join("012")).unwrap();
        fs::write(data.join("012/guild.db"), "").unwrap();
        fs::create_dir_all(data.join("14")).unwrap();
        let all = DatabaseId::all(data).unwrap();
        assert_eq!(
            all,
            [DatabaseId::Bot, DatabaseId::Guild(3), DatabaseId::Guild(12)]
        );
    }
}
