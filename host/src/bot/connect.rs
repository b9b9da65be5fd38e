//! Start of all long-running tasks, once the plugins are loaded.

use std::{sync::Arc, time::Duration};

use host_discord::figures::Figures;
use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    BotError,
    core::Core,
    dial::{Dialled, RUN},
    folder::Files,
    main_loop::MainLoop,
    ready,
};
use crate::{
    dispatch::{Dispatch, Flight, Guilds, Once, OpenLists, Unreadable},
    owner::{self, Owner},
    services::schedules::Runner,
    status,
};
use host_commands::{
    Pipeline, WRITTEN_EVERY,
    registration::{OfHost, Registration, Setup},
};

impl Core {
    /// Begins all that goes on from now on, with what waits at the gateway.
    pub(super) async fn connect(
        self,
        dialled: Dialled,
        files: Files,
        shutdown: CancellationToken,
    ) -> JoinHandle<Result<(), BotError>> {
        let Dialled {
            started,
            intents,
            presence,
            sessions,
            gateway_shutdown,
        } = dialled;
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
        tokio::spawn(main.run())
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
