//! Rules of table access: who may read and write which table, and what plugins declare about theirs. The sentence of a refusal is made
//! here.
//!
//! A table's owner is what stands before the first two underscores of its name.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool, atomic::Ordering::Relaxed},
};

use host_loader::Caller;
use plugin_api::manifest::{Manifest, Scope, SubjectManifest, TableManifest};
use sha2::{Digest, Sha256};

use crate::database_id::DatabaseId;

/// Whose the host's own tables are.
pub(super) const HOST: &str = "cogwright";

/// On whose behalf a connection works.
#[derive(Debug, Clone, Default)]
pub(super) enum Who {
    /// The host's.
    #[default]
    Host,
    /// The host's, in a copy whose pages are checked.
    Check,
    /// An owner's, who reads in all of it.
    Reader,
    /// An owner's, who changes rows of plugins' tables.
    Writer,
    /// A plugin's.
    Plugin(Arc<Declared>, Arc<Snapshot>),
}

/// Declarations of one generation about its tables.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) caller: Caller,
    /// The plugin's name as it begins its tables' names.
    pub(super) owner: String,
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

    /// A plugin that is not loaded: it has its own tables, and nothing is shared with it.
    fn absent(plugin: &str) -> Self {
        Self::new(Caller::new(plugin, 0), &Manifest::default())
    }

    /// The migrations of a place's databases.
    pub(super) fn migrations(&self, database_id: DatabaseId) -> &[Migration] {
        match database_id {
            DatabaseId::Bot => &self.bot,
            DatabaseId::Guild(_) => &self.guild,
        }
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    /// Whether it may read a table, or write to it; if not, what would have to be declared.
    pub(super) fn may(&self, table: &str, writes: bool, all: &Snapshot) -> Result<(), String> {
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
                "`{table}` belongs to the plugin `{owner}`, which is not loaded: declare `.depends_on(\"{owner}\")`"
            )),
            Some(owner) if granted(&owner.shares) => Ok(()),
            Some(_) => Err(format!(
                "`{table}` belongs to the plugin `{owner}`, which would have to declare `.{shares}(\"{table}\")`"
            )),
        }
    }
}

/// Declarations of all plugins.
#[derive(Debug, Default)]
pub(super) struct TableAccess(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    generations: BTreeMap<Caller, Arc<Declared>>,
    snapshot: Arc<Snapshot>,
}

/// Declarations of all plugins at one moment.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// Counts up with every change.
    pub(super) epoch: u64,
    /// The newest generation of each, by owner.
    pub(super) latest: HashMap<String, Arc<Declared>>,
}

impl TableAccess {
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

    /// How many generations are in.
    pub(super) fn count(&self) -> usize {
        self.all().generations.len()
    }

    /// What a generation declared.
    pub(super) fn of(&self, caller: &Caller) -> Option<Arc<Declared>> {
        self.all().generations.get(caller).cloned()
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.all().snapshot)
    }

    /// A plugin as whom the host does something in its tables, whether it is loaded or not.
    pub(super) fn acting(&self, plugin: &str) -> Who {
        let snapshot = self.snapshot();
        let owner = plugin.to_ascii_lowercase();
        let declared = snapshot.latest.get(&owner).cloned();
        Who::Plugin(
            declared.unwrap_or_else(|| Arc::new(Declared::absent(plugin))),
            snapshot,
        )
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

/// The owner of a table: what stands before the first two underscores.
pub(super) fn owner_of(name: &str) -> Option<&str> {
    let (owner, rest) = name.split_once("__")?;
    (!owner.is_empty() && !rest.is_empty()).then_some(owner)
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
