//! Owner command for schedules.

use host_base::{PluginName, shown};
use host_capability::Failure;
use serde_json::Value;

use super::{Owner, embeds};
use crate::services::schedules::ScheduleView;

const USAGE: &str = "cogwright schedules [run | pause | resume PLUGIN NAME]";
const WHAT: &str = "Shows the schedules of plugins, or runs, pauses or resumes one.";

impl Owner {
    pub(super) async fn schedules(&self, line: &str) -> Value {
        let (schedules, storage) = (&self.services.schedules, &self.services.storage);
        let words: Vec<&str> = line.split_whitespace().collect();
        let [verb, plugin, name] = words[..] else {
            if let Some(verb) = words.first() {
                let why = match *verb {
                    "run" | "pause" | "resume" => {
                        format!(
                            "`{verb}` needs a plugin and the name of its schedule, and nothing more"
                        )
                    }
                    _ => unknown(verb),
                };
                return embeds::misused(&why, USAGE, WHAT);
            }
            return match schedules.views(storage).await {
                Ok(views) => listed(&views),
                Err(error) => embeds::failed("Not read", "cogwright schedules", &error.to_string()),
            };
        };
        let plugin = PluginName::new(plugin);
        let done: Result<&str, Failure> = match verb {
            "run" => schedules
                .run_now(storage, &plugin, name)
                .await
                .map(|()| "It begins now; its plan stays."),
            "pause" => schedules
                .pause(storage, &plugin, name, true)
                .await
                .map(|()| "It is paused, also over a restart; `resume` lets it go on."),
            "resume" => schedules
                .pause(storage, &plugin, name, false)
                .await
                .map(|()| "It goes on, planned from now; what was due meanwhile is left out."),
            _ => return embeds::misused(&unknown(verb), USAGE, WHAT),
        };
        match done {
            Ok(text) => changed(&plugin, name, text),
            Err(error) => embeds::failed("Not done", "cogwright schedules", &error.to_string()),
        }
    }
}

fn unknown(verb: &str) -> String {
    format!("there is no `cogwright schedules {verb}`")
}

fn listed(views: &[ScheduleView]) -> Value {
    let mut fields: Vec<Value> = views.iter().take(embeds::FIELDS).map(schedule).collect();
    if views.len() > embeds::FIELDS {
        fields.truncate(embeds::FIELDS - 1);
        let rest = embeds::plural(views.len() - fields.len(), "schedule");
        fields.push(embeds::field("And more", &format!("{rest} not shown")));
    }
    let description = if views.is_empty() {
        "No plugin has declared any."
    } else {
        ""
    };
    embeds::embed("Schedules", embeds::BLUE, description, &fields)
}

fn schedule(view: &ScheduleView) -> Value {
    let stamp = |ms: i64| format!("<t:{0}:f> (<t:{0}:R>)", ms.div_euclid(1_000));
    let mut lines = vec![format!("`{}`", shown::word(&view.when))];
    lines.push(match (view.paused, view.next_ms) {
        (true, _) => "paused".into(),
        (false, Some(next)) => format!("next {}", stamp(next)),
        (false, None) => "nothing is due".into(),
    });
    if view.running {
        lines.push("runs at this moment".into());
    }
    if view.waiting > 0 {
        lines.push(format!("{} waiting", view.waiting));
    }
    if let Some(last) = view.last_ms {
        let result = embeds::shorten(&shown::said(&view.last_result), 300);
        lines.push(format!("last {}: {result}", stamp(last)));
    }
    lines.push(format!(
        "{} · {} failed · {} missed · {} skipped",
        embeds::plural(usize::try_from(view.runs).unwrap_or(usize::MAX), "run"),
        view.failed,
        view.missed,
        view.skipped
    ));
    embeds::field(
        &format!("{} {}", view.plugin, shown::said(&view.name)),
        &lines.join("\n"),
    )
}

fn changed(plugin: &str, name: &str, text: &str) -> Value {
    embeds::embed(&format!("{plugin} {name}"), embeds::GREEN, text, &[])
}
