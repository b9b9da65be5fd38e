//! Rights of the host itself on a connection: with its own tables everything, with those of plugins nothing.
//!
//! So a trigger, a view or a full-text table of a plugin's can't be set off with the host's rights, whatever statement of the
//! host's would reach it: what has to be done in a plugin's tables is done as that plugin.

use rusqlite::hooks::{AuthAction, AuthContext};

use super::{
    table_access::{HOST, owner_of},
    virtual_table_modules::is_shadow,
};

/// Whether a statement of the host's own may do this.
pub(super) fn decide(context: &AuthContext<'_>) -> Result<(), String> {
    if let Some(through) = context.accessor {
        own(through)?;
    }
    match context.action {
        AuthAction::Read { table_name, .. } => reach(context, table_name),
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. } => reach(context, table_name),
        AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::CreateIndex { table_name, .. }
        | AuthAction::DropIndex { table_name, .. }
        | AuthAction::CreateTrigger { table_name, .. }
        | AuthAction::DropTrigger { table_name, .. } => own(table_name),
        AuthAction::CreateView { .. }
        | AuthAction::DropView { .. }
        | AuthAction::CreateVtable { .. }
        | AuthAction::DropVtable { .. }
        | AuthAction::Attach { .. }
        | AuthAction::Detach { .. } => Err("the host has no use for it".into()),
        _ => Ok(()),
    }
}

/// A checked copy is read, and nothing in it is set off: no trigger, no view.
pub(super) fn check(context: &AuthContext<'_>) -> Result<(), String> {
    match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Pragma { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive => Ok(()),
        _ => Err("a check changes nothing".into()),
    }
}

/// A full-text table writes what it has collected when the transaction goes on or ends, which the host says: by itself, and
/// through nothing.
fn reach(context: &AuthContext<'_>, table: &str) -> Result<(), String> {
    if context.accessor.is_none() && is_shadow(&table.to_ascii_lowercase()) {
        return Ok(());
    }
    own(table)
}

/// What belongs to no plugin: the host's tables, SQLite's, and the names of `WITH` clauses.
fn own(name: &str) -> Result<(), String> {
    let name = name.to_ascii_lowercase();
    match owner_of(&name) {
        None | Some(HOST) => Ok(()),
        Some(owner) => Err(format!(
            "`{name}` is the plugin's `{owner}`, and the host does nothing there in its own name"
        )),
    }
}
