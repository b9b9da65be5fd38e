//! Connection to the gateway, and the start of all long-running tasks.

use std::{sync::Arc, time::Duration};

use host_discord::{
    figures::Figures,
    gateway::{self, Follow, Sessions},
};
use host_ops::env::Environment;
use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{BotError, core::Core, folder::Files, main_loop::MainLoop, ready};
use crate::{
    dispatch::{Dispatch, Flight, Guilds, Once, OpenLists, Unreadable},
    owner::{self, Owner},
    services::schedules::Runner,
    status::{self, Numbers},
};
use host_commands::{
    Pipeline, WRITTEN_EVERY,
    registration::{OfHost, Registration, Setup},
};

impl Core {
    /// Connects to the gateway, and begins all that goes on from now on.
    pub(super) async fn connect(
        self,
        environment: &Environment,
        files: Files,
        shutdown: CancellationToken,
    ) -> Result<JoinHandle<Result<(), BotError>>, BotError> {
        let config = self.config.now();
        let owner = Arc::new(Owner::new(
            Arc::clone(&self.plugins),
            Arc::clone(&self.services),
            Arc::clone(&self.commands),
        ));
        let memory = config.data.folder.join("registered_commands");
        let registration = Arc::new(Registration::new(self.setup(), memory).await);
        self.services.serve_registration(&registration);
        owner.set_registration(Arc::clone(&registration));
        self.services.later.carry_on().await;
        let (commands, figures) = (
            Arc::clone(&self.commands),
            Arc::clone(&self.services.figures),
        );
        let counting = tokio::spawn(async move {
            tokio::join!(write_uses(commands), measure_lag(&figures));
        });
        let run = config.data.folder.join(RUN);
        let sessions = Arc::new(Sessions::open(&run, self.services.application_id()));
        let pulse = watch::Sender::new(0);
        let dispatch = Arc::new(Dispatch {
            config: self.config.clone(),
            services: Arc::clone(&self.services),
            routes: Arc::clone(&self.routes),
            commands: Arc::clone(&self.commands),
            owner,
            guilds: Guilds::default(),
            listed: OpenLists::default(),
            once: Once::default(),
            flight: Arc::new(Flight::open(&run)),
            stopping: CancellationToken::new(),
            unreadable: Unreadable::default(),
            pulse: pulse.clone(),
        });
        let (intents, intents_followed) = watch::channel(self.routes.intents());
        let first = status::presence(
            &config.status,
            0,
            Numbers::count(&self.services.cache, &self.routes),
        );
        let (presence, presence_followed) = watch::channel(first);
        let gateway_shutdown = CancellationToken::new();
        let settings = gateway::Settings {
            token: environment.token.expose().to_owned(),
            gateway_url: config.discord.gateway_url.clone(),
            shard_count: environment.shard_count,
            shard_ids: environment.shard_ids.clone(),
            sessions: Arc::clone(&sessions),
        };
        let follow = Follow {
            intents: intents_followed,
            presence: presence_followed,
            shutdown: gateway_shutdown.clone(),
            shards: Arc::clone(&self.services.shards),
        };
        let started = gateway::start(settings, &self.services.discord, follow).await?;
        dispatch
            .guilds
            .restored(&self.services.cache.guilds(), started.restored);
        // Before anything that comes now.
        dispatch.take_up();
        tokio::spawn(ready::announce(
            Arc::downgrade(&dispatch),
            Arc::clone(&self.plugins),
            pulse.subscribe(),
            self.began,
            self.ready.clone(),
        ));
        let changes = self.plugins.changes();
        tokio::spawn(status::rotate(
            self.config.follow(),
            self.services.presence.follow(),
            Arc::clone(&self.services.cache),
            Arc::clone(&self.routes),
            presence,
            pulse.subscribe(),
        ));
        let followed = changes.clone();
        let servers = pulse.subscribe();
        let registering = tokio::spawn(async move {
            tokio::join!(
                registration.follow(followed),
                registration.follow_owners(servers)
            );
        });
        let schedules = Runner::start(
            Arc::clone(&self.services),
            Arc::clone(&self.routes),
            changes.clone(),
        );
        let main = MainLoop {
            core: self,
            schedules,
            dispatch,
            shards: started.messages,
            shard_count: started.count,
            sessions,
            unwritten: 0,
            files,
            changes,
            shutdown,
            intents,
            pulse,
            gateway_shutdown,
            registering,
            counting,
        };
        Ok(tokio::spawn(main.run()))
    }

    /// What the registration works with.
    fn setup(&self) -> Setup {
        Setup {
            discord: Arc::clone(&self.services.discord),
            cache: Arc::clone(&self.services.cache),
            alerts: Arc::clone(&self.services.alerts),
            application_id: self.services.application_id(),
            commands: Arc::clone(&self.commands),
            routes: Arc::clone(&self.routes),
            host: OfHost {
                commands: Vec::new(),
                owners: owner::group(),
            },
            config: self.config.clone(),
        }
    }
}

/// Folder in the data folder of what outlives the process, and need not outlive the machine.
const RUN: &str = "run";

/// Time between two measurements of the runtime's lag.
const MEASURED_EVERY: Duration = Duration::from_millis(500);

/// Measures how late the runtime wakes a task, as long as the bot runs.
async fn measure_lag(figures: &Figures) {
    loop {
        let due = Instant::now() + MEASURED_EVERY;
        tokio::time::sleep_until(due).await;
        figures.runtime_lag.observe(due.elapsed());
    }
}

/// Writes down how often commands are used, as long as the bot runs.
async fn write_uses(commands: Arc<Pipeline>) {
    loop {
        tokio::time::sleep(WRITTEN_EVERY).await;
        commands.usage.write().await;
    }
}
