//! Steering of all plugins' schedules: listed, run, paused, resumed.

use std::sync::PoisonError;

use host_base::{PluginName, nearest::nearest};
use host_capability::{Failure, HostCall};
use host_loader::Completion;
use host_store::{Storage, storage::StorageError};
use plugin_api::abi::{ScheduleEntry, ScheduleInfo, ScheduleSteer, SchedulesCall, SchedulesReply};

use super::{Declared, Run, ScheduleView, Schedules, span, store, when::When};

/// Schedules on a page.
const PAGE: (u32, u32) = (100, 500);

impl Schedules {
    /// All schedules, by plugin and name.
    ///
    /// # Errors
    ///
    /// The database can't be used.
    pub async fn views(&self, storage: &Storage) -> Result<Vec<ScheduleView>, StorageError> {
        self.work(storage, store::views).await
    }

    /// Pauses a schedule, or lets it go on: what was due meanwhile is left out, and the next due time is found anew.
    ///
    /// # Errors
    ///
    /// No loaded plugin has such a schedule, or the database can't be used.
    pub async fn pause(
        &self,
        storage: &Storage,
        plugin: &str,
        name: &str,
        paused: bool,
    ) -> Result<(), Failure> {
        let schedule = self.known(plugin, name)?;
        let (plugin, now_ms) = (plugin.to_owned(), self.clock.now_ms());
        self.work(storage, move |c| {
            store::pause(c, now_ms, &plugin, &schedule, paused)
        })
        .await?;
        self.changed.notify_one();
        Ok(())
    }

    /// Has a schedule run now, beside its plan.
    ///
    /// # Errors
    ///
    /// As for [`pause`](Self::pause); it runs, or it needs what it is scheduled with.
    pub async fn run_now(
        &self,
        storage: &Storage,
        plugin: &str,
        name: &str,
    ) -> Result<(), Failure> {
        let schedule = self.known(plugin, name)?;
        if matches!(schedule.when, When::AtRunTime) {
            return Err(Failure::Unfit(format!(
                "`{name}` runs with what it was scheduled with: it can't be run without"
            )));
        }
        let (owner, now_ms) = (plugin.to_owned(), self.clock.now_ms());
        let run = self
            .work(storage, move |c| {
                store::claim_now(c, now_ms, &owner, &schedule)
            })
            .await?;
        let run = run
            .ok_or_else(|| Failure::Unfit(format!("`{name}` of `{plugin}` runs at this moment")))?;
        self.begin(run);
        Ok(())
    }

    /// Has what was scheduled at run time run now. What comes once has come then; what comes again is due as before.
    ///
    /// # Errors
    ///
    /// Its plugin is not loaded, it runs, or it is not there.
    pub async fn run_entry_now(
        &self,
        storage: &Storage,
        plugin: &str,
        name: &str,
        id: u64,
    ) -> Result<(), Failure> {
        let schedule = self.known(plugin, name)?;
        let (owner, now_ms) = (plugin.to_owned(), self.clock.now_ms());
        let run = self
            .work(storage, move |c| {
                store::claim_entry_now(c, now_ms, &owner, &schedule, id)
            })
            .await?;
        self.begin(run.ok_or_else(|| no_entry(plugin, name, id))?);
        Ok(())
    }

    /// Pauses what was scheduled at run time and comes again, or lets it go on.
    ///
    /// # Errors
    ///
    /// It is not there, or comes once; or the database can't be used.
    pub async fn pause_entry(
        &self,
        storage: &Storage,
        plugin: &str,
        name: &str,
        id: u64,
        paused: bool,
    ) -> Result<(), Failure> {
        let (owner, of, now_ms) = (plugin.to_owned(), name.to_owned(), self.clock.now_ms());
        let done = self
            .work(storage, move |c| {
                store::switch(c, now_ms, &owner, &of, id, !paused)
            })
            .await?;
        self.changed.notify_one();
        match done {
            true => Ok(()),
            false => Err(no_entry(plugin, name, id)),
        }
    }

    /// A page of all schedules.
    ///
    /// # Errors
    ///
    /// `after` is of no page, or the database can't be used.
    pub async fn page(
        &self,
        storage: &Storage,
        wanted: SchedulesCall,
    ) -> Result<SchedulesReply, Failure> {
        let limit = wanted.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
        let plugin = wanted.plugin.as_deref().map(PluginName::new);
        let after_id = match wanted
            .after
            .as_deref()
            .and_then(|after| after.strip_prefix('#'))
        {
            None => None,
            Some(id) => Some(
                id.parse::<u64>()
                    .map_err(|_| Failure::Unfit("`after` is the `next` of a page before".into()))?,
            ),
        };
        let (guild_id, of) = (wanted.guild_id, plugin.clone());
        let (views, entries) = self
            .work(storage, move |c| {
                // What plugins declare is no server's.
                let views = match (after_id, guild_id) {
                    (None, None) => store::views(c)?,
                    _ => Vec::new(),
                };
                let of = of.as_deref();
                let entries = store::recurring_of_all(
                    c,
                    of,
                    guild_id,
                    after_id.unwrap_or_default(),
                    limit + 1,
                )?;
                Ok((views, entries))
            })
            .await?;
        let key = |view: &ScheduleView| format!("{} {}", view.plugin, view.name);
        let declared = views.into_iter().filter(|view| {
            plugin.as_ref().is_none_or(|plugin| plugin.is(&view.plugin))
                && wanted.after.as_ref().is_none_or(|after| key(view) > *after)
        });
        let declared = declared.map(|view| (key(&view), info_of_view(view)));
        let entries = entries.into_iter();
        let entries =
            entries.map(|(plugin, entry)| (format!("#{}", entry.id), info_of_entry(plugin, entry)));
        let mut all: Vec<(String, ScheduleInfo)> =
            declared.chain(entries).take(limit as usize + 1).collect();
        let mut reply = SchedulesReply::default();
        if all.len() > limit as usize {
            all.truncate(limit as usize);
            reply.next = all.last().map(|(key, _)| key.clone());
        }
        reply.schedules = all.into_iter().map(|(_, info)| info).collect();
        Ok(reply)
    }

    /// The host calls `schedules.run`, `schedules.pause` and `schedules.resume`.
    pub(super) async fn steer(
        &self,
        storage: &Storage,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        let ScheduleSteer {
            plugin,
            name,
            id,
            guild_id,
        } = serde_json::from_value(call.params)?;
        // As the host writes it.
        let plugin = PluginName::new(&plugin).to_string();
        if let Some(guild_id) = guild_id {
            let entry = match id {
                Some(id) => self.work(storage, move |c| store::guild_of(c, id)).await?,
                None => None,
            };
            if entry != Some(guild_id) {
                return Err(Failure::Unfit(
                    "that is not scheduled for this server".into(),
                ));
            }
        }
        match (&*call.name, id) {
            ("schedules.run", None) => self.run_now(storage, &plugin, &name).await?,
            ("schedules.run", Some(id)) => self.run_entry_now(storage, &plugin, &name, id).await?,
            (verb, None) => {
                let paused = verb == "schedules.pause";
                self.pause(storage, &plugin, &name, paused).await?;
            }
            (verb, Some(id)) => {
                let paused = verb == "schedules.pause";
                self.pause_entry(storage, &plugin, &name, id, paused)
                    .await?;
            }
        }
        Ok(Completion::default())
    }

    fn begin(&self, run: Run) {
        self.asked_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(run);
        self.changed.notify_one();
    }

    /// A schedule that the newest generation of a plugin declares.
    fn known(&self, plugin: &str, name: &str) -> Result<Declared, Failure> {
        let declared = self.declared();
        let newest = declared
            .iter()
            .filter(|(caller, _)| &*caller.plugin == plugin)
            .max_by_key(|(caller, _)| caller.generation);
        let of_plugin = newest.map(|(_, all)| &**all).unwrap_or_default();
        if let Some(schedule) = of_plugin.iter().find(|schedule| schedule.name == name) {
            return Ok(schedule.clone());
        }
        let names: Vec<String> = declared
            .iter()
            .flat_map(|(caller, all)| {
                all.iter()
                    .map(|it| format!("{} {}", caller.plugin, it.name))
            })
            .collect();
        let wanted = format!("{plugin} {name}");
        let hint = match nearest(&wanted, names.iter().map(String::as_str)) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None if names.is_empty() => "no loaded plugin has schedules".into(),
            None => "`cogwright schedules` lists them".into(),
        };
        Err(Failure::Unfit(format!(
            "no loaded plugin has the schedule `{wanted}`; {hint}"
        )))
    }
}

fn no_entry(plugin: &str, name: &str, id: u64) -> Failure {
    Failure::Unfit(format!(
        "nothing with the number {id} is scheduled for `{name}` of `{plugin}`, or it runs at this moment"
    ))
}

fn info_of_view(view: ScheduleView) -> ScheduleInfo {
    let mut info = ScheduleInfo::default();
    (info.plugin, info.name, info.when) = (view.plugin, view.name, view.when);
    (info.next_ms, info.running, info.paused) = (view.next_ms, view.running, view.paused);
    (info.last_ms, info.last_result) = (view.last_ms, view.last_result);
    (info.runs, info.failed) = (view.runs, view.failed);
    (info.missed, info.skipped, info.waiting) = (view.missed, view.skipped, view.waiting);
    info
}

fn info_of_entry(plugin: String, entry: ScheduleEntry) -> ScheduleInfo {
    let mut info = ScheduleInfo::default();
    info.when = match (entry.cron, entry.every_ms) {
        (Some(cron), _) => format!("{cron} in {}", entry.zone.as_deref().unwrap_or("UTC")),
        (None, every_ms) => format!("every {}", span(every_ms.unwrap_or_default())),
    };
    (info.plugin, info.name, info.id) = (plugin, entry.name, Some(entry.id));
    (info.next_ms, info.running, info.paused) = (Some(entry.at_ms), entry.running, entry.off);
    (info.last_ms, info.last_result) = (entry.last_ms, entry.last_result);
    (info.runs, info.failed) = (entry.runs, entry.failed);
    (info.missed, info.skipped, info.max_runs) = (entry.missed, entry.skipped, entry.max_runs);
    (info.guild_id, info.subject) = (entry.guild_id, entry.subject);
    info
}
