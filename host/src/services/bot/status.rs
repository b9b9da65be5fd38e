//! Status of the bot: what it serves, and what was counted since it began.

use std::time::Duration;

use host_discord::figures::Hour;
use plugin_api::abi::{BotStatus, HourView, TARGET};

use super::{BotCalls, process};
use crate::services::Services;

impl BotCalls {
    pub(super) async fn status(&self, services: &Services) -> BotStatus {
        let mut status = BotStatus::default();
        status.host_version = env!("CARGO_PKG_VERSION").to_owned();
        status.target = TARGET.to_owned();
        status.release = !cfg!(debug_assertions);
        status.up_ms = ms(self.began.elapsed());
        status.simulated = services.events.are_replayed();
        serves(&mut status, services);
        counted(&mut status, services);
        let data = services.authority.config().data.folder.clone();
        // Files of the system's are read there, in some hundred microseconds.
        tokio::task::block_in_place(|| process::look(&mut status, &self.processor, &data));
        status
    }
}

fn serves(status: &mut BotStatus, services: &Services) {
    let (guilds, members) = services.cache.counts();
    (status.guilds, status.members) = (guilds as u64, members);
    status.channels = services.cache.channel_count() as u64;
    let shards = services.figures.shards();
    status.shards = small(shards.len());
    status.shards_connected = small(shards.iter().filter(|(_, it)| it.is_up()).count());
    let latencies: Vec<Duration> = shards.iter().filter_map(|(_, it)| it.latency()).collect();
    if !latencies.is_empty() {
        let sum: Duration = latencies.iter().sum();
        status.latency_ms = Some(sum.as_secs_f64() * 1000.0 / latencies.len() as f64);
    }
    status.commands = small(services.routes().commands().len());
    if let Ok(set) = services.plugins.set() {
        let all = set.status();
        let serving = all.iter().filter(|it| it.serving.is_some()).count();
        status.plugins = small(serving);
        status.plugins_refused = small(all.len() - serving);
    }
}

fn counted(status: &mut BotStatus, services: &Services) {
    let figures = &services.figures;
    status.events = figures.events().iter().map(|(_, count)| count).sum();
    status.requests = figures.rest.all().iter().map(|(_, _, count)| count).sum();
    let (total, hours) = figures.hourly.read();
    status.messages = total.messages;
    status.commands_used = total.commands;
    status.commands_failed = total.errors;
    status.hours = hours.into_iter().map(hour).collect();
}

fn hour(counted: Hour) -> HourView {
    let mut view = HourView::default();
    view.began_ms = ms(counted.began);
    view.messages = counted.messages;
    view.commands = counted.commands;
    view.errors = counted.errors;
    view
}

fn small(count: usize) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
}

fn ms(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}
