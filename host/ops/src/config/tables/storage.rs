//! `[storage]`: the databases.

use crate::config::values::{boolean, number, timeout};

table! {
    /// `[storage]`: the databases.
    #[derive(Copy)]
    Storage {
        /// Most databases of servers that are open at once.
        live max_open: u64 = 256, number(8..=100_000, "databases");
        // Given to each database as it is opened; so are the others that need a restart.
        /// Threads that work on databases.
        restart threads: u64 = 4, number(1..=64, "threads");
        /// How long a call may take, all its statements together.
        live statement_timeout_ms: u64 = 5_000, timeout;
        /// How long a migration may take, in one database.
        live migration_timeout_ms: u64 = 60_000, timeout;
        /// How long another program may hold a database.
        restart busy_timeout_ms: u64 = 5_000, timeout;
        /// From when on a statement is logged as slow.
        live slow_query_ms: u64 = 200, timeout;
        /// Most rows of a result.
        live max_rows: u64 = 10_000, number(1..=10_000_000, "rows");
        /// Most bytes of a result.
        restart max_result_bytes: u64 = 8 << 20, number(1_024..=1 << 30, "bytes");
        /// Most bytes of a text, of a BLOB, of a row, and of the value of a key-value store.
        restart max_value_bytes: u64 = 1 << 20, number(1_024..=1 << 30, "bytes");
        /// Most bytes of memory that all databases take together.
        restart max_memory_bytes: u64 = 512 << 20, number(64 << 20..=1 << 40, "bytes");
        /// Most bytes that one plugin may keep: tables, key-value stores, runs that wait, and files.
        live max_plugin_bytes: u64 = 1 << 30, number(1 << 20..=1 << 44, "bytes");
        /// Whether a backup is made when the bot stops.
        live backup_on_shutdown: bool = true, boolean;
        /// How many backups are kept.
        live backups_kept: u64 = 5, number(1..=1_000, "backups");
    }
}
