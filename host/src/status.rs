//! Status text below the bot's name.

use std::{sync::Arc, time::Duration};

use host_base::redact;
use host_discord::Cache;
use host_ops::config::{Activity as Kind, Config as Whole, Presence, Status as Config};
use tokio::{
    sync::watch,
    time::{Instant, interval},
};
use twilight_model::gateway::{
    payload::outgoing::update_presence::UpdatePresencePayload,
    presence::{Activity, ActivityType, MinimalActivity, Status},
};

use crate::{owner, services::presence::Set};
use host_commands::router::Routes;

/// Numbers that a status text may show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Servers that the bot is in.
    pub guilds: usize,
    /// Their members, counted once per server.
    pub users: u64,
    /// Commands, the owner's included.
    pub commands: usize,
}

impl Numbers {
    /// Counts.
    #[must_use]
    pub fn count(cache: &Cache, routes: &Routes) -> Self {
        let (guilds, users) = cache.counts();
        Self {
            guilds,
            users,
            commands: routes.commands().len() + owner::COUNT,
        }
    }

    fn fill(self, text: &str) -> String {
        let (servers, members) = (
            counted(self.guilds as u64, "server"),
            counted(self.users, "member"),
        );
        redact::text(text)
            .replace("{servers}", &servers)
            .replace("{members}", &members)
            .replace("{guilds}", &self.guilds.to_string())
            .replace("{users}", &self.users.to_string())
            .replace("{commands}", &self.commands.to_string())
    }
}

/// `1 server`, `3 servers`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

/// The presence with the text at `index`, counted round.
///
/// # Panics
///
/// Never: there is at most one activity and never none where Discord wants one.
#[must_use]
pub fn presence(config: &Config, index: usize, numbers: Numbers) -> UpdatePresencePayload {
    let status = match config.presence {
        Presence::Idle => Status::Idle,
        Presence::Dnd => Status::DoNotDisturb,
        Presence::Invisible => Status::Invisible,
        _ => Status::Online,
    };
    let activities = (!config.text.is_empty())
        .then(|| {
            activity(
                config.kind,
                numbers.fill(&config.text[index % config.text.len()]),
            )
        })
        .into_iter()
        .collect();
    UpdatePresencePayload {
        activities,
        afk: false,
        since: None,
        status,
    }
}

fn activity(kind: Kind, text: String) -> Activity {
    let kind = match kind {
        Kind::Playing => ActivityType::Playing,
        Kind::Listening => ActivityType::Listening,
        Kind::Competing => ActivityType::Competing,
        Kind::Custom => ActivityType::Custom,
        _ => ActivityType::Watching,
    };
    let mut activity = Activity::from(MinimalActivity {
        kind,
        name: text.clone(),
        url: None,
    });
    if kind == ActivityType::Custom {
        activity.state = Some(text);
    }
    activity
}

/// Shows the texts in turn, or what a plugin has set in their place, and the numbers as they change, until nobody follows any more.
pub async fn rotate(
    mut configured: watch::Receiver<Arc<Whole>>,
    mut set: watch::Receiver<Option<Set>>,
    cache: Arc<Cache>,
    routes: Arc<Routes>,
    shown: watch::Sender<UpdatePresencePayload>,
    mut changes: watch::Receiver<u64>,
) {
    let mut config = configured.borrow_and_update().status.clone();
    let mut turn = interval(Duration::from_secs(config.interval_s));
    let mut index = 0;
    let mut last = Instant::now() - Duration::from_secs(5);
    turn.tick().await;
    loop {
        tokio::select! {
            _ = turn.tick() => index += 1,
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
                // Changes come in bursts, and Discord accepts 5 presence updates in 20 s.
                tokio::time::sleep_until((last + Duration::from_secs(5)).max(Instant::now() + Duration::from_millis(500))).await;
                changes.mark_unchanged();
            }
            // Whoever changes it may be gone: then it stays as it is.
            Ok(()) = configured.changed() => {
                let next = configured.borrow_and_update().status.clone();
                if next == config {
                    continue;
                }
                if next.interval_s != config.interval_s {
                    turn = interval(Duration::from_secs(next.interval_s));
                    turn.tick().await;
                }
                (config, index) = (next, 0);
                tokio::time::sleep_until(last + Duration::from_secs(5)).await;
            }
            Ok(()) = set.changed() => tokio::time::sleep_until(last + Duration::from_secs(5)).await,
            () = shown.closed() => return,
        }
        let set = set.borrow_and_update().clone();
        let (config, index) = match &set {
            Some(set) => (&set.shown, 0),
            None => (&config, index),
        };
        let next = presence(config, index, Numbers::count(&cache, &routes));
        let changed = shown.send_if_modified(|current| {
            let changed = format!("{current:?}") != format!("{next:?}");
            *current = next;
            changed
        });
        if changed {
            last = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_take_turns_and_show_the_numbers() {
        let config = Config {
            text: vec![
                "{guilds} servers".into(),
                "{users} users, {commands} commands".into(),
            ],
            ..Config::default()
        };
        let numbers = Numbers {
            guilds: 2,
            users: 30,
            commands: 4,
        };
        let name = |index| presence(&config, index, numbers).activities[0].name.clone();
        let one = Numbers {
            guilds: 1,
            ..numbers
        };
        assert_eq!(one.fill("{servers}"), "1 server");
        assert_eq!(
            numbers.fill("{servers} and {members}"),
            "2 servers and 30 members"
        );
        assert_eq!(
            [name(0), name(1), name(2)],
            ["2 servers", "30 users, 4 commands", "2 servers"]
        );
    }

    #[test]
    fn each_verb_and_each_dot_is_as_discord_numbers_it() {
        let shown = |kind, dot| {
            let config = Config {
                text: vec!["tea".into()],
                kind,
                presence: dot,
                ..Config::default()
            };
            serde_json::to_value(presence(&config, 0, Numbers::default())).unwrap()
        };
        for (kind, number) in [
            (Kind::Playing, 0),
            (Kind::Listening, 2),
            (Kind::Watching, 3),
            (Kind::Custom, 4),
            (Kind::Competing, 5),
        ] {
            let shown = shown(kind, Presence::Online);
            assert_eq!(shown["activities"][0]["type"], number);
            assert_eq!(shown["activities"][0]["name"], "tea");
        }
        for (dot, word) in [
            (Presence::Online, "online"),
            (Presence::Idle, "idle"),
            (Presence::Dnd, "dnd"),
            (Presence::Invisible, "invisible"),
        ] {
            assert_eq!(shown(Kind::Playing, dot)["status"], word);
        }
        let none = Config {
            text: Vec::new(),
            ..Config::default()
        };
        assert!(presence(&none, 0, Numbers::default()).activities.is_empty());
    }

    #[tokio::test]
    async fn the_next_text_comes_after_the_interval_from_the_start_on() {
        let mut whole = Whole::default();
        whole.status.text = vec!["one".into(), "two".into()];
        whole.status.interval_s = 1;
        let discord = Arc::new(host_discord::Discord::new(
            &whole.discord,
            None,
            Arc::default(),
        ));
        let cache = Arc::new(Cache::new(&whole.cache, discord));
        let (first, began) = (
            presence(&whole.status, 0, Numbers::default()),
            Instant::now(),
        );
        let (shown, mut seen) = watch::channel(first);
        let (_config, configured) = watch::channel(Arc::new(whole));
        let (_set, set) = watch::channel(None);
        let (_changes, changes) = watch::channel(0);
        let routes = Arc::default();
        tokio::spawn(rotate(configured, set, cache, routes, shown, changes));
        for (text, after) in [("two", 1), ("one", 2)] {
            seen.changed().await.unwrap();
            assert_eq!(seen.borrow_and_update().activities[0].name, text);
            let after = Duration::from_secs(after);
            assert!(
                began.elapsed() >= after,
                "{text} after {:?}",
                began.elapsed()
            );
        }
    }
}
