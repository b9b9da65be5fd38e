//! Schedules: periodic, cron and one-time runs of plugins' handlers, kept in the bot's database.
//!
//! | file | what it does |
//! | --- | --- |
//! | `when/` | when a period or a cron expression is due, changes of the clock included |
//! | `store/` | the tables: what is declared, what was scheduled at run time, what runs |
//! | `steering.rs` | all plugins' schedules: listed, run, paused, resumed |
//! | `runner.rs` | the loop that claims what is due, and follows each run to its end |
//!
//! Invariants: a run is claimed in a transaction before its handler is called. A due time is claimed once: what the database
//! keeps is the next one, and it only rises.

mod runner;
mod steering;
mod store;
#[cfg(test)]
mod tests;
mod when;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use host_base::PluginName;
pub use host_base::clock::{Clock, Time};
use host_capability::{CallRule, Capability, Failure, HOST_TABLES, HostCall, Leaves, Who};
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::config::Live;
use host_store::{Storage, storage::StorageError};
use plugin_api::{
    Power,
    abi::{
        ScheduleCancel, ScheduleCreate, ScheduleEntry, ScheduleList, ScheduleReply, ScheduleRun,
        ScheduleSwitch,
    },
    manifest::{Manifest, ScheduleManifest},
};
use serde_json::Value;
use tokio::sync::{Notify, OnceCell};

pub(crate) use self::when::problems;
pub use self::{runner::Runner, store::ScheduleView};
use self::{
    store::{Coming, CutShort},
    when::When,
};
use crate::services::Services;

/// The host calls, by name.
pub const CALLS: [CallRule; 8] = [
    CallRule::reads("schedules.all", Power::SchedulesRead, Who::Administrator),
    CallRule::free("schedules.cancel"),
    CallRule::free("schedules.create"),
    CallRule::free("schedules.list"),
    CallRule::changes(
        "schedules.pause",
        Power::SchedulesManage,
        Who::Administrator,
    ),
    CallRule::changes(
        "schedules.resume",
        Power::SchedulesManage,
        Who::Administrator,
    ),
    CallRule::changes("schedules.run", Power::SchedulesManage, Who::Administrator),
    CallRule::free("schedules.switch"),
];

/// Most bytes of what is scheduled with a run.
const PAYLOAD_BYTES: usize = 64 << 10;

/// Whole years that a date can have: from 1 to 9999.
const DATES_MS: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_200_000_000;

/// A schedule as a loaded plugin declares it.
#[derive(Debug, Clone)]
struct Declared {
    name: String,
    when: When,
    /// What distinguishes it from another of its name.
    spec: String,
    skip_missed: bool,
    at_least_once: bool,
    retries: u32,
    deadline_ms: Option<u64>,
}

impl Declared {
    /// What a manifest declares; it was checked before.
    fn read(manifest: &ScheduleManifest) -> Option<Self> {
        let spec = match (manifest.every_ms, manifest.cron.as_deref()) {
            (None, None) => "at run time".to_owned(),
            (None, Some(cron)) => {
                let zone = manifest.zone.as_deref().unwrap_or("UTC");
                format!("{cron} in {zone}")
            }
            (Some(ms), _) => format!("every {}", span(ms)),
        };
        Some(Self {
            name: manifest.name.clone(),
            when: When::read(manifest).ok()?,
            spec,
            skip_missed: manifest.skip_missed,
            at_least_once: manifest.at_least_once,
            retries: manifest.retries,
            deadline_ms: manifest.deadline_ms,
        })
    }

    fn all(manifest: &Manifest) -> Arc<[Self]> {
        manifest.schedules.iter().filter_map(Self::read).collect()
    }
}

/// A period, exactly, in its largest whole unit.
fn span(ms: u64) -> String {
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
    ];
    let fits = units.iter().find(|(unit, _)| ms.is_multiple_of(*unit));
    let (unit, name) = fits.unwrap_or(&(1, "ms"));
    format!("{} {name}", ms / unit)
}

/// A run that was claimed.
#[derive(Debug, Clone, PartialEq)]
struct Run {
    plugin: PluginName,
    name: String,
    at_least_once: bool,
    retries: u32,
    deadline_ms: Option<u64>,
    /// What the handler is given.
    with: ScheduleRun,
}

impl Run {
    fn new(plugin: &str, schedule: &Declared, due_ms: i64) -> Self {
        Self {
            plugin: plugin.into(),
            name: schedule.name.clone(),
            at_least_once: schedule.at_least_once,
            retries: schedule.retries,
            deadline_ms: schedule.deadline_ms,
            with: ScheduleRun {
                due_ms,
                attempt: 1,
                ..ScheduleRun::default()
            },
        }
    }
}

/// Service of plugins' schedules.
#[derive(Debug)]
pub struct Schedules {
    live: Live,
    clock: Clock,
    /// What each generation declares, from before its start.
    declared: Mutex<HashMap<Caller, Arc<[Declared]>>>,
    /// Whether the tables are there.
    prepared: OnceCell<()>,
    /// Rung when the plan has changed.
    changed: Notify,
    /// Runs that the owner asked for.
    asked_for: Mutex<Vec<Run>>,
}

impl Schedules {
    /// Schedules as configured, by this clock.
    #[must_use]
    pub fn new(live: Live, clock: Clock) -> Self {
        Self {
            live,
            clock,
            declared: Mutex::default(),
            prepared: OnceCell::new(),
            changed: Notify::new(),
            asked_for: Mutex::default(),
        }
    }

    /// The clock that they go by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Enters a generation that is about to start: it may schedule from now on.
    pub fn generation_starts(&self, caller: &Caller, manifest: &Manifest) {
        if !manifest.schedules.is_empty() {
            let declared = Declared::all(manifest);
            self.declared().insert(caller.clone(), declared);
        }
    }

    /// Takes a generation out that is over. Its plugin's schedules rest until there is another.
    pub fn generation_ended(&self, caller: &Caller) {
        self.declared().remove(caller);
    }

    /// How many generations have declared schedules.
    #[must_use]
    pub fn declared_count(&self) -> usize {
        self.declared().len()
    }

    /// Serves a host call `schedules.…`.
    ///
    /// # Errors
    ///
    /// The plugin declares no such handler, what it asks for can't be kept, or the database can't be used.
    pub async fn serve(
        &self,
        storage: &Storage,
        caller: &Caller,
        call: &str,
        params: Value,
        body: Vec<u8>,
    ) -> Result<Completion, Failure> {
        let mut reply = ScheduleReply::default();
        match call {
            "schedules.create" => {
                let call: ScheduleCreate = serde_json::from_value(params)?;
                reply.entries = vec![self.create(storage, caller, call, &body).await?];
            }
            "schedules.cancel" => {
                let ScheduleCancel { name, id } = serde_json::from_value(params)?;
                let plugin = caller.plugin.to_string();
                reply.done = self
                    .work(storage, move |c| store::cancel(c, &plugin, &name, id))
                    .await?;
            }
            "schedules.switch" => {
                let ScheduleSwitch { name, id, on } = serde_json::from_value(params)?;
                let (plugin, now_ms) = (caller.plugin.to_string(), self.clock.now_ms());
                reply.done = self
                    .work(storage, move |c| {
                        store::switch(c, now_ms, &plugin, &name, id, on)
                    })
                    .await?;
                self.changed.notify_one();
            }
            _ => {
                let wanted: ScheduleList = serde_json::from_value(params)?;
                let plugin = caller.plugin.to_string();
                reply.entries = self
                    .work(storage, move |c| store::list(c, &plugin, &wanted))
                    .await?;
            }
        }
        Ok(Completion {
            status: 0,
            head: serde_json::to_vec(&reply)?,
            body: Vec::new(),
        })
    }

    async fn create(
        &self,
        storage: &Storage,
        caller: &Caller,
        call: ScheduleCreate,
        body: &[u8],
    ) -> Result<ScheduleEntry, Failure> {
        let refused = |why: String| Failure::Refused(format!("`{}`: {why}", call.name));
        self.check_name(caller, &call.name)?;
        if body.len() > PAYLOAD_BYTES {
            return Err(refused(format!(
                "its payload of {} bytes is too large: {PAYLOAD_BYTES} at most; keep the rest in storage",
                body.len()
            )));
        }
        let (at_ms, anchor_ms) = self.first(&call).map_err(refused)?;
        let mut entry = ScheduleEntry {
            at_ms,
            guild_id: call.guild_id,
            subject: call.subject,
            payload: serde_json::from_slice(body)?,
            name: call.name.clone(),
            every_ms: call.every_ms,
            cron: call.cron.clone(),
            zone: call.zone.clone(),
            max_runs: call.max_runs,
            ..ScheduleEntry::default()
        };
        let settings = &self.live.now().schedules;
        let most = store::Waiting {
            runs: settings.max_waiting,
            bytes: settings.max_waiting_bytes,
        };
        let (plugin, name) = (caller.plugin.to_string(), call.name.clone());
        let kept = entry.clone();
        let created = self
            .work(storage, move |c| {
                store::create(c, &plugin, &name, &kept, anchor_ms, most)
            })
            .await?;
        entry.id = created.map_err(|there| {
            let store::Waiting { runs, bytes } = there;
            let plugin = &caller.plugin;
            refused(if runs >= most.runs {
                format!(
                    "{runs} runs of this plugin wait already (`schedules.max_waiting`): cancel some; the plugin is `{plugin}`"
                )
            } else {
                format!(
                    "what waits of this plugin has {bytes} bytes of payloads already, and {} are the most \
                     (`schedules.max_waiting_bytes`): cancel some, or keep the rest in storage; the plugin is `{plugin}`",
                    most.bytes
                )
            })
        })?;
        self.changed.notify_one();
        Ok(entry)
    }

    /// When something is due for the first time, and what its period is counted from.
    fn first(&self, call: &ScheduleCreate) -> Result<(i64, i64), String> {
        let now_ms = self.clock.now_ms();
        let after = |ms| i64::try_from(ms).ok().and_then(|ms| now_ms.checked_add(ms));
        let given = match (call.at_ms, call.after_ms) {
            (Some(at), _) => Some(at),
            (None, Some(ms)) => Some(after(ms).unwrap_or(i64::MAX)),
            (None, None) => None,
        };
        if call.max_runs == Some(0) {
            return Err("it is to run at least once: `max_runs` is 1 or more".into());
        }
        let when = When::of(call.every_ms, call.cron.as_deref(), call.zone.as_deref())?;
        let by_cron = matches!(when, When::Cron(_));
        let anchor_ms = given.unwrap_or(now_ms);
        let first_ms = match (Coming::new(when, anchor_ms), given) {
            (None, _) if call.max_runs.is_some() => {
                return Err("it comes once: `max_runs` needs a period or a cron expression".into());
            }
            (None, given) => given.unwrap_or(now_ms),
            (Some(_), Some(at)) if !by_cron => at,
            // A time that fits is one, too.
            (Some(coming), given) => coming
                .next(given.map_or(now_ms, |at| at.max(now_ms).saturating_sub(1)))
                .ok_or("that never comes")?,
        };
        match DATES_MS.contains(&first_ms) {
            true => Ok((first_ms, anchor_ms)),
            false => Err("that instant lies beyond the year 9999".into()),
        }
    }

    fn check_name(&self, caller: &Caller, name: &str) -> Result<(), Failure> {
        let declared = self.declared().get(caller).cloned().unwrap_or_default();
        let is_it = |schedule: &&Declared| schedule.name == name;
        match declared.iter().find(is_it).map(|schedule| &schedule.when) {
            Some(When::AtRunTime) => Ok(()),
            Some(_) => Err(Failure::Refused(format!(
                "`{name}` has a time of its own; what is scheduled at run time has a handler declared with `.scheduled(…)`"
            ))),
            None => Err(Failure::Refused(format!(
                "the plugin has no handler `{name}` for that: declare `.scheduled(\"{name}\", handler)`"
            ))),
        }
    }

    /// Works in the database, and makes the tables first where that is due.
    async fn work<T: Send + 'static>(
        &self,
        storage: &Storage,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.prepared
            .get_or_try_init(|| async {
                let cut_short = storage.in_bot(store::prepare).await?;
                cut_short.iter().for_each(report);
                Ok::<_, StorageError>(())
            })
            .await?;
        storage.in_bot(work).await
    }

    fn declared(&self) -> MutexGuard<'_, HashMap<Caller, Arc<[Declared]>>> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says what ran when the last process ended.
fn report(run: &CutShort) {
    tracing::warn!(
        plugin = &*run.plugin,
        schedule = &*run.name,
        due_ms = run.due_ms,
        "a run had begun when the bot's last process ended{}",
        if run.again {
            ", and begins again (`at_least_once`)"
        } else {
            ": it does not begin again, and counts as missed"
        }
    );
}

impl Capability<Services> for Schedules {
    const CALLS: &'static [CallRule] = &CALLS;
    const PLACES: Places = HOST_TABLES;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, manifest: &Manifest, problems: &mut Vec<String>) {
        self::problems(&manifest.schedules, problems);
    }

    async fn generation_starts(
        &self,
        caller: &Caller,
        manifest: &Manifest,
    ) -> Result<(), Unserved> {
        Self::generation_starts(self, caller, manifest);
        Ok(())
    }

    async fn serve(
        &self,
        services: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        let storage = &services.storage;
        match &*call.name {
            "schedules.all" => {
                let wanted = serde_json::from_value(call.params)?;
                Ok(Completion::json(&self.page(storage, wanted).await?))
            }
            "schedules.run" | "schedules.pause" | "schedules.resume" => {
                self.steer(storage, call).await
            }
            _ => Self::serve(self, storage, caller, &call.name, call.params, call.body).await,
        }
    }

    fn generation_ended(&self, caller: &Caller) {
        Self::generation_ended(self, caller);
    }

    fn registries(&self) -> Vec<(&'static str, usize)> {
        vec![("schedules, generations", self.declared_count())]
    }
}
