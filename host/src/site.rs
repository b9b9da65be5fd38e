//! The bot as its web pages know it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::Router;
use host_base::error_id;
use host_commands::{Pipeline, router::Routes};
use host_loader::Plugins;
use host_ops::{
    audit::Deed,
    config::{Config, Live},
    env::Secret,
    log,
};
use host_pages::{Server, Site};
use plugin_api::{abi::ErrorHead, hook::PageError};
use tokio::task::JoinHandle;

use crate::{
    metrics,
    services::{self, Failed, Services, schedules::Clock},
};

/// Seconds between two looks at the bot's health, for pages that follow it.
const HEALTH_S: u64 = 2;

/// What pages show, until this is dropped.
#[derive(Debug)]
pub(crate) struct Shown {
    _server: Server,
    following: JoinHandle<()>,
}

/// What the pages ask of the bot.
struct Bot {
    config: Live,
    services: Arc<Services>,
    plugins: Arc<Plugins>,
    since: Instant,
    /// The configuration as it was looked at last, and how often it has changed.
    seen: Mutex<(Arc<Config>, u64)>,
}

/// Serves the bot's web pages.
pub(crate) async fn serve(
    config: &Live,
    services: &Arc<Services>,
    plugins: &Arc<Plugins>,
    commands: &Arc<Pipeline>,
    routes: &Arc<Routes>,
    client_secret: Option<Secret>,
) -> Shown {
    let bot = Bot {
        seen: Mutex::new((config.now(), 0)),
        config: config.clone(),
        services: Arc::clone(services),
        plugins: Arc::clone(plugins),
        since: Instant::now(),
    };
    let site = Site {
        routes: Arc::clone(routes),
        commands: Arc::clone(commands),
        cache: Arc::clone(&services.cache),
        rest: Arc::clone(&services.discord),
        calls: services::calls().collect(),
        client_secret,
        bot: Box::new(bot),
    };
    let pages = services.pages.clone();
    let server = pages.serve(config.clone(), Clock::default(), site).await;
    let mut changes = plugins.changes();
    let following = tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            pages.touch();
        }
    });
    Shown {
        _server: server,
        following,
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl host_pages::Bot for Bot {
    fn record(&self, deed: Deed) -> JoinHandle<()> {
        let services = Arc::clone(&self.services);
        tokio::spawn(async move { services.authority.record(deed).await })
    }

    fn failed(&self, plugin: &str, route: &str, user: u64, error: &ErrorHead) -> String {
        let error_id = error_id::new();
        tracing::error!(
            plugin,
            route,
            user,
            error_id,
            "a page failed: {}",
            error.message
        );
        self.services.failed(Failed::Page(PageError {
            plugin: plugin.to_owned(),
            route: route.to_owned(),
            user_id: user,
            error: error.message.clone(),
            error_id: error_id.clone(),
        }));
        error_id
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let settings = {
            let now = self.config.now();
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if !Arc::ptr_eq(&seen.0, &now) {
                *seen = (now, seen.1 + 1);
            }
            seen.1
        };
        vec![
            ("audit", self.services.authority.last_entry()),
            ("errors", self.services.errors.total()),
            ("health", self.since.elapsed().as_secs() / HEALTH_S),
            ("hooks", self.services.hooks.emissions()),
            ("log", log::last()),
            ("plugins", *self.plugins.changes().borrow()),
            ("settings", settings),
        ]
    }

    fn application(&self) -> u64 {
        self.services.application_id()
    }

    fn discord(&self) -> String {
        let config = self.config.now();
        let own = config.discord.api_url.as_deref();
        own.unwrap_or("https://discord.com")
            .trim_end_matches('/')
            .to_owned()
    }

    fn metrics(&self) -> Option<Router> {
        let is_wanted = self.config.now().pages.metrics;
        is_wanted.then(|| metrics::router(&self.config, &self.services, &self.plugins))
    }
}
