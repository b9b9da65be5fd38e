//! Format of `data/event_hooks_creater.json`: the automations of all servers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::json_of;
use crate::{
    Found, Item, Kind, Source,
    hash::hash,
    value::{flag, id, text},
    words,
};

pub(super) fn read(source: &Source, data: &str, found: &mut Found) {
    let file = format!("{data}/event_hooks_creater.json");
    let Some(value) = json_of(source, &file, found) else {
        return;
    };
    let Some(hooks) = value.as_array() else {
        found.report.unread(file, "it is no JSON list");
        return;
    };
    let mut seen = BTreeSet::new();
    for (at, hook) in hooks.iter().enumerate() {
        let hook_id = text(&hook["hook_id"]).unwrap_or_default();
        let place = match hook_id {
            "" => format!("{file}, entry {}", at + 1),
            hook_id => format!("{file}, {}", hook_id.chars().take(60).collect::<String>()),
        };
        let title = text(&hook["template_name"])
            .or(text(&hook["template_id"]))
            .unwrap_or("without a template")
            .to_owned();
        let server = id(&hook["guild_id"]);
        let read = match (server, hook_id) {
            (None, _) => Err("it belongs to no server".to_owned()),
            (_, "") => Err("it has no number".to_owned()),
            (Some(_), hook_id) if !seen.insert(hook_id.to_owned()) => {
                Err("it is there twice; the first one is taken".to_owned())
            }
            (Some(server), hook_id) => automation(hook, server, hook_id).map(|json| (server, json)),
        };
        match read {
            Ok((server, json)) => {
                for role in words::roles(&json["definition"]) {
                    found.roles.entry(role).or_insert(server);
                }
                if hook["actions"]
                    .as_array()
                    .is_some_and(|all| !all.is_empty())
                {
                    found.report.aside(
                        format!("{place}, actions"),
                        "they never ran there; `automations edit` gives the automation steps",
                    );
                }
                found.items.push(Item {
                    plugin: "automations",
                    kind: Kind::Automation,
                    server,
                    title,
                    place,
                    hash: hash(json.to_string().as_bytes()),
                    json,
                    snapshot: None,
                });
            }
            Err(why) => found
                .report
                .left(Kind::Automation, server, &title, &place, why),
        }
    }
}

fn automation(hook: &Value, server: u64, hook_id: &str) -> Result<Value, String> {
    // By the end of its number: two of a template are called differently, whichever is read first.
    let end: String = hook_id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let end = &end[end.len().saturating_sub(6)..];
    let mut definition = words::automation(hook, "")?;
    definition["name"] = format!(
        "{} {end}",
        definition["template"].as_str().unwrap_or_default()
    )
    .into();
    let maker = id(&hook["created_by"]);
    Ok(json!({
        "guild": server.to_string(),
        // Nobody known: the server's owner stands for it, and it is off until somebody looks at it.
        "maker": maker.map(|id| id.to_string()),
        "on": maker.is_some() && flag(&hook["enabled"]).unwrap_or(true),
        "definition": definition,
    }))
}
