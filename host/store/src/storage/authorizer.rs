//! SQLite authorizer: asks `table_access.rs` about each table that a statement reaches. SQLite calls it while it compiles a statement, for every table, index,
//! view and trigger that the statement reaches.
//!
//! Rights are the caller's, also inside of views and triggers; a trigger or view of another plugin's adds nothing, and must be
//! allowed to do itself what it does. (SQLite names the innermost view or trigger, but a `WITH` clause can borrow such a name:
//! so it may narrow and never widen.)

use rusqlite::hooks::{AuthAction, AuthContext};

use super::{
    host_rights,
    table_access::{Declared, HOST, Snapshot, Who, owner_of},
    virtual_table_modules, weights,
};

/// Current work of a connection, shared with its authorizer.
#[derive(Debug, Default)]
pub(super) struct Current {
    pub(super) who: Who,
    /// Whether the statement changes the schema in a way that is looked at afterwards.
    pub(super) reshapes: bool,
    /// The tables, views and virtual tables that the statement touches.
    pub(super) tables: Vec<String>,
    /// Of those, the ones that an owner's statement writes to, and whether it does so itself: not a trigger or a foreign key of it.
    pub(super) written: Vec<(String, bool)>,
    /// Whether the statement drops or renames a table: SQLite then tidies its own tables.
    tidies: bool,
    /// What it calls of functions.
    functions: u32,
    /// Why the statement was refused.
    pub(super) refusal: Option<String>,
}

impl Current {
    /// Begins a statement.
    pub(super) fn begin(&mut self, who: Who) {
        *self = Self {
            who,
            ..Self::default()
        };
    }

    /// Whether the action is allowed; if not, the reason is kept.
    pub(super) fn allows(&mut self, context: &AuthContext<'_>) -> bool {
        if let AuthAction::Read { table_name, .. }
        | AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. } = context.action
            && !is_sqlites(table_name)
            && !self.tables.iter().any(|known| known == table_name)
        {
            self.tables.push(table_name.to_owned());
        }
        let decided = match self.who.clone() {
            Who::Host => host_rights::decide(context),
            Who::Check => host_rights::check(context),
            Who::Reader => self.reads(context),
            Who::Writer => self.writes(context),
            Who::Plugin(declared, all) => self.decide(&declared, &all, context),
        };
        match decided {
            Ok(()) => true,
            Err(reason) => {
                self.refusal.get_or_insert(reason);
                false
            }
        }
    }

    /// Whether a column is read as if it were empty: the tokens by which interactions are answered are nobody's to see.
    pub(super) fn hides(&self, context: &AuthContext<'_>) -> bool {
        let AuthAction::Read {
            table_name,
            column_name,
        } = context.action
        else {
            return false;
        };
        matches!(self.who, Who::Reader | Who::Writer)
            && table_name.eq_ignore_ascii_case("cogwright__deletions")
            && column_name.eq_ignore_ascii_case("token")
    }

    /// What an owner may who looks into a database: read every table, and nothing else.
    fn reads(&mut self, context: &AuthContext<'_>) -> Result<(), String> {
        match context.action {
            AuthAction::Select | AuthAction::Recursive => Ok(()),
            AuthAction::Read {
                table_name,
                column_name,
            } => match ReadOf::classify(table_name, column_name) {
                ReadOf::Harmless => Ok(()),
                ReadOf::Table if owner_of_any(&table_name.to_ascii_lowercase()).is_some() => Ok(()),
                ReadOf::Table => Err(format!("`{table_name}` is none of the database's tables")),
            },
            AuthAction::Function { function_name } => self.calls(function_name),
            AuthAction::Pragma {
                pragma_name,
                pragma_value,
            } => pragma(pragma_name, pragma_value),
            _ => Err("a database is looked into, and nothing in it changed".into()),
        }
    }

    /// What an owner may who changes rows: read every table, and write to those of plugins.
    fn writes(&mut self, context: &AuthContext<'_>) -> Result<(), String> {
        match context.action {
            AuthAction::Insert { table_name }
            | AuthAction::Delete { table_name }
            | AuthAction::Update { table_name, .. } => {
                let table = table_name.to_ascii_lowercase();
                match owner_of(&table) {
                    Some(HOST) => {
                        return Err(format!(
                            "`{table}` is the host's own: settings, schedules and shelves are changed by the calls that are there for them"
                        ));
                    }
                    Some(_) => {}
                    None => return Err(format!("`{table}` is no table of a plugin's")),
                }
                let itself = context.accessor.is_none();
                match self.written.iter_mut().find(|(known, _)| *known == table) {
                    Some((_, known)) => *known |= itself,
                    None => self.written.push((table, itself)),
                }
                Ok(())
            }
            AuthAction::Select
            | AuthAction::Recursive
            | AuthAction::Read { .. }
            | AuthAction::Function { .. } => self.reads(context),
            AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
                Err("all statements together are one transaction already".into())
            }
            _ => Err(
                "rows are changed here; tables, indexes and triggers are made and changed by migrations of their plugin"
                    .into(),
            ),
        }
    }

    /// A function in a statement, which may call so many.
    fn calls(&mut self, name: &str) -> Result<(), String> {
        self.functions += weights::weight(name);
        if self.functions > weights::FUNCTIONS {
            return Err(format!(
                "a statement calls {} functions at most, `LIKE` and `GLOB` count as {} each, and JSON functions with \
                 paths as {}: use several statements",
                weights::FUNCTIONS,
                weights::weight("like"),
                weights::weight("json_set")
            ));
        }
        function(name)
    }

    fn decide(
        &mut self,
        declared: &Declared,
        all: &Snapshot,
        context: &AuthContext<'_>,
    ) -> Result<(), String> {
        let touch = |table: &str, writes| {
            let table = table.to_ascii_lowercase();
            declared.may(&table, writes, all)?;
            let through = context
                .accessor
                .and_then(|name| owner_of_any(&name.to_ascii_lowercase()));
            match through {
                Some(through) if through != declared.owner => match all.latest.get(&through) {
                    Some(through) => through.may(&table, writes, all),
                    None if owner_of(&table) == Some(&through) => Ok(()),
                    None => Err(format!(
                        "a view or trigger of `{through}`, which is not loaded, reaches for `{table}`"
                    )),
                },
                _ => Ok(()),
            }
        };
        let own = |name: &str| {
            let name = name.to_ascii_lowercase();
            if owner_of(&name) == Some(&declared.owner) {
                return Ok(());
            }
            Err(format!(
                "`{name}` is not this plugin's: what it makes, changes or drops begins with `{}__`",
                declared.owner
            ))
        };
        match context.action {
            AuthAction::Select | AuthAction::Recursive => Ok(()),
            // SQLite looks whether the rows that are there obey a new column's rules.
            AuthAction::Read {
                table_name: "pragma_quick_check",
                ..
            }
            | AuthAction::Pragma {
                pragma_name: "quick_check",
                ..
            } if self.tidies => Ok(()),
            AuthAction::Read {
                table_name,
                column_name,
            } => match ReadOf::classify(table_name, column_name) {
                ReadOf::Harmless => Ok(()),
                ReadOf::Table => touch(table_name, false),
            },
            AuthAction::Insert { table_name } | AuthAction::Delete { table_name }
                if is_sqlites(table_name) =>
            {
                self.sqlites(table_name)
            }
            AuthAction::Update { table_name, .. } if is_sqlites(table_name) => {
                self.sqlites(table_name)
            }
            AuthAction::Insert { table_name }
            | AuthAction::Delete { table_name }
            | AuthAction::Update { table_name, .. } => touch(table_name, true),
            AuthAction::CreateTable { table_name } => {
                self.reshapes = true;
                // SQLite makes it with the first AUTOINCREMENT, and lets nobody else use such a name.
                if table_name == "sqlite_sequence" {
                    return Ok(());
                }
                own(table_name)
            }
            AuthAction::AlterTable { table_name, .. } => {
                (self.reshapes, self.tidies) = (true, true);
                own(table_name)
            }
            AuthAction::DropTable { table_name } => {
                self.tidies = true;
                own(table_name)
            }
            AuthAction::CreateView { view_name } => {
                self.reshapes = true;
                own(view_name)
            }
            AuthAction::DropView { view_name } => own(view_name),
            AuthAction::CreateIndex {
                index_name,
                table_name,
            }
            | AuthAction::DropIndex {
                index_name,
                table_name,
            } => own(table_name).and_then(|()| {
                self.reshapes = true;
                // SQLite names the indexes of keys itself.
                if is_sqlites(index_name) {
                    Ok(())
                } else {
                    own(index_name)
                }
            }),
            AuthAction::CreateTrigger {
                trigger_name,
                table_name,
            } => {
                self.reshapes = true;
                own(table_name).and_then(|()| own(trigger_name))
            }
            AuthAction::DropTrigger {
                trigger_name,
                table_name,
            } => own(table_name).and_then(|()| own(trigger_name)),
            AuthAction::Reindex { index_name } => {
                if is_sqlites(index_name) {
                    Ok(())
                } else {
                    own(index_name)
                }
            }
            AuthAction::CreateVtable {
                table_name,
                module_name,
            } => {
                virtual_table_modules::check(module_name)?;
                self.reshapes = true;
                own(table_name)
            }
            AuthAction::DropVtable { table_name, .. } => own(table_name),
            AuthAction::Function { function_name } => self.calls(function_name),
            AuthAction::Pragma {
                pragma_name,
                pragma_value,
            } => pragma(pragma_name, pragma_value),
            AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => Err(
                "a transaction is sent as a whole: use `transaction`, which begins and commits it"
                    .into(),
            ),
            AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
                Err("other files can't be attached, nor written by `VACUUM INTO`".into())
            }
            AuthAction::CreateTempTable { .. }
            | AuthAction::CreateTempIndex { .. }
            | AuthAction::CreateTempTrigger { .. }
            | AuthAction::CreateTempView { .. }
            | AuthAction::DropTempTable { .. }
            | AuthAction::DropTempIndex { .. }
            | AuthAction::DropTempTrigger { .. }
            | AuthAction::DropTempView { .. } => Err(
                "there are no temporary tables: connections are shared; use a `WITH` clause".into(),
            ),
            AuthAction::Analyze { .. } => Err("`ANALYZE` is the host's to run".into()),
            _ => Err("this kind of statement is not for plugins".into()),
        }
    }

    /// SQLite writes its own tables while it carries out a statement that was allowed; no statement can write to the schema
    /// itself (SQLite refuses it), but to the sequences it could.
    fn sqlites(&self, table: &str) -> Result<(), String> {
        let table = table.to_ascii_lowercase();
        let schema = matches!(&*table, "sqlite_master" | "sqlite_schema");
        if schema || self.tidies {
            return Ok(());
        }
        Err(format!("`{table}` is SQLite's own"))
    }
}

/// Target of a read.
enum ReadOf {
    Harmless,
    Table,
}

impl ReadOf {
    fn classify(table: &str, column: &str) -> Self {
        let table = table.to_ascii_lowercase();
        let harmless = match &*table {
            // The names and shapes of all tables, and none of what is in them.
            "sqlite_master" | "sqlite_schema" | "sqlite_temp_master" | "sqlite_temp_schema"
            | "sqlite_sequence" | "json_each" | "json_tree" => true,
            // Of a `WITH` clause's table nothing is read but that it is there. Real ones have an owner, or are SQLite's.
            _ => {
                let named_by_query = column.is_empty()
                    && owner_of_any(&table).is_none()
                    && !is_sqlites(&table)
                    && !virtual_table_modules::is_module(&table);
                match table.strip_prefix("pragma_") {
                    Some(name) => READABLE.contains(&name),
                    None => named_by_query,
                }
            }
        };
        if harmless {
            Self::Harmless
        } else {
            Self::Table
        }
    }
}

/// Functions that reach out of the database, or into what is the process's.
const FORBIDDEN: &[&str] = &["fts3_tokenizer", "load_extension", "sqlite_log"];

fn function(name: &str) -> Result<(), String> {
    // It looks for each key among all others.
    if ["json_patch", "jsonb_patch"]
        .iter()
        .any(|not| not.eq_ignore_ascii_case(name))
    {
        return Err(format!(
            "the function `{name}` is not for plugins, since its time grows with the square of its texts: use `json_set`"
        ));
    }
    if FORBIDDEN.iter().any(|not| not.eq_ignore_ascii_case(name)) {
        return Err(format!("the function `{name}` is not for plugins"));
    }
    Ok(())
}

/// Pragmas that tell the shape of a table.
const READABLE: &[&str] = &[
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_list",
    "table_xinfo",
];

fn pragma(name: &str, value: Option<&str>) -> Result<(), String> {
    let name = name.to_ascii_lowercase();
    // FTS5 and R-trees ask for these, of their own accord, while they are made or written to.
    let asked = matches!(&*name, "data_version" | "page_size") && value.is_none();
    if READABLE.contains(&&*name) || asked {
        return Ok(());
    }
    Err(format!(
        "`PRAGMA {name}` is the host's; plugins may ask for {}",
        READABLE.join(", ")
    ))
}

fn is_sqlites(name: &str) -> bool {
    name.get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
}

fn owner_of_any(name: &str) -> Option<String> {
    owner_of(name).map(str::to_owned)
}
