//! Scheduler loop: claims what is due, and follows each run to its end.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use host_base::{PluginName, error_id};
use host_loader::{Packet, next_id};
use plugin_api::{
    abi::{EntryKind, InvokeHead, frame_kind, status},
    hook::ScheduleFailed,
};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Declared, Run,
    store::{self, Claimed, Outcome},
};
use crate::services::{Failed, Services};
use host_commands::router::Routes;

/// What the host waits beyond a run's deadline: the plugin ends the handler itself, unless its thread is stuck.
const GRACE: Duration = Duration::from_secs(1);

/// When the database is asked again after it has failed, and a plugin that could not take a run.
const AGAIN: Duration = Duration::from_secs(1);

/// The first and the longest time between two attempts.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// A step of the wall clock that is worth a line in the log.
const JUMP_MS: i64 = 10_000;

/// The loop, running.
#[derive(Debug)]
pub struct Runner {
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

impl Runner {
    /// Begins to run what is due of the plugins in `routes`; `changes` reports when these are others.
    #[must_use]
    pub fn start(
        services: Arc<Services>,
        routes: Arc<Routes>,
        changes: watch::Receiver<u64>,
    ) -> Self {
        let shutdown = CancellationToken::new();
        let scheduler = Scheduler {
            services,
            routes,
            changes,
            shutdown: shutdown.clone(),
            plugins: HashMap::new(),
            runs: JoinSet::new(),
        };
        Self {
            shutdown,
            running: tokio::spawn(scheduler.run()),
        }
    }

    /// Begins nothing any more.
    pub fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Until what runs has ended and is noted, which it is soon after its plugin's end.
    pub async fn ended(&mut self) {
        let _ = (&mut self.running).await;
    }
}

/// A loaded plugin with schedules.
struct Loaded {
    generation: u64,
    declared: Arc<[Declared]>,
    /// Whether the database knows what it declares.
    known: bool,
}

struct Scheduler {
    services: Arc<Services>,
    routes: Arc<Routes>,
    changes: watch::Receiver<u64>,
    shutdown: CancellationToken,
    plugins: HashMap<PluginName, Loaded>,
    runs: JoinSet<()>,
}

impl Scheduler {
    async fn run(mut self) {
        let mut seen = self.look_at_clock();
        while !self.shutdown.is_cancelled() {
            self.look_at_plugins();
            let wake = match self.begin_what_is_due().await {
                Ok(next_ms) => next_ms,
                Err(error) => {
                    tracing::error!("schedules rest while the database can't be used: {error}");
                    Some(self.now_ms() + 10_000)
                }
            };
            self.rest(wake).await;
            seen = self.notice_jumps(seen);
        }
        while self.runs.join_next().await.is_some() {}
    }

    /// Until something may be due.
    async fn rest(&mut self, wake_ms: Option<i64>) {
        let schedules = &self.services.schedules;
        tokio::select! {
            () = schedules.clock.sleep_until(wake_ms.unwrap_or(i64::MAX / 2)) => {}
            () = schedules.changed.notified() => {}
            Ok(()) = self.changes.changed() => {}
            Some(_) = self.runs.join_next() => {}
            () = self.shutdown.cancelled() => {}
        }
    }

    fn now_ms(&self) -> i64 {
        self.services.schedules.clock.now_ms()
    }

    fn look_at_clock(&self) -> (i64, Instant) {
        (self.now_ms(), Instant::now())
    }

    /// Says when the wall clock was set, or the machine slept: what is due is looked for by it.
    fn notice_jumps(&self, (then_ms, then): (i64, Instant)) -> (i64, Instant) {
        let now = self.look_at_clock();
        let passed = i64::try_from((now.1 - then).as_millis()).unwrap_or(i64::MAX);
        let jump_ms = now.0 - then_ms - passed;
        if jump_ms.abs() > JUMP_MS {
            tracing::warn!(
                jump_ms,
                "the clock has jumped: {}",
                if jump_ms > 0 {
                    "schedules whose time has passed are caught up or left out, as they declare"
                } else {
                    "due times that have begun do not begin again; `cogwright schedules resume PLUGIN NAME` plans one anew from now"
                }
            );
        }
        now
    }

    /// Which plugins with schedules are loaded, in which generation.
    fn look_at_plugins(&mut self) {
        self.changes.borrow_and_update();
        let mut loaded = HashMap::new();
        for slot in self.routes.plugins() {
            let generation = slot.current();
            let (name, number) = (generation.plugin.clone(), generation.number);
            let known = self.plugins.remove(&name);
            let same = known.filter(|known| known.generation == number);
            let entry = same.unwrap_or_else(|| Loaded {
                generation: number,
                declared: Declared::all(&generation.manifest),
                known: false,
            });
            loaded.insert(name, entry);
        }
        self.plugins = loaded;
    }

    /// Claims what is due and begins it; when the next is due.
    async fn begin_what_is_due(&mut self) -> Result<Option<i64>, super::StorageError> {
        self.declare().await?;
        let schedules = &self.services.schedules;
        let asked_for = std::mem::take(
            &mut *schedules
                .asked_for
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let mut all: Vec<(PluginName, Arc<[Declared]>)> = self
            .plugins
            .iter()
            .filter(|(_, loaded)| !loaded.declared.is_empty())
            .map(|(name, loaded)| (name.clone(), Arc::clone(&loaded.declared)))
            .collect();
        if all.is_empty() && asked_for.is_empty() {
            return Ok(None);
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let (clock, late_ms) = (
            schedules.clock.clone(),
            schedules.live.now().schedules.late_s * 1_000,
        );
        let claimed = schedules
            .work(&self.services.storage, move |connection| {
                let (now_ms, mut claimed) = (clock.now_ms(), Claimed::default());
                let late_ms = late_ms.cast_signed();
                for (plugin, declared) in &all {
                    store::claim(connection, now_ms, late_ms, plugin, declared, &mut claimed)?;
                }
                Ok(claimed)
            })
            .await;
        let (mut runs, claimed) = (asked_for, claimed);
        let next_ms = claimed.map(|claimed| {
            runs.extend(claimed.runs);
            claimed.next_ms
        });
        runs.sort_by_key(|run| (run.with.due_ms, run.with.id));
        for run in runs {
            let follower = Follower {
                services: Arc::clone(&self.services),
                routes: Arc::clone(&self.routes),
                shutdown: self.shutdown.clone(),
                run,
            };
            self.runs.spawn(follower.follow());
        }
        next_ms
    }

    /// Tells the database what new generations declare.
    async fn declare(&mut self) -> Result<(), super::StorageError> {
        let (schedules, storage) = (&self.services.schedules, &self.services.storage);
        for (plugin, loaded) in self.plugins.iter_mut().filter(|(_, it)| !it.known) {
            // One without schedules may have had some in the version before, which then are in the database.
            if loaded.declared.is_empty() && !storage.has_bot() {
                loaded.known = true;
                continue;
            }
            let (name, declared) = (plugin.clone(), Arc::clone(&loaded.declared));
            let now_ms = schedules.clock.now_ms();
            let orphans = schedules
                .work(storage, move |connection| {
                    store::declare(connection, now_ms, &name, &declared)
                })
                .await?;
            loaded.known = true;
            for (schedule, waiting) in orphans {
                tracing::warn!(
                    plugin = &**plugin,
                    schedule,
                    waiting,
                    "runs were scheduled for a handler that this version does not declare: they wait until one does"
                );
            }
        }
        Ok(())
    }
}

/// Follows one run to its end.
struct Follower {
    services: Arc<Services>,
    routes: Arc<Routes>,
    shutdown: CancellationToken,
    run: Run,
}

impl Follower {
    async fn follow(mut self) {
        let outcome = self.attempts().await;
        match &outcome {
            Outcome::Failed(error) => self.tell(error),
            Outcome::CutShort => tracing::warn!(
                plugin = &*self.run.plugin,
                schedule = &*self.run.name,
                due_ms = self.run.with.due_ms,
                "a run was cut short by its plugin's end"
            ),
            Outcome::NotBegun => drop(self.pause(AGAIN).await),
            Outcome::Done => {}
        }
        loop {
            let (run, ended) = (self.run.clone(), outcome.clone());
            let services = &self.services;
            let noted = services
                .schedules
                .work(&services.storage, move |connection| {
                    store::finish(connection, &run, &ended)
                })
                .await;
            match noted {
                Ok(()) => return,
                // At the next start it is found as having been cut short.
                Err(error) if self.shutdown.is_cancelled() => {
                    return tracing::error!("the end of a run was not noted: {error}");
                }
                Err(error) => {
                    tracing::error!("the end of a run is not noted yet: {error}");
                    self.pause(10 * AGAIN).await;
                }
            }
        }
    }

    async fn attempts(&mut self) -> Outcome {
        let mut back_off = BACK_OFF.0;
        loop {
            let outcome = self.invoke().await;
            match &outcome {
                Outcome::Failed(error) if self.run.with.attempt <= self.run.retries => {
                    tracing::warn!(
                        plugin = &*self.run.plugin,
                        schedule = &*self.run.name,
                        attempt = self.run.with.attempt,
                        "a run failed, and is tried again in {back_off:?}: {error}"
                    );
                }
                // It has begun before: it can't be put back.
                Outcome::NotBegun if self.run.with.attempt > 1 => {
                    return Outcome::CutShort;
                }
                _ => return outcome,
            }
            if !self.pause(back_off).await {
                return Outcome::CutShort;
            }
            back_off = (back_off * 2).min(BACK_OFF.1);
            self.run.with.attempt += 1;
        }
    }

    /// Calls the handler once.
    async fn invoke(&self) -> Outcome {
        let run = &self.run;
        let usual = || self.services.schedules.live.now().schedules.timeout_ms;
        let deadline_ms = run.deadline_ms.unwrap_or_else(usual);
        let head = InvokeHead {
            kind: EntryKind::Schedule,
            entry: run.name.clone(),
            from: None,
            deadline_ms: Some(deadline_ms),
            event: None,
        };
        let argument = serde_json::to_vec(&run.with).unwrap_or_default();
        let packet = Packet::new(frame_kind::INVOKE, next_id(), &head).with_payload(argument);
        let queued = self
            .routes
            .with_plugin(&run.plugin, |slot| slot.invoke(packet));
        let Some(Ok(answer)) = queued else {
            return Outcome::NotBegun;
        };
        match timeout(Duration::from_millis(deadline_ms) + GRACE, answer).await {
            Ok(Ok(answer)) if answer.status == status::CANCELLED => Outcome::CutShort,
            Ok(Ok(answer)) => match answer.error() {
                None => Outcome::Done,
                Some(error) => Outcome::Failed(error.message),
            },
            Ok(Err(_)) => Outcome::CutShort,
            Err(_) => Outcome::Failed(format!(
                "it took longer than {deadline_ms} ms, and its thread is stuck"
            )),
        }
    }

    /// Waits; `false` when the bot stops meanwhile.
    async fn pause(&mut self, time: Duration) -> bool {
        tokio::select! {
            () = sleep(time) => true,
            () = self.shutdown.cancelled() => false,
        }
    }

    fn tell(&self, error: &str) {
        let (run, error_id) = (&self.run, error_id::new());
        tracing::error!(
            plugin = &*run.plugin,
            schedule = &*run.name,
            due_ms = run.with.due_ms,
            attempts = run.with.attempt,
            error_id = &*error_id,
            "a run failed: {error}"
        );
        self.services.failed(Failed::Schedule(ScheduleFailed {
            plugin: run.plugin.to_string(),
            schedule: run.name.clone(),
            due_ms: run.with.due_ms,
            attempts: run.with.attempt,
            error: error.to_owned(),
            error_id,
        }));
    }
}
