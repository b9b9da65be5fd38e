//! Table declarations of a plugin: migrations, shares with others, data subjects.

use crate::{
    manifest::{MigrationManifest, Scope, SubjectManifest, TableManifest},
    plugin::Plugin,
};

impl<S: 'static> Plugin<S> {
    /// Declares a step from one shape of the plugin's tables to the next: SQL, one statement or several, run once in each
    /// database of `scope`, in a transaction of its own and in the order of the numbers. For [`Scope::Bot`] that is before
    /// the plugin starts, for [`Scope::Guild`] before the plugin's first call to that server's database.
    ///
    /// A migration that has run must stay as it is: its text is kept as a checksum. What comes later is another migration.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let shop = Plugin::new()
    ///     .migration(1, Scope::Guild, "CREATE TABLE shop__items (name TEXT PRIMARY KEY, price INTEGER NOT NULL)")
    ///     .migration(2, Scope::Guild, "ALTER TABLE shop__items ADD COLUMN sold INTEGER NOT NULL DEFAULT 0");
    /// ```
    #[must_use]
    pub fn migration(mut self, number: u32, scope: Scope, sql: impl Into<String>) -> Self {
        self.manifest
            .migrations
            .push(MigrationManifest::new(number, scope, sql));
        self
    }

    /// Lets other plugins read a table of this one's, if they say [`uses_table`](Self::uses_table).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let shop = Plugin::new().shares("shop__items");
    /// let advertiser = Plugin::new().depends_on("shop").uses_table("shop__items");
    /// ```
    #[must_use]
    pub fn shares(mut self, table: impl Into<String>) -> Self {
        self.manifest.shares.push(TableManifest::read(table));
        self
    }

    /// Lets other plugins read and write a table of this one's, if they say [`writes_table`](Self::writes_table).
    #[must_use]
    pub fn shares_for_writing(mut self, table: impl Into<String>) -> Self {
        self.manifest.shares.push(TableManifest::write(table));
        self
    }

    /// Reads a table of another plugin's, which [`shares`](Self::shares) it.
    #[must_use]
    pub fn uses_table(mut self, table: impl Into<String>) -> Self {
        self.manifest.uses_tables.push(TableManifest::read(table));
        self
    }

    /// Reads and writes a table of another plugin's, which [`shares it for writing`](Self::shares_for_writing).
    #[must_use]
    pub fn writes_table(mut self, table: impl Into<String>) -> Self {
        self.manifest.uses_tables.push(TableManifest::write(table));
        self
    }

    /// Says that the rows of a table are about the user whose id stands in `column`: the owner can then export all that is
    /// kept about a user, and erase it, also when this plugin is not loaded. What a key-value store keeps about a user goes on
    /// [`KvStore::about`](crate::KvStore::about).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let bank = Plugin::new()
    ///     .migration(1, Scope::Guild, "CREATE TABLE bank__accounts (user_id INTEGER PRIMARY KEY, coins INTEGER NOT NULL)")
    ///     .subject("bank__accounts", "user_id");
    /// ```
    #[must_use]
    pub fn subject(mut self, table: impl Into<String>, column: impl Into<String>) -> Self {
        self.manifest
            .subjects
            .push(SubjectManifest::new(table, column));
        self
    }
}
