//! The owner command for schedules.

use serde_json::Value;

use super::{Owner, embeds};
use crate::{plugin::tidy, services::Failure};

impl Owner {
    pub(super) async fn schedules(&self, line: &str) -> Value {
        let (schedules, storage) = (&self.services.schedules, &self.services.storage);
        let words: Vec<&str> = line.split_whitespace().collect();
        let [verb, plugin, name] = words[..] else {
            if !words.is_empty() {
                return usage();
            }
            return match schedules.views(storage).await {
                Ok(views) => embeds::schedules(&views),
                Err(error) => embeds::failed("Not read", "fw_schedules", &error.to_string()),
            };
        };
        let plugin = tidy(plugin);
        let done: Result<&str, Failure> = match verb {
            "run" => schedules
                .run_now(storage, &plugin, name)
                .await
                .map(|()| "It begins now, beside its plan."),
            "pause" => schedules
                .pause(storage, &plugin, name, true)
                .await
                .map(|()| "It is paused, also over a restart; `resume` lets it go on."),
            "resume" => schedules
                .pause(storage, &plugin, name, false)
                .await
                .map(|()| "It goes on, planned from now; what was due meanwhile is left out."),
            _ => return usage(),
        };
        match done {
            Ok(text) => embeds::schedule_changed(&plugin, name, text),
            Err(error) => embeds::failed("Not done", "fw_schedules", &error.to_string()),
        }
    }
}

fn usage() -> Value {
    embeds::usage(
        "fw_schedules [run | pause | resume PLUGIN NAME]",
        "Shows what plugins do at a time, or has one of it run now, rest, or go on.",
    )
}
