//! Modules of virtual tables: which SQLite has, and which plugins may make tables of.

use std::{collections::HashSet, sync::OnceLock};

use rusqlite::Connection;

/// What plugins may make, and the options that may stand among the arguments. SQLite takes options that are cut short, too:
/// they are to be written out.
const MODULES: &[(&str, &[&str])] = &[
    (
        "fts5",
        &[
            "columnsize",
            CONTENT,
            "content_rowid",
            "contentless_delete",
            "contentless_unindexed",
            "detail",
            "locale",
            "prefix",
            "tokendata",
            "tokenize",
        ],
    ),
    ("rtree", &[]),
    ("rtree_i32", &[]),
];

/// The modules that SQLite was compiled with.
static COMPILED_IN: OnceLock<HashSet<String>> = OnceLock::new();

/// The option that names another table.
pub(super) const CONTENT: &str = "content";

/// What the modules, and those of older files, call the tables that they keep their things in: the name of the virtual one,
/// and one of these.
const SHADOWS: &[&str] = &[
    "_config",
    "_content",
    "_data",
    "_docsize",
    "_idx",
    "_node",
    "_parent",
    "_rowid",
    "_segdir",
    "_segments",
    "_stat",
];

/// Whether plugins may make tables of this module.
pub(super) fn check(name: &str) -> Result<(), String> {
    if options(name).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = MODULES.iter().map(|(module, _)| *module).collect();
    Err(format!(
        "virtual tables are of {}, and not of `{name}`",
        known.join(", ")
    ))
}

/// Whether SQLite has a module of that name: some can be read without a table of theirs, such as `dbstat`.
pub(super) fn is_module(name: &str) -> bool {
    COMPILED_IN.get().is_some_and(|all| all.contains(name))
}

/// Asks a connection, the first time, which modules there are.
pub(super) fn learn(connection: &Connection) -> rusqlite::Result<()> {
    if COMPILED_IN.get().is_none() {
        let modules = connection
            .prepare("SELECT lower(name) FROM pragma_module_list")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        COMPILED_IN.get_or_init(|| modules);
    }
    Ok(())
}

/// Whether a table of the database is a virtual one.
pub(super) fn is_virtual(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?1)
                 AND lower(substr(ltrim(sql), 1, 20)) = 'create virtual table')",
        )?
        .query_row([table], |row| row.get(0))
}

/// Whether it is called like a table that belongs to a virtual one, which the module writes to when a transaction ends.
pub(super) fn is_shadow(table: &str) -> bool {
    SHADOWS.iter().any(|ending| table.ends_with(ending))
}

/// The options of a module that plugins may use.
pub(super) fn options(module: &str) -> Option<&'static [&'static str]> {
    MODULES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(module))
        .map(|(_, options)| *options)
}
