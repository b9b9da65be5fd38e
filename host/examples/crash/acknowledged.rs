//! Check that what was acknowledged to the child is there.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use host_store::storage::{DatabaseId, check_all};
use rusqlite::Connection;

use crate::{GUILDS, Outcome, files};

/// What the child was told is done.
#[derive(Default)]
pub(crate) struct Acknowledged {
    /// How many writes to databases.
    pub(crate) rows_and_values: u64,
    /// How many writes to files.
    pub(crate) files: u64,
    rows: HashMap<u64, HashSet<i64>>,
    /// The last acknowledged value of each key.
    shelf: HashMap<(u64, String), i64>,
    /// The last acknowledged version of each file.
    versions: HashMap<String, u64>,
}

impl Acknowledged {
    /// Notes what the child says: `row GUILD - ID`, `key-value store GUILD KEY VALUE` or `file - PATH VERSION`.
    pub(crate) fn note(&mut self, line: &str) -> Outcome {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["row", guild, "-", id] => {
                self.rows_and_values += 1;
                self.rows
                    .entry(guild.parse()?)
                    .or_default()
                    .insert(id.parse()?);
            }
            ["shelf", guild, key, value] => {
                self.rows_and_values += 1;
                self.shelf
                    .insert((guild.parse()?, key.to_owned()), value.parse()?);
            }
            ["file", "-", path, version] => {
                self.files += 1;
                self.versions.insert(path.to_owned(), version.parse()?);
            }
            _ => return Err(format!("the child said {line:?}").into()),
        }
        Ok(())
    }

    pub(crate) fn count(&self) -> u64 {
        self.rows_and_values + self.files
    }

    pub(crate) fn distinct_files(&self) -> usize {
        self.versions.len()
    }

    /// Fails unless all of it is in the folder, and all that is there is whole.
    pub(crate) fn verify(&self, folder: &Path) -> Outcome {
        for (place, found) in check_all(folder)? {
            found.map_err(|error| format!("{place}: {error}"))?;
        }
        for guild in 0..=GUILDS {
            self.verify_rows(folder, guild)?;
        }
        for ((guild, key), value) in &self.shelf {
            let database = Connection::open(DatabaseId::of(*guild).file(folder))?;
            let sql = "SELECT value FROM cogwright__shelf WHERE key = ?1";
            let kept: String = database.query_row(sql, [key], |row| row.get(0))?;
            if kept.parse::<i64>()? < *value {
                return Err(
                    format!("{key} on {guild} was acknowledged as {value}, and is {kept}").into(),
                );
            }
        }
        files::verify(folder, &self.versions)
    }

    fn verify_rows(&self, folder: &Path, guild: u64) -> Outcome {
        let database = Connection::open(DatabaseId::of(guild).file(folder))?;
        let rows: HashSet<i64> = database
            .prepare("SELECT id FROM crash__rows WHERE text = 'row ' || id")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let place = DatabaseId::of(guild);
        let acknowledged = self.rows.get(&guild);
        let lost = acknowledged.map_or(0, |acknowledged| acknowledged.difference(&rows).count());
        if lost > 0 {
            return Err(format!("{lost} acknowledged rows are lost in {place}").into());
        }
        let count: i64 = database.query_row("SELECT n FROM crash__count", [], |row| row.get(0))?;
        if count != rows.len() as i64 {
            return Err(format!("{place} has {} rows and counted {count}", rows.len()).into());
        }
        Ok(())
    }
}
