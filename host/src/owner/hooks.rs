//! Owner command for hooks: handlers, history, switches.

use std::time::SystemTime;

use host_base::shown;
use serde_json::Value;

use super::{Owner, embeds};
use crate::services::hooks::{Circuit, Emitted, HookView};

const USAGE: &str = "cogwright hooks [list | history | enable ID | disable ID | reset ID]";
const WHAT: &str = "Shows the handlers of hooks with their counts and failures, or the latest events; switches a handler on or off, also \
    over a restart; closes its circuit breaker. An id is `plugin:event:handler`, as the list shows it.";

impl Owner {
    pub(super) async fn hooks(&self, line: &str) -> Value {
        let hooks = &self.services.hooks;
        let (verb, id) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let id = id.trim();
        let done = match (verb, id) {
            ("" | "list", "") => return listed(&hooks.list()),
            ("history", "") => return history(&hooks.history(20)),
            ("enable", id) if !id.is_empty() => hooks.switch(id, true).await,
            ("disable", id) if !id.is_empty() => hooks.switch(id, false).await,
            ("reset", id) if !id.is_empty() => hooks.reset(id),
            ("list" | "history", _) => {
                let why = format!("`{verb}` has no arguments, and was given `{id}`");
                return embeds::misused(&why, USAGE, WHAT);
            }
            ("enable" | "disable" | "reset", _) => {
                let why = format!("`{verb}` needs the id of a handler");
                return embeds::misused(&why, USAGE, WHAT);
            }
            _ => {
                let why = format!("there is no `cogwright hooks {verb}`");
                return embeds::misused(&why, USAGE, WHAT);
            }
        };
        match done {
            Ok(()) => listed(
                &hooks
                    .list()
                    .into_iter()
                    .filter(|hook| hook.id == id)
                    .collect::<Vec<_>>(),
            ),
            Err(failure) => embeds::failed("No such hook", id, &failure.to_string()),
        }
    }
}

fn listed(hooks: &[HookView]) -> Value {
    let line = |hook: &HookView| {
        let state = match (hook.enabled, hook.circuit) {
            (false, _) => "switched off",
            (true, Circuit::Open) => "rests after failures",
            (true, Circuit::HalfOpen) => "is tried again",
            (true, Circuit::Closed) => "on",
        };
        let it = &hook.figures;
        format!(
            "`{}` (priority {}): {state}, {} run, {} failed, {} dropped, {} skipped, {} waiting, {} ms each, {} ms late",
            shown::word(&hook.id),
            hook.priority,
            it.runs,
            it.failures,
            it.dropped,
            it.skipped,
            hook.waiting,
            it.handled_us / it.runs.max(1) / 1000,
            it.waited_us / it.runs.max(1) / 1000,
        )
    };
    let lines: Vec<String> = hooks.iter().map(line).collect();
    let text = if lines.is_empty() {
        "No plugin that is loaded has hooks.".to_owned()
    } else {
        lines.join("\n")
    };
    embeds::embed(
        "Hooks",
        embeds::BLUE,
        &embeds::shorten(&text, embeds::DESCRIPTION),
        &[],
    )
}

fn history(emitted: &[Emitted]) -> Value {
    let line = |emitted: &Emitted| {
        let at = emitted.at.duration_since(SystemTime::UNIX_EPOCH);
        let from = emitted.from.as_deref().unwrap_or("framework");
        format!(
            "<t:{}:T> `{}` by {from}: {} queued, {} dropped, {} skipped",
            at.unwrap_or_default().as_secs(),
            shown::word(&emitted.event),
            emitted.queued,
            emitted.dropped,
            emitted.skipped
        )
    };
    let lines: Vec<String> = emitted.iter().map(line).collect();
    let text = if lines.is_empty() {
        "There were no events yet.".to_owned()
    } else {
        lines.join("\n")
    };
    embeds::embed(
        "Latest events",
        embeds::BLUE,
        &embeds::shorten(&text, embeds::DESCRIPTION),
        &[],
    )
}
