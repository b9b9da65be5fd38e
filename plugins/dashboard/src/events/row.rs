//! Event in a line, and whole: its JSON without what would open something.

use std::collections::HashMap;

use maud::{Markup, html};
use plugin_api::text::{clip, size};
use serde_json::{Value, json};

use super::seen::{Seen, Source};
use crate::{log::clock, ui};

/// Characters of an event's words that are shown in its line.
const WORDS: usize = 160;

/// Characters of a name that are shown.
const NAME: usize = 60;

/// Parts of the names of fields whose values are shown to nobody: with an interaction's token, anybody answers in the bot's name.
const SECRETS: [&str; 8] = [
    "token",
    "secret",
    "password",
    "session_id",
    "api_key",
    "authorization",
    "cookie",
    "private_key",
];

pub(super) fn drawn(event: &Seen, names: &HashMap<u64, String>, base: &str) -> Markup {
    let source = match event.source {
        Source::Gateway => "gateway",
        Source::Hook(_) => "hook",
    };
    let kind = clip(&event.kind, NAME);
    let number = event.number;
    html! {
        li data-key=(number) data-kind=(event.kind) data-source=(source) {
            span.log-when { (clock(event.at_ms)) }
            span.event-kind.cut title=(event.kind) { bdi { (kind) } }
            span.event-where.cut { (place(event, names)) }
            span.event-text.cut { bdi { (words(event)) } }
            button.button.quiet.event-open type="button" data-post={ (base) "/events/show" }
                data-body=(json!({ "number": number.to_string() }).to_string()) data-then="show:#event" aria-label={ "Show event " (number) } { "Show" }
        }
    }
}

/// Which server, or which plugin.
fn place(event: &Seen, names: &HashMap<u64, String>) -> Markup {
    html! {
        @match (&event.source, event.ids.guild) {
            (Source::Hook(Some(plugin)), _) => { bdi { (clip(plugin, NAME)) } }
            (Source::Hook(None), _) => { span.muted { "framework" } }
            (Source::Gateway, Some(guild)) => {
                @if let Some(name) = names.get(&guild) { bdi { (clip(name, NAME)) } } @else { (guild) }
            }
            (Source::Gateway, None) => { span.muted { "no server" } }
        }
    }
}

/// A few words about it: what was written, or what it is called.
fn words(event: &Seen) -> String {
    let Some(json) = &event.json else {
        return size(event.bytes as u64);
    };
    let Ok(value) = serde_json::from_slice::<Value>(json) else {
        return "unreadable".to_owned();
    };
    let of = |path: &str| {
        value
            .pointer(path)
            .and_then(Value::as_str)
            .filter(|it| !it.is_empty())
    };
    let who = [
        "/author/username",
        "/user/username",
        "/member/user/username",
        "/user_id",
    ];
    let what = [
        "/content",
        "/emoji/name",
        "/data/name",
        "/data/custom_id",
        "/status",
        "/name",
        "/role/name",
        "/command",
        "/plugin",
        "/code",
    ];
    let who = who.iter().find_map(|path| of(path));
    let what = what.iter().find_map(|path| of(path));
    let words = match (who, what) {
        (Some(who), Some(what)) => format!("{who}: {what}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => keys(&value),
    };
    clip(&words, WORDS)
}

fn keys(value: &Value) -> String {
    let keys = value.as_object().into_iter().flat_map(|it| it.keys());
    let keys: Vec<&str> = keys.take(6).map(String::as_str).collect();
    keys.join(", ")
}

pub(super) fn whole(event: &Seen, names: &HashMap<u64, String>) -> Markup {
    let id = |name: &'static str, id: Option<u64>| {
        html! { @if let Some(id) = id { (ui::fact(name, html! { code { (id) } })) } }
    };
    html! {
        div.stack {
            div.row.between {
                h2.cut { bdi { (event.kind) } }
                button.button.quiet type="button" data-close { "Close" }
            }
            dl.facts {
                (ui::fact("When", ui::ago(event.at_ms)))
                (ui::fact(match event.source { Source::Gateway => "Server", Source::Hook(_) => "Emitted by" }, place(event, names)))
                (id("Server's id", event.ids.guild))
                (id("Channel", event.ids.channel))
                (id("User", event.ids.user))
            }
            @match &event.json {
                Some(json) => (ui::code_block("The event as JSON", &pretty(json))),
                None => p.muted { "It has too much to be kept here." },
            }
        }
    }
}

/// JSON for people, without secrets.
fn pretty(json: &[u8]) -> String {
    match serde_json::from_slice::<Value>(json) {
        Ok(mut value) => {
            redact(&mut value);
            serde_json::to_string_pretty(&value).unwrap_or_default()
        }
        // What can't be read can't be looked through for secrets.
        Err(error) => format!("It is no JSON that can be read: {error}."),
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.to_lowercase();
                if SECRETS.iter().any(|secret| name.contains(secret)) && !value.is_null() {
                    *value = Value::from("…");
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        // Whoever has such an address may use it.
        Value::String(text)
            if ["/webhooks/", "/interactions/"]
                .iter()
                .any(|path| text.contains(path)) =>
        {
            *value = Value::from("…");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{super::seen::Ids, *};

    fn event(json: &str) -> Seen {
        Seen {
            number: 7,
            at_ms: 0,
            source: Source::Gateway,
            kind: "MESSAGE_CREATE".into(),
            ids: Ids {
                guild: Some(5),
                ..Ids::default()
            },
            json: Some(json.as_bytes().into()),
            bytes: json.len(),
        }
    }

    #[test]
    fn a_line_says_who_and_what_and_where_and_escapes_it() {
        let names = HashMap::from([(5, "<b>Tea".to_owned())]);
        let event = event(r#"{"content":"<script>hi","author":{"username":"ann"}}"#);
        let shown = drawn(&event, &names, "/p/d").into_string();
        assert!(shown.contains("ann: &lt;script&gt;hi"), "{shown}");
        assert!(!shown.contains("<b>") && !shown.contains("<script>"));
        let unknown = drawn(&event, &HashMap::new(), "/p/d").into_string();
        assert!(unknown.contains(">5<"), "{unknown}");
    }

    #[test]
    fn what_would_open_something_is_shown_to_nobody() {
        let json = r#"{"token":"abc","data":{"a":[{"Client_Secret":"def"}]},"session_id":"ghi","tokens":null}"#;
        let shown = whole(&event(json), &HashMap::new()).into_string();
        for secret in ["abc", "def", "ghi"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        let broken = whole(&event(r#"{"token":"abc""#), &HashMap::new());
        assert!(!broken.into_string().contains("abc"));
    }

    #[test]
    fn an_event_without_words_is_known_by_its_keys() {
        assert_eq!(words(&event(r#"{"a":1,"b":2}"#)), "a, b");
        assert_eq!(words(&event("[]")), "");
    }
}
