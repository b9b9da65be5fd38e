//! Errors lately: the last 500 of all plugins, with the ids that members have read.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    Power,
    abi::{ErrorKind, ErrorView, ErrorsCall, ErrorsReply},
    hook::{
        CommandError, ComponentError, ListenerError, PageError, PluginPanicked, ScheduleFailed,
        TaskError,
    },
    manifest::Manifest,
};

use super::Services;

/// Errors that are kept.
const KEPT: usize = 500;

/// Characters of a text or a trace: with them, all that are kept are some 6 MB at most.
const LONGEST: usize = 4_000;

/// Entries on a page.
const PAGE: (u32, u32) = (25, 100);

/// The latest errors.
#[derive(Debug, Default)]
pub struct Errors(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Oldest first.
    latest: VecDeque<ErrorView>,
    total: u64,
}

impl Errors {
    /// Keeps one. Its number and its time are filled in.
    pub fn note(&self, mut error: ErrorView) {
        for text in [&mut error.text, &mut error.trace, &mut error.what] {
            if let Some((end, _)) = text.char_indices().nth(LONGEST) {
                text.truncate(end);
                text.push('…');
            }
        }
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        error.at_ms = since.map_or(0, |since| since.as_millis().try_into().unwrap_or(u64::MAX));
        let kept = &mut *self.kept();
        kept.total += 1;
        error.number = kept.total;
        link_to_panic(&mut kept.latest, &mut error);
        if kept.latest.len() >= KEPT {
            kept.latest.pop_front();
        }
        kept.latest.push_back(error);
    }

    /// Keeps what the host itself has failed over: a plugin's call, or what Discord has sent.
    pub fn of_host(&self, plugin: &str, what: &str, text: String, error_id: &str) {
        let mut error = ErrorView::default();
        error.kind = ErrorKind::Host;
        (error.plugin, error.what) = (plugin.to_owned(), what.to_owned());
        (error.text, error.error_id) = (text, error_id.to_owned());
        self.note(error);
    }

    /// The newest of those that are asked for.
    #[must_use]
    pub fn list(&self, wanted: &ErrorsCall) -> ErrorsReply {
        let kept = self.kept();
        let plugin = wanted.plugin.as_deref().map(PluginName::new);
        let fits = |error: &&ErrorView| {
            plugin
                .as_ref()
                .is_none_or(|plugin| plugin.is(&error.plugin))
                && wanted.kind.is_none_or(|kind| kind == error.kind)
                && wanted
                    .error_id
                    .as_ref()
                    .is_none_or(|id| *id == error.error_id)
                && wanted.before.is_none_or(|before| error.number < before)
        };
        let limit = wanted.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1) as usize;
        let mut found: Vec<&ErrorView> = kept
            .latest
            .iter()
            .rev()
            .filter(fits)
            .take(limit + 1)
            .collect();
        let mut reply = ErrorsReply::default();
        reply.total = kept.total;
        if found.len() > limit {
            found.truncate(limit);
            reply.next = found.last().map(|error| error.number);
        }
        reply.errors = found.into_iter().cloned().collect();
        reply
    }

    /// How many there were since the start.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.kept().total
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a panic has ended gets its trace: whichever of the two is known first.
fn link_to_panic(latest: &mut VecDeque<ErrorView>, error: &mut ErrorView) {
    let is_panic = error.kind == ErrorKind::Panic;
    if is_panic && error.trace.is_empty() {
        return;
    }
    let belongs = |panic: &ErrorView, ended: &ErrorView| {
        panic.kind == ErrorKind::Panic
            && ended.kind != ErrorKind::Panic
            && panic.plugin == ended.plugin
            && ended.trace.is_empty()
            && ended.text.contains(&panic.text)
    };
    let other = latest
        .iter_mut()
        .rev()
        .take(10)
        .find(|known| match is_panic {
            true => belongs(error, known),
            false => belongs(known, error),
        });
    match other {
        Some(ended) if is_panic => ended.trace.clone_from(&error.trace),
        Some(panic) => error.trace.clone_from(&panic.trace),
        None => {}
    }
}

impl Capability<Services> for Errors {
    const CALLS: &'static [CallRule] =
        &[CallRule::reads("errors.list", Power::LogRead, Who::Owner)];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(&self, _: &Services, _: &Caller, call: HostCall) -> Result<Completion, Failure> {
        Ok(Completion::json(
            &self.list(&serde_json::from_value(call.params)?),
        ))
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}

/// What has failed, in the terms of the hook that tells of it.
#[derive(Debug)]
pub enum Failed {
    /// A command; an error of the member's own has no id, and is not kept.
    Command(CommandError),
    /// A component.
    Component(ComponentError),
    /// A listener.
    Listener(ListenerError),
    /// A task in the background.
    Task(TaskError),
    /// A run of a schedule.
    Schedule(ScheduleFailed),
    /// A route of the web pages.
    Page(PageError),
    /// Whatever it was, it has panicked; with the functions that it came through.
    Panic(PluginPanicked, String),
}

impl Services {
    /// Keeps what has failed, and tells whoever listens.
    pub fn failed(&self, failed: Failed) {
        let mut error = ErrorView::default();
        match failed {
            Failed::Command(hook) => {
                (error.guild_id, error.channel_id) = (hook.guild_id, Some(hook.channel_id));
                error.user_id = Some(hook.user_id);
                (error.plugin, error.what) = (hook.plugin.clone(), hook.command.clone());
                (error.text, error.error_id) = (hook.error.clone(), hook.error_id.clone());
                self.hooks.emit(&hook);
                if hook.error_id.is_empty() {
                    return;
                }
            }
            Failed::Component(hook) => {
                error.kind = ErrorKind::Component;
                (error.guild_id, error.channel_id) = (hook.guild_id, Some(hook.channel_id));
                error.user_id = Some(hook.user_id);
                (error.plugin, error.what) = (hook.plugin.clone(), hook.component.clone());
                (error.text, error.error_id) = (hook.error.clone(), hook.error_id.clone());
                self.hooks.emit(&hook);
                if hook.error_id.is_empty() {
                    return;
                }
            }
            Failed::Listener(hook) => {
                error.kind = ErrorKind::Listener;
                (error.plugin, error.what) = (hook.plugin.clone(), hook.event.clone());
                error.text.clone_from(&hook.error);
                self.hooks.emit(&hook);
            }
            Failed::Task(hook) => {
                error.kind = ErrorKind::Task;
                error.plugin.clone_from(&hook.plugin);
                error.text.clone_from(&hook.error);
                self.hooks.emit(&hook);
            }
            Failed::Schedule(hook) => {
                error.kind = ErrorKind::Schedule;
                (error.plugin, error.what) = (hook.plugin.clone(), hook.schedule.clone());
                (error.text, error.error_id) = (hook.error.clone(), hook.error_id.clone());
                self.hooks.emit(&hook);
            }
            Failed::Page(hook) => {
                error.kind = ErrorKind::Page;
                error.user_id = Some(hook.user_id);
                (error.plugin, error.what) = (hook.plugin.clone(), hook.route.clone());
                (error.text, error.error_id) = (hook.error.clone(), hook.error_id.clone());
                self.hooks.emit(&hook);
            }
            Failed::Panic(hook, trace) => {
                error.kind = ErrorKind::Panic;
                (error.plugin, error.what) = (hook.plugin.clone(), hook.at.clone());
                (error.text, error.trace) = (hook.message.clone(), trace);
                self.hooks.emit(&hook);
            }
        }
        self.errors.note(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind, text: &str, trace: &str) -> ErrorView {
        let mut error = ErrorView::default();
        (error.kind, error.plugin) = (kind, "tea_shop".into());
        (error.text, error.trace) = (text.into(), trace.into());
        error
    }

    #[test]
    fn the_last_500_are_kept_and_read_page_by_page() {
        let errors = Errors::default();
        for number in 0..600 {
            let mut error = error(ErrorKind::Command, "x", "");
            error.error_id = number.to_string();
            error.plugin = ["tea_shop", "bank"][number % 2].into();
            errors.note(error);
        }
        let mut wanted = ErrorsCall {
            limit: Some(100),
            plugin: Some("tea-shop".into()),
            ..ErrorsCall::default()
        };
        let mut seen = Vec::new();
        let mut pages = 0;
        loop {
            let reply = errors.list(&wanted);
            assert_eq!(reply.total, 600);
            pages += 1;
            seen.extend(reply.errors.iter().map(|error| error.number));
            wanted.before = reply.next;
            if reply.next.is_none() {
                break;
            }
        }
        assert_eq!((pages, seen.len()), (3, 250));
        assert_eq!((seen[0], seen[249]), (599, 101));
        let by_id = ErrorsCall {
            error_id: Some("598".into()),
            ..ErrorsCall::default()
        };
        assert_eq!(errors.list(&by_id).errors[0].number, 599);
        assert_eq!(errors.list(&ErrorsCall::default()).errors.len(), 25);
    }

    #[test]
    fn what_a_panic_has_ended_has_its_trace_whichever_comes_first() {
        let trace = |errors: &Errors| -> Vec<String> {
            let all = errors.list(&ErrorsCall::default()).errors;
            all.into_iter().map(|error| error.trace).collect()
        };
        let ended = || error(ErrorKind::Command, "the handler panicked: boom", "");
        let errors = Errors::default();
        errors.note(error(ErrorKind::Panic, "boom", "brew\nserve"));
        errors.note(ended());
        errors.note(error(ErrorKind::Command, "no milk", ""));
        assert_eq!(trace(&errors), ["", "brew\nserve", "brew\nserve"]);
        let errors = Errors::default();
        errors.note(ended());
        errors.note(error(ErrorKind::Panic, "boom", "brew"));
        assert_eq!(trace(&errors), ["brew", "brew"]);
    }

    #[test]
    fn a_text_without_end_ends() {
        let errors = Errors::default();
        errors.note(error(ErrorKind::Task, &"ü".repeat(LONGEST + 5), ""));
        let kept = errors.list(&ErrorsCall::default()).errors.remove(0);
        assert_eq!(kept.text.chars().count(), LONGEST + 1);
        assert!(kept.text.ends_with("ü…") && kept.at_ms > 0);
    }
}
