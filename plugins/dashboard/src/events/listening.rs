//! Listening: begun by whoever opens the page, ended when nobody looks; and the batches that pages are told.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use plugin_api::{abi::ServersCall, hook::EVERY_EVENT, prelude::*};

use super::{
    TOPIC,
    heard::{HANDLER, KINDS},
    ring::Ring,
};
use crate::{Dashboard, wanted::Wanted};

/// Between two batches: what happens is on the page within a quarter of a second.
const BATCH: Duration = Duration::from_millis(180);

/// How long nobody has to look before it ends: a page takes a moment from its first byte to its stream.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is asked who looks, where nothing happens that pages are told.
const LOOKS: Duration = Duration::from_secs(2);

/// Servers whose names are known to the list, and how many the host gives at once.
const NAMES: usize = 10_000;
const AT_ONCE: u32 = 1_000;

/// Listens from now on, until nobody looks.
pub(super) fn begin(dashboard: &Dashboard) {
    let ring = Rc::clone(&dashboard.events);
    if ring.listening.replace(true) {
        return;
    }
    // The host of the start: a route's asks for somebody, and until its reply alone.
    let host = dashboard.host.clone();
    let wanted = Rc::clone(&dashboard.wanted);
    dashboard.host.spawn(async move {
        let listened = listen(&host, &ring, &wanted).await;
        let none: [&str; 0] = [];
        let chosen = host.choose_hooks(HANDLER, none).await;
        let chosen = chosen.and(wanted.set(&host, TOPIC, &[]).await);
        // Last: whoever comes meanwhile begins anew with the page's next look.
        ring.listening.set(false);
        ring.clear();
        listened.and(chosen)
    });
}

async fn listen(host: &Host, ring: &Ring, wanted: &Wanted) -> Result {
    wanted.set(host, TOPIC, KINDS).await?;
    host.choose_hooks(HANDLER, [EVERY_EVENT]).await?;
    names(host, ring).await?;
    let base = format!("/p/{}", host.plugin_name());
    let (mut seen, mut looked) = (Instant::now(), Instant::now());
    while seen.elapsed() < PATIENCE {
        tokio::time::sleep(BATCH).await;
        let watchers = match ring.batch(&base) {
            Some(batch) => host.publish(TOPIC, batch).await?,
            None if looked.elapsed() < LOOKS => continue,
            None => host.watchers(TOPIC).await?,
        };
        looked = Instant::now();
        if watchers > 0 {
            seen = looked;
        }
    }
    Ok(())
}

/// Asks for the names of servers, the oldest ones first: an event has an id alone.
async fn names(host: &Host, ring: &Ring) -> Result {
    let mut call = ServersCall {
        limit: Some(AT_ONCE),
        ..ServersCall::default()
    };
    loop {
        let page = host.cache().servers(&call).await?;
        let mut names = ring.names.borrow_mut();
        names.extend(page.servers.into_iter().map(|it| (it.id, it.name)));
        match page.next {
            Some(next) if names.len() < NAMES => call.after = Some(next),
            _ => return Ok(()),
        }
    }
}
