//! The fence: which tables a plugin may touch. SQLite asks while it compiles a statement, and for every table, index, view
//! and trigger that the statement reaches.
//!
//! A table's owner is what stands before the first two underscores of its name. Rights are the caller's, also inside of views
//! and triggers; a trigger or view of another plugin's adds nothing, and must be allowed to do itself what it does. (SQLite
//! names the innermost view or trigger, but a `WITH` clause can borrow such a name: so it may narrow and never widen.)

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool, atomic::Ordering::Relaxed},
};

use plugin_api::manifest::{Manifest, Scope, SubjectManifest, TableManifest};
use rusqlite::hooks::{AuthAction, AuthContext};
use sha2::{Digest, Sha256};

use super::place::Place;
use crate::services::Caller;

/// Whose the host's own tables are.
pub(super) const HOST: &str = "cogwright";

/// What one generation of a plugin declared about its tables.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) caller: Caller,
    /// The plugin's name as it begins its tables' names.
    owner: String,
    shares: HashMap<String, bool>,
    uses: HashMap<String, bool>,
    bot: Vec<Migration>,
    guild: Vec<Migration>,
    pub(super) subjects: Vec<SubjectManifest>,
    ended: AtomicBool,
}

/// A migration.
#[derive(Debug)]
pub(super) struct Migration {
    pub(super) number: u32,
    pub(super) sql: String,
    /// SHA-256 of the SQL, in hexadecimal.
    pub(super) checksum: String,
}

impl Declared {
    pub(super) fn new(caller: Caller, manifest: &Manifest) -> Self {
        let tables = |tables: &[TableManifest]| {
            tables
                .iter()
                .map(|table| (table.table.to_ascii_lowercase(), table.writes))
                .collect()
        };
        let migrations = |scope| {
            let mut migrations: Vec<Migration> = manifest
                .migrations
                .iter()
                .filter(|migration| migration.scope == scope)
                .map(|migration| Migration {
                    number: migration.number,
                    sql: migration.sql.clone(),
                    checksum: hex(&Sha256::digest(&migration.sql)),
                })
                .collect();
            migrations.sort_by_key(|migration| migration.number);
            migrations
        };
        Self {
            owner: caller.plugin.to_ascii_lowercase(),
            shares: tables(&manifest.shares),
            uses: tables(&manifest.uses_tables),
            bot: migrations(Scope::Bot),
            guild: migrations(Scope::Guild),
            subjects: manifest.subjects.clone(),
            ended: AtomicBool::new(false),
            caller,
        }
    }

    /// The migrations of a place's databases.
    pub(super) fn migrations(&self, place: Place) -> &[Migration] {
        match place {
            Place::Bot => &self.bot,
            Place::Guild(_) => &self.guild,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    fn may(&self, table: &str, writes: bool, all: &Snapshot) -> Result<(), String> {
        let Some(owner) = owner_of(table) else {
            return Err(format!(
                "`{table}` is no table of a plugin's: those of this plugin begin with `{}__`",
                self.owner
            ));
        };
        if owner == self.owner {
            return Ok(());
        }
        if owner == HOST {
            return Err(format!("`{table}` is the host's own"));
        }
        let granted = |tables: &HashMap<String, bool>| {
            tables.get(table).is_some_and(|writing| *writing || !writes)
        };
        let (uses, shares) = if writes {
            ("writes_table", "shares_for_writing")
        } else {
            ("uses_table", "shares")
        };
        if !granted(&self.uses) {
            return Err(format!(
                "`{table}` belongs to the plugin `{owner}`: declare `.{uses}(\"{table}\")`"
            ));
        }
        match all.latest.get(owner) {
            None => Err(format!(
                "`{table}` belongs to the plugin `{owner}`, which is not loaded: declare `.depends_on(\"{owner}\", \"\")`"
            )),
            Some(owner) if granted(&owner.shares) => Ok(()),
            Some(_) => Err(format!(
                "`{table}` belongs to the plugin `{owner}`, which would have to declare `.{shares}(\"{table}\")`"
            )),
        }
    }
}

/// What all plugins have declared.
#[derive(Debug, Default)]
pub(super) struct Fences(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    generations: BTreeMap<Caller, Arc<Declared>>,
    snapshot: Arc<Snapshot>,
}

/// What all plugins declare at a moment.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// Counts up with every change.
    pub(super) epoch: u64,
    /// The newest generation of each, by owner.
    latest: HashMap<String, Arc<Declared>>,
}

impl Fences {
    /// Enters a generation.
    pub(super) fn enter(&self, declared: Declared) -> Arc<Declared> {
        let declared = Arc::new(declared);
        let mut all = self.all();
        all.generations
            .insert(declared.caller.clone(), Arc::clone(&declared));
        all.renew();
        declared
    }

    /// Takes a generation out: what it still has queued does not happen.
    pub(super) fn leave(&self, caller: &Caller) {
        let mut all = self.all();
        if let Some(declared) = all.generations.remove(caller) {
            declared.ended.store(true, Relaxed);
            all.renew();
        }
    }

    /// What a generation declared.
    pub(super) fn of(&self, caller: &Caller) -> Option<Arc<Declared>> {
        self.all().generations.get(caller).cloned()
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.all().snapshot)
    }

    /// The newest generation of each plugin.
    pub(super) fn latest(&self) -> Vec<Arc<Declared>> {
        let mut latest: Vec<_> = self.snapshot().latest.values().cloned().collect();
        latest.sort_by(|a, b| a.caller.cmp(&b.caller));
        latest
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn renew(&mut self) {
        // In the order of the generations: the last one stays.
        let latest = self
            .generations
            .values()
            .map(|declared| (declared.owner.clone(), Arc::clone(declared)))
            .collect();
        self.snapshot = Arc::new(Snapshot {
            epoch: self.snapshot.epoch + 1,
            latest,
        });
    }
}

/// On whose behalf a connection works.
#[derive(Debug, Clone, Default)]
pub(super) enum Who {
    /// The host's.
    #[default]
    Host,
    /// A plugin's.
    Plugin(Arc<Declared>, Arc<Snapshot>),
}

/// What a connection does at the moment, shared with its authorizer.
#[derive(Debug, Default)]
pub(super) struct Current {
    pub(super) who: Who,
    /// Whether the statement changes the schema in a way that is looked at afterwards.
    pub(super) reshapes: bool,
    /// Whether the statement drops or renames a table: SQLite then tidies its own tables.
    tidies: bool,
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
        let Who::Plugin(declared, all) = self.who.clone() else {
            return true;
        };
        match self.decide(&declared, &all, context) {
            Ok(()) => true,
            Err(reason) => {
                self.refusal.get_or_insert(reason);
                false
            }
        }
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
            AuthAction::CreateView { view_name } | AuthAction::DropView { view_name } => {
                own(view_name)
            }
            AuthAction::CreateIndex {
                index_name,
                table_name,
            }
            | AuthAction::DropIndex {
                index_name,
                table_name,
            } => own(table_name).and_then(|()| {
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
            }
            | AuthAction::DropTrigger {
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
            }
            | AuthAction::DropVtable {
                table_name,
                module_name,
            } => {
                if !["fts3", "fts4", "fts5", "rtree"].contains(&&*module_name.to_ascii_lowercase())
                {
                    return Err(format!(
                        "virtual tables are of `fts5`, `fts4`, `fts3` or `rtree`, and not of `{module_name}`"
                    ));
                }
                self.reshapes = true;
                own(table_name)
            }
            AuthAction::Function { function_name } => match function_name {
                "load_extension" | "fts3_tokenizer" => {
                    Err(format!("the function `{function_name}` is not for plugins"))
                }
                _ => Ok(()),
            },
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

/// What a read is of.
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
                let named_by_query =
                    column.is_empty() && owner_of_any(&table).is_none() && !is_sqlites(&table);
                named_by_query
                    || table
                        .strip_prefix("pragma_")
                        .is_some_and(|name| READABLE.contains(&name))
            }
        };
        if harmless {
            Self::Harmless
        } else {
            Self::Table
        }
    }
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
    // FTS5 asks for it on its own tables while it is written to.
    let asked = name == "data_version" && value.is_none();
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

/// The owner of a table: what stands before the first two underscores.
pub(super) fn owner_of(name: &str) -> Option<&str> {
    let (owner, rest) = name.split_once("__")?;
    (!owner.is_empty() && !rest.is_empty()).then_some(owner)
}

fn owner_of_any(name: &str) -> Option<String> {
    owner_of(name).map(str::to_owned)
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
