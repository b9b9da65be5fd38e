//! An automation in the format of `automations export`.

use serde_json::{Map, Value, json};

use super::{
    condition::conditions,
    templates::{Is, TEMPLATES},
};
use crate::value::{flag, id, ids, short, text, unfolded, whole};

/// An automation's definition, of that name.
///
/// # Errors
///
/// Why it can't come over.
pub(crate) fn automation(hook: &Value, name: &str) -> Result<Value, String> {
    let there = text(&hook["template_id"]).ok_or("it names no template")?;
    if there == "ticket_system" {
        return Err(
            "nothing tells in which channel its message is: `automations create` makes tickets anew, with a button, a transcript and a claim".into(),
        );
    }
    let template = TEMPLATES.iter().find(|it| it.there == there);
    let template = template
        .ok_or_else(|| format!("there is no template `{}`", short(&hook["template_id"])))?;
    let given = &hook["params"];
    if !given.is_object() {
        return Err("its parameters can't be read".into());
    }
    let mut values = Map::new();
    for (name, yes) in template.fixed {
        values.insert((*name).to_owned(), json!(yes));
    }
    for (key, is, here) in template.parameters {
        let raw = &given[*key];
        if raw.is_null() || raw.as_str().is_some_and(|it| it.trim().is_empty()) {
            continue;
        }
        let value = parameter(*is, raw).ok_or_else(|| match *key {
            // Who knows it can post there.
            "webhook_url" => "its address can't be read".to_owned(),
            key => format!("`{key}` can't be read: `{}`", short(raw)),
        })?;
        values.insert((*here).to_owned(), value);
    }
    particular(there, given, &mut values)?;
    let mut definition = json!({"name": name, "template": template.here, "parameters": values});
    if let Some(conditions) = conditions(&hook["conditions"])? {
        definition["conditions"] = conditions;
    }
    Ok(definition)
}

/// What no table says.
fn particular(there: &str, given: &Value, values: &mut Map<String, Value>) -> Result<(), String> {
    let mut put = |key: &str, value: Value| values.insert(key.to_owned(), value);
    match there {
        "mega_welcome" if flag(&given["send_dm"]) == Some(true) => {
            let direct = text(&given["dm_message"])
                .ok_or("it writes to members, and has no words for it")?;
            put("direct", json!(direct));
        }
        "auto_role_on_reaction" => {
            put("style", json!("reactions"));
            put("message", json!("Choose your roles:"));
        }
        "message_filter" => {
            put("match", json!("part"));
            let action = text(&given["action"]).unwrap_or("delete");
            put("delete", json!(action == "delete"));
            match action {
                "delete" | "log" => {}
                "timeout" => {
                    let seconds = whole(&given["timeout_duration"]).unwrap_or(60);
                    put("time_out", json!(seconds));
                }
                "warn" => {
                    let warning = "Your message in {channel} had a word in it that is not wanted in {guild_name}.";
                    put("warning", json!(warning));
                }
                _ => {
                    return Err(format!(
                        "`action` can't be read: `{}`",
                        short(&given["action"])
                    ));
                }
            }
        }
        "scheduled_announcement" => {
            let hours = match &given["interval_hours"] {
                Value::Null => Some(24.0),
                Value::String(hours) => hours.trim().parse().ok(),
                hours => hours.as_f64(),
            };
            let minutes = hours
                .map(|it| (it * 60.0).round())
                .filter(|it| (5.0..=525_600.0).contains(it));
            let minutes = minutes.ok_or("`interval_hours` is not from 5 minutes to a year")?;
            put("when", json!(format!("{minutes}m")));
        }
        "webhook_bridge" if !values.contains_key("channels") => {
            return Err("it names no channels, and here a bridge does: `automations create` makes it with those that are meant".into());
        }
        _ => {}
    }
    Ok(())
}

fn parameter(is: Is, raw: &Value) -> Option<Value> {
    let texts = |ids: Vec<u64>| json!(ids.iter().map(u64::to_string).collect::<Vec<_>>());
    Some(match is {
        Is::Channel | Is::Role => json!(id(raw)?.to_string()),
        Is::Channels | Is::Roles => texts(ids(raw).ok()?),
        Is::Text => match raw {
            Value::String(text) => json!(text),
            Value::Object(_) | Value::Array(_) => json!(raw.to_string()),
            _ => return None,
        },
        Is::Whole => json!(whole(raw)?),
        Is::Flag => json!(flag(raw)?),
        Is::Color => {
            let digits = raw
                .as_str()?
                .trim()
                .trim_start_matches('#')
                .trim_start_matches("0x")
                .to_lowercase();
            let fits = digits.len() == 6 && digits.bytes().all(|it| it.is_ascii_hexdigit());
            json!(fits.then(|| format!("#{digits}"))?)
        }
        Is::Keyed => {
            let unfolded = unfolded(raw).ok()?;
            let keyed = unfolded
                .as_object()?
                .iter()
                .map(|(key, role)| Some(json!({"key": emoji(key), "role": id(role)?.to_string()})));
            json!(keyed.collect::<Option<Vec<_>>>()?)
        }
    })
}

/// An emoji of a server's own, which may stand there without its brackets.
fn emoji(key: &str) -> String {
    let bare = key.trim().trim_matches(['<', '>']).trim_start_matches(':');
    let (animated, bare) = match bare.strip_prefix("a:") {
        Some(rest) => ("a", rest),
        None => ("", bare),
    };
    match bare.split_once(':') {
        Some((name, id)) if !name.is_empty() && id.parse::<u64>().is_ok() => {
            format!("<{animated}:{name}:{id}>")
        }
        _ => key.trim().to_owned(),
    }
}

/// The roles that an automation names: they are of its server.
pub(crate) fn roles(definition: &Value) -> Vec<u64> {
    let parameters = &definition["parameters"];
    let of_list = |key: &str| {
        parameters[key]
            .as_array()
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    };
    let keyed = [of_list("roles"), of_list("rewards")].concat();
    let mut all: Vec<u64> = keyed.iter().filter_map(|it| id(&it["role"])).collect();
    all.extend(of_list("exempt").into_iter().filter_map(id));
    all.extend(id(&parameters["role"]));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(template: &str, params: Value) -> Result<Value, String> {
        let hook = json!({"template_id": template, "params": params});
        automation(&hook, "x").map(|it| it["parameters"].clone())
    }

    #[test]
    fn parameters_have_their_names_here() {
        for (template, there, here) in [
            (
                "mega_welcome",
                json!({"welcome_channel_id": "5", "welcome_message": "Hi {user}", "embed_color": "7C3AED", "auto_role_id": 6, "send_dm": true, "dm_message": "Yo"}),
                json!({"channel": "5", "message": "Hi {user}", "card": true, "color": "#7c3aed", "role": "6", "direct": "Yo"}),
            ),
            (
                "auto_role_on_reaction",
                json!({"message_id": 1, "channel_id": 5, "role_emoji_map": "{\"🎉\": \"7\", \"tea:9\": 8}"}),
                json!({"channel": "5", "roles": [{"key": "<:tea:9>", "role": "8"}, {"key": "🎉", "role": "7"}], "undo": true, "style": "reactions", "message": "Choose your roles:"}),
            ),
            (
                "message_filter",
                json!({"banned_words": "a\nb", "action": "timeout", "timeout_duration": "90", "ignore_roles": "5, 6"}),
                json!({"words": "a\nb", "match": "part", "delete": false, "time_out": 90, "exempt": ["5", "6"]}),
            ),
            (
                "leveling_system",
                json!({"xp_per_message": 10, "xp_cooldown": 60, "role_rewards": {"5": "7"}}),
                json!({"points": 10, "pause": 60, "rewards": [{"key": "5", "role": "7"}]}),
            ),
            (
                "scheduled_announcement",
                json!({"announcement_channel_id": 5, "announcement_message": "Tea", "interval_hours": 0.5}),
                json!({"channel": "5", "message": "Tea", "when": "30m"}),
            ),
            (
                "voice_activity_tracker",
                json!({"log_channel_id": 5, "log_leaves": false}),
                json!({"channel": "5", "joins": true, "leaves": false, "moves": false, "mutes": false}),
            ),
            (
                "webhook_bridge",
                json!({"webhook_url": "https://discord.com/api/webhooks/1/x", "trigger_channels": "5"}),
                json!({"url": "https://discord.com/api/webhooks/1/x", "channels": ["5"]}),
            ),
            (
                "dynamic_voice_channels",
                json!({"trigger_channel_id": 5, "category_id": 6, "channel_name_template": "{username}", "user_limit": 4}),
                json!({"entrance": "5", "category": "6", "name": "{username}", "places": 4, "delete": true}),
            ),
            (
                "goodbye_system",
                json!({"goodbye_channel_id": 5, "use_embed": "false"}),
                json!({"channel": "5", "card": false}),
            ),
        ] {
            assert_eq!(read(template, there).unwrap(), here, "{template}");
        }
    }

    #[test]
    fn what_can_not_come_over_says_why() {
        for (template, there, wanted) in [
            ("ticket_system", json!({}), "in which channel"),
            ("sunrise", json!({}), "no template `sunrise`"),
            ("mega_welcome", json!(5), "parameters"),
            (
                "mega_welcome",
                json!({"welcome_channel_id": null, "auto_role_id": 1.5}),
                "`auto_role_id`",
            ),
            ("mega_welcome", json!({"send_dm": true}), "no words"),
            ("message_filter", json!({"action": "explode"}), "`action`"),
            (
                "scheduled_announcement",
                json!({"interval_hours": 0}),
                "5 minutes",
            ),
            (
                "webhook_bridge",
                json!({"webhook_url": "x"}),
                "names no channels",
            ),
            (
                "webhook_bridge",
                json!({"webhook_url": 77_777}),
                "its address",
            ),
            (
                "auto_role_on_reaction",
                json!({"role_emoji_map": "{"}),
                "role_emoji_map",
            ),
        ] {
            let why = read(template, there).unwrap_err();
            assert!(
                why.contains(wanted) && !why.contains("77777"),
                "{template}: {why}"
            );
        }
    }
}
