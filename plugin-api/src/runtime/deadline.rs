//! Deadlines of handlers: what a handler may take, without the time in which it waits for a member.

use std::{
    cell::Cell,
    collections::HashMap,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::manifest::{CommandKind, CommandManifest, Manifest};

/// What handlers may take, as it is declared and as the operator has set it.
#[derive(Debug)]
pub(super) struct Deadlines {
    commands: HashMap<(CommandKind, String), Duration>,
    /// For all that say nothing of their own.
    plugin: Option<Duration>,
    /// The operator's, for plugins that say nothing at all.
    default: Cell<Option<Duration>>,
}

impl Deadlines {
    pub(super) fn of(manifest: &Manifest) -> Self {
        let mut commands = HashMap::new();
        for command in &manifest.commands {
            enter(&mut commands, "", None, command);
        }
        Self {
            commands,
            plugin: manifest.deadline_ms.map(Duration::from_millis),
            default: Cell::new(None),
        }
    }

    /// Takes the operator's over.
    pub(super) fn set_default(&self, default: Option<Duration>) {
        self.default.set(default);
    }

    /// That of a command by its path.
    pub(super) fn of_command(&self, kind: CommandKind, path: &str) -> Option<Duration> {
        let own = self.commands.get(&(kind, path.to_owned())).copied();
        self.or_default(own)
    }

    /// That of a handler which declares this, or nothing.
    pub(super) fn or_default(&self, own: Option<Duration>) -> Option<Duration> {
        own.or(self.plugin).or(self.default.get())
    }
}

/// Enters a command and those in it: a group's deadline holds for all in it that have none of their own.
fn enter(
    all: &mut HashMap<(CommandKind, String), Duration>,
    group: &str,
    of_group: Option<Duration>,
    command: &CommandManifest,
) {
    let path = match group {
        "" => command.name.clone(),
        group => format!("{group} {}", command.name),
    };
    let own = command.deadline_ms.map(Duration::from_millis).or(of_group);
    for subcommand in &command.subcommands {
        enter(all, &path, own, subcommand);
    }
    if let Some(own) = own {
        all.insert((command.kind, path), own);
    }
}

/// The time that one handler may still take.
#[derive(Debug)]
pub(super) struct Deadline {
    limit: Duration,
    left: Duration,
    /// Since when its time runs; `None` while it waits for a member.
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// A handler's that has not begun.
    pub(super) const fn new(limit: Duration) -> Self {
        Self {
            limit,
            left: limit,
            since: None,
            timer: None,
        }
    }

    /// How long it is.
    pub(super) const fn limit(&self) -> Duration {
        self.limit
    }

    /// The handler is polled: what it takes counts from here at the latest.
    pub(super) fn goes_on(&mut self, now: Instant) {
        self.count(now);
        self.since = Some(now);
    }

    /// The handler is not done, and waits for a member or for anything else; whether its time is over. Otherwise it is woken when that is.
    pub(super) fn is_over(
        &mut self,
        now: Instant,
        waits_for_member: bool,
        cx: &mut Context<'_>,
    ) -> bool {
        self.count(now);
        if waits_for_member {
            (self.since, self.timer) = (None, None);
            return false;
        }
        self.since = Some(now);
        let end = now + self.left;
        let timer = match &mut self.timer {
            Some(timer) => {
                timer.as_mut().reset(end);
                timer
            }
            timer => timer.insert(Box::pin(sleep_until(end))),
        };
        self.left.is_zero() || matches!(timer.as_mut().poll(cx), Poll::Ready(()))
    }

    fn count(&mut self, now: Instant) {
        if let Some(since) = self.since {
            let passed = now.saturating_duration_since(since);
            self.left = self.left.saturating_sub(passed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn what_it_waits_for_a_member_does_not_count() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let _within = runtime.enter();
        let mut cx = Context::from_waker(Waker::noop());
        let began = Instant::now();
        let mut deadline = Deadline::new(Duration::from_secs(3_000));
        // A poll at that second, which leaves it waiting for a member or not.
        let mut is_over_at = |second: u64, waits_for_member: bool| {
            let now = began + Duration::from_secs(second);
            deadline.goes_on(now);
            deadline.is_over(now, waits_for_member, &mut cx)
        };
        assert!(!is_over_at(0, false));
        assert!(!is_over_at(2_000, true), "it asks a member");
        assert!(!is_over_at(900_000, false));
        assert!(!is_over_at(900_999, false));
        assert!(is_over_at(901_000, false));
    }

    #[test]
    fn a_commands_own_counts_before_its_groups_the_plugins_and_the_operators() {
        let command = |name: &str, deadline_ms, subcommands| {
            let mut command = CommandManifest::default();
            (command.name, command.deadline_ms) = (name.to_owned(), deadline_ms);
            command.subcommands = subcommands;
            command
        };
        let mut manifest = Manifest {
            commands: vec![
                command(
                    "tea",
                    Some(5),
                    vec![
                        command("brew", Some(7), vec![]),
                        command("pour", None, vec![]),
                    ],
                ),
                command("milk", None, vec![]),
            ],
            ..Manifest::default()
        };
        let of = |deadlines: &Deadlines, path: &str| {
            let found = deadlines.of_command(CommandKind::default(), path);
            found.map(|deadline| deadline.as_millis())
        };
        let deadlines = Deadlines::of(&manifest);
        assert_eq!(
            (of(&deadlines, "tea brew"), of(&deadlines, "tea pour")),
            (Some(7), Some(5))
        );
        assert_eq!(of(&deadlines, "milk"), None);
        deadlines.set_default(Some(Duration::from_millis(11)));
        assert_eq!(of(&deadlines, "milk"), Some(11));
        manifest.deadline_ms = Some(9);
        let deadlines = Deadlines::of(&manifest);
        deadlines.set_default(Some(Duration::from_millis(11)));
        assert_eq!(
            (of(&deadlines, "milk"), of(&deadlines, "tea pour")),
            (Some(9), Some(5))
        );
    }
}
