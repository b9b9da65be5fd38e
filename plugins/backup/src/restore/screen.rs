//! Message that tells how far a restore is, and edits itself.

use std::time::Duration;

use plugin_api::{
    prelude::*,
    text::{clip, plain},
};
use tokio::time::Instant;

use super::job::Job;

/// How often it is changed at most: Discord takes five changes in five seconds from all of a channel.
const EACH: Duration = Duration::from_secs(3);

pub(super) struct Screen {
    host: Host,
    place: Option<(Id<marker::ChannelMarker>, Id<marker::MessageMarker>)>,
    title: String,
    last: Option<Instant>,
}

impl Screen {
    pub(super) fn new(host: &Host, job: &Job) -> Self {
        Self {
            host: host.clone(),
            place: job.message.map(|message| (job.channel, message)),
            title: title(job),
            last: None,
        }
    }

    /// Tells what is at hand, unless it has told something a moment ago.
    pub(super) async fn tell(&mut self, done: usize, total: usize, what: &str) {
        if self.last.is_some_and(|last| last.elapsed() < EACH) {
            return;
        }
        self.last = Some(Instant::now());
        let card = embed(self.title.as_str())
            .description(clip(&plain(what), 200))
            .field("Done", format!("{done} of {total} steps"), true)
            .footer("It goes on by itself after a restart. `backup stop` stops it.");
        self.put(card.build().into()).await;
    }

    /// Puts the last words in its place; `false`: nobody can see it there.
    pub(super) async fn close(&mut self, message: NewMessage) -> bool {
        self.put(message).await;
        self.place.is_some()
    }

    async fn put(&mut self, message: NewMessage) {
        let Some((channel, id)) = self.place else {
            return;
        };
        if let Err(error) = self.host.discord().edit(channel, id, message).await {
            tracing::info!("a restore can't be watched any more: {error}");
            if error
                .http_status()
                .is_some_and(|status| status < 500 && status != 429)
            {
                self.place = None;
            }
        }
    }
}

pub(super) fn title(job: &Job) -> String {
    match job.is_undo {
        true => "Undoing the last restore".to_owned(),
        false => format!("Restoring snapshot #{}", job.snapshot),
    }
}
