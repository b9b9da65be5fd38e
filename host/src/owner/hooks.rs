//! Owner command for the hooks.

use serde_json::Value;

use super::{Owner, embeds};

impl Owner {
    pub(super) fn hooks(&self, line: &str) -> Value {
        let hooks = &self.services.hooks;
        let (verb, id) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let id = id.trim();
        let done = match (verb, id) {
            ("" | "list", "") => return embeds::hooks(&hooks.list()),
            ("history", "") => return embeds::hook_history(&hooks.history(20)),
            ("enable", id) if !id.is_empty() => hooks.switch(id, true),
            ("disable", id) if !id.is_empty() => hooks.switch(id, false),
            ("reset", id) if !id.is_empty() => hooks.reset(id),
            _ => {
                return embeds::usage(
                    "fw_hooks [list | history | enable ID | disable ID | reset ID]",
                    "Shows the handlers of hooks and how they fare, or what was told lately; switches a handler on or off until \
                     the bot stops; closes its circuit breaker. An id is `plugin:event:handler`, as the list shows it.",
                );
            }
        };
        match done {
            Ok(()) => embeds::hooks(
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
