//! A setting as a field: what it is for, what it takes, its value, and what a browser makes of that.

use maud::{Markup, html};
use plugin_api::{Json, abi::SettingView, text::clip};
use serde_json::json;

use super::groups::is_set;
use crate::ui::{self, Action, Tone};

/// Characters of a default that are shown.
const DEFAULT: usize = 120;

/// Suggestions that a field gives at most.
const SUGGESTIONS: usize = 12;

/// What a browser is asked to show.
#[derive(Debug, Clone, PartialEq)]
enum Input {
    /// One line, of a type of HTML's.
    Line(&'static str),
    /// A number: whole or not.
    Number(bool),
    /// One of these.
    Choice(Vec<String>),
    /// A list: an entry a line.
    List,
}

/// The setting in a card. `address` is the page's own, below which it is written.
pub(crate) fn drawn(one: &SettingView, address: &str, changes: bool) -> Markup {
    let input = input(one);
    let id = format!(
        "setting-{}-{}",
        if one.plugin.is_some() {
            "plugin"
        } else {
            "host"
        },
        one.path.replace('.', "-")
    );
    let (group, name) = one.path.split_once('.').unwrap_or(("", &one.path));
    html! {
        section.card.setting data-key=(id) {
            header.card-head {
                h3 { label for=(id) { span.muted { (group) "." } bdi { (name) } } }
                div.row { (marks(one)) }
            }
            @if !one.description.is_empty() { p { bdi { (one.description) } } }
            @if changes {
                form.setting-form data-post={ (address) "/write" } data-then="refresh:#settings" {
                    input type="hidden" name="path" value=(one.path);
                    input type="hidden" name="read" value=(if input == Input::List { "list" } else { "text" });
                    div.field { (control(one, &input, &id)) }
                    div.actions {
                        button.button.primary type="submit" { "Save" }
                        @if is_set(one) {
                            (Action::new("Reset", format!("{address}/write"))
                                .body(&json!({ "path": one.path, "reset": true }))
                                .then("refresh:#settings")
                                .label(format!("Reset {}", one.path)))
                        }
                    }
                    p.error role="alert" data-error {}
                }
            } @else {
                p { code { (shown(&one.value)) } }
            }
            p.muted.setting-words {
                @if !one.takes.is_empty() { (one.takes) " · " }
                "default " code { (clip(&shown(&one.default), DEFAULT)) }
            }
        }
    }
}

/// Where the value comes from, and when a change counts.
fn marks(one: &SettingView) -> Markup {
    html! {
        @if is_set(one) { (ui::badge(Tone::Info, if one.from == "server" { "set here" } else { "set" })) }
        @if one.waits_for_restart { (ui::badge(Tone::Warn, "waits for a restart")) }
        @if one.per_guild { span.tag title="Each server may have a value of its own" { "per server" } }
        @if !one.live { span.tag title="A change holds after a restart of the bot" { "restart" } }
    }
}

fn control(one: &SettingView, input: &Input, id: &str) -> Markup {
    let value = editable(&one.value);
    match input {
        Input::Choice(choices) => html! {
            select id=(id) name="value" {
                @if one.value.is_null() { option value="" selected disabled { "unset" } }
                @for choice in choices { option value=(choice) selected[*choice == value] { (choice) } }
            }
        },
        Input::List => {
            let lines = lines(&one.value);
            let rows = (lines.lines().count() + 1).clamp(2, 8);
            html! { textarea id=(id) name="value" rows=(rows) spellcheck="false" aria-describedby={ (id) "-words" } { (lines) } small.muted id={ (id) "-words" } { "An entry a line" } }
        }
        Input::Number(whole) => html! {
            input id=(id) type="number" name="value" value=(value) min=[one.min] max=[one.max] step=(if *whole { "1" } else { "any" }) inputmode=(if *whole { "numeric" } else { "decimal" });
        },
        Input::Line(kind) => {
            let suggested = match one.kind {
                None => suggestions(&one.description),
                Some(_) => Vec::new(),
            };
            let list = format!("{id}-suggestions");
            html! {
                input id=(id) type=(kind) name="value" value=(value) spellcheck="false" autocomplete="off" placeholder=(placeholder(one))
                    list=[(!suggested.is_empty()).then_some(&list)];
                @if !suggested.is_empty() { datalist id=(list) { @for word in &suggested { option value=(word) {} } } }
            }
        }
    }
}

fn input(one: &SettingView) -> Input {
    let color = |value: &Json| {
        let hex = value.as_str().and_then(|text| text.strip_prefix('#'));
        hex.is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    match one.kind.as_deref() {
        Some("boolean") => yes_or_no(),
        Some("integer") => Input::Number(true),
        Some("number") => Input::Number(false),
        Some("choice") => Input::Choice(one.choices.clone()),
        Some("list") => Input::List,
        Some("string") if one.format.as_deref() == Some("url") => Input::Line("url"),
        Some("string") if one.format.as_deref() == Some("color") && color(&one.value) => {
            Input::Line("color")
        }
        Some(_) => Input::Line("text"),
        // The host's own say no type: it is that of their values.
        None => match (&one.default, &one.value) {
            (Json::Bool(_), _) | (Json::Null, Json::Bool(_)) => yes_or_no(),
            (Json::Number(number), _) | (Json::Null, Json::Number(number)) => {
                Input::Number(!number.is_f64())
            }
            (Json::Array(_), Json::Array(entries)) | (Json::Null, Json::Array(entries))
                if plain(entries) =>
            {
                Input::List
            }
            _ => Input::Line("text"),
        },
    }
}

fn yes_or_no() -> Input {
    Input::Choice(vec!["true".to_owned(), "false".to_owned()])
}

/// Whether each entry stands on a line of its own.
fn plain(entries: &[Json]) -> bool {
    entries.iter().all(|entry| match entry {
        Json::String(text) => !text.contains('\n'),
        Json::Number(_) | Json::Bool(_) => true,
        _ => false,
    })
}

fn placeholder(one: &SettingView) -> String {
    match (one.kind.as_deref(), &one.default) {
        (Some("duration"), Json::Null) => "90s, 1h 30m".to_owned(),
        (Some("channel"), Json::Null) => "#channel, or its id".to_owned(),
        (Some("role"), Json::Null) => "@role, or its id".to_owned(),
        (Some("user"), Json::Null) => "name, or id".to_owned(),
        (_, Json::Null) => String::new(),
        (_, default) => clip(&editable(default), DEFAULT),
    }
}

/// The words in quotes that a description of the host's has: what there is to choose from, or examples.
fn suggestions(description: &str) -> Vec<String> {
    let quoted = description.split('"').skip(1).step_by(2);
    let is_word = |word: &&str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_,=:./".contains(c);
        !word.is_empty() && word.len() <= 40 && word.chars().all(fits)
    };
    let mut words: Vec<String> = quoted.filter(is_word).map(str::to_owned).collect();
    words.dedup();
    words.truncate(SUGGESTIONS);
    words
}

/// What a field's text means: a list has an entry a line; the host reads all else as it is typed.
pub(super) fn typed(read: &str, text: &str) -> Json {
    if read != "list" {
        return text.into();
    }
    let entries = text.lines().map(str::trim).filter(|line| !line.is_empty());
    // A number stays one where the host wants a list of them; ids have too many digits for that, and cross as texts.
    let entry = |line: &str| match line.parse::<i64>() {
        Ok(number) if line.len() < 16 => json!(number),
        _ => json!(line),
    };
    Json::Array(entries.map(entry).collect())
}

/// A value as people read it.
fn shown(value: &Json) -> String {
    match value {
        Json::Null => "unset".to_owned(),
        Json::String(text) if text.is_empty() => "empty".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(entries) if entries.is_empty() => "none".to_owned(),
        Json::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(editable).collect();
            entries.join(", ")
        }
        value => value.to_string(),
    }
}

/// A value as somebody would type it.
fn editable(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The entries of a list, a line each.
fn lines(value: &Json) -> String {
    let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let lines: Vec<String> = entries.iter().map(editable).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Option<&str>, default: Json, value: Json) -> SettingView {
        let mut one = SettingView::default();
        one.path = "tea.cups".to_owned();
        one.kind = kind.map(str::to_owned);
        (one.default, one.value) = (default, value);
        one
    }

    #[test]
    fn a_field_fits_the_type() {
        let of = |kind, default: Json, value: Json| input(&of(kind, default, value));
        let null = Json::Null;
        assert_eq!(of(Some("boolean"), null.clone(), null.clone()), yes_or_no());
        assert_eq!(
            of(Some("integer"), null.clone(), null.clone()),
            Input::Number(true)
        );
        assert_eq!(
            of(Some("duration"), null.clone(), null.clone()),
            Input::Line("text")
        );
        assert_eq!(of(Some("list"), null.clone(), null.clone()), Input::List);
        // The host's own.
        assert_eq!(of(None, json!(true), json!(false)), yes_or_no());
        assert_eq!(of(None, json!(3), json!(3)), Input::Number(true));
        assert_eq!(of(None, json!(0.5), json!(0.5)), Input::Number(false));
        assert_eq!(of(None, json!([]), json!(["a"])), Input::List);
        assert_eq!(of(None, json!(null), json!({"a": 1})), Input::Line("text"));
        assert_eq!(of(None, json!([]), json!("{servers}")), Input::Line("text"));
    }

    #[test]
    fn a_colour_is_picked_where_it_is_one_and_typed_where_it_is_unset() {
        let mut one = of(Some("string"), Json::Null, json!("#5865f2"));
        one.format = Some("color".to_owned());
        assert_eq!(input(&one), Input::Line("color"));
        for value in [json!(null), json!("#58"), json!("#5865fz"), json!("5865f2")] {
            one.value = value;
            assert_eq!(input(&one), Input::Line("text"));
        }
    }

    #[test]
    fn a_list_is_typed_a_line_each_and_ids_stay_texts() {
        assert_eq!(typed("text", " a "), json!(" a "));
        assert_eq!(typed("list", "a, b\n\n c \r\n"), json!(["a, b", "c"]));
        assert_eq!(
            typed("list", "7\n175928847299117063"),
            json!([7, "175928847299117063"])
        );
        assert_eq!(lines(&json!(["a, b", 3])), "a, b\n3");
    }

    #[test]
    fn suggestions_are_the_words_in_quotes() {
        let words = r#"The dot: "online", "idle" or "dnd"; never "two words"."#;
        assert_eq!(suggestions(words), ["online", "idle", "dnd"]);
        assert_eq!(suggestions("nothing"), [""; 0]);
    }

    #[test]
    fn whoever_may_not_change_it_sees_the_value_alone() {
        let mut one = of(Some("string"), json!("x"), json!("<b>"));
        one.from = "file".to_owned();
        let shown = drawn(&one, "/p/d/settings", false).into_string();
        assert!(
            shown.contains("&lt;b&gt;") && !shown.contains("<form"),
            "{shown}"
        );
        let shown = drawn(&one, "/p/d/settings", true).into_string();
        assert!(
            shown.contains("<form") && shown.contains("Reset"),
            "{shown}"
        );
    }
}
