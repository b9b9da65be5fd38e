//! Validation of the newer components, which lay a message out:
//! <https://discord.com/developers/docs/components/reference>.

use serde_json::{Value, json};

use super::{
    component::{check_button, check_row},
    embed::is_url,
};
use crate::{rest::error::FormErrors, view::walk};

/// Characters in all text displays of a message.
const MAX_TEXT: usize = 4000;
/// Characters of an alternative text.
const MAX_DESCRIPTION: usize = 1024;

/// Checks one component of a message of the newer kind.
pub(super) fn check(component: &Value, at: &str, in_container: bool, errors: &mut FormErrors) {
    match component["type"].as_u64() {
        Some(1) => check_row(component, at, errors),
        Some(9) => section(component, at, errors),
        Some(10) => text_display(component, at, errors),
        Some(12) => gallery(component, at, errors),
        Some(13) => media(&component["file"], &format!("{at}.file"), true, errors),
        Some(14) if !component["spacing"].is_null() => {
            choice(
                &component["spacing"],
                &[1, 2],
                &format!("{at}.spacing"),
                errors,
            );
        }
        Some(14) => {}
        Some(17) if !in_container => container(component, at, errors),
        _ => {
            let kinds = if in_container {
                "1, 9, 10, 12, 13, 14"
            } else {
                "1, 9, 10, 12, 13, 14, 17"
            };
            let message = format!("Value of field \"type\" must be one of ({kinds}).");
            errors.add(&format!("{at}.type"), "UNION_TYPE_CHOICES", message);
        }
    }
}

/// Refuses more text than a message of the newer kind can hold in all.
pub(super) fn check_total(components: &[Value], errors: &mut FormErrors) {
    let texts = walk(components).filter(|component| component["type"] == 10);
    if texts
        .map(|text| characters(&text["content"]))
        .sum::<usize>()
        > MAX_TEXT
    {
        let message = "Total displayable text size exceeds maximum size of 4000";
        errors.add(
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            message,
        );
    }
}

fn characters(text: &Value) -> usize {
    text.as_str().map_or(0, |text| text.chars().count())
}

fn list<'a>(component: &'a Value, key: &str) -> &'a [Value] {
    component[key]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn choice(value: &Value, known: &[u64], at: &str, errors: &mut FormErrors) {
    if !value.as_u64().is_some_and(|value| known.contains(&value)) {
        let known: Vec<_> = known.iter().map(u64::to_string).collect();
        let message = format!("Value must be one of {{{}}}.", known.join(", "));
        errors.add(at, "BASE_TYPE_CHOICES", message);
    }
}

fn text_display(component: &Value, at: &str, errors: &mut FormErrors) {
    let at = format!("{at}.content");
    if component["content"].is_string() {
        errors.length(&at, characters(&component["content"]), 1, MAX_TEXT);
    } else {
        errors.required(&at);
    }
}

fn section(component: &Value, at: &str, errors: &mut FormErrors) {
    let inner = list(component, "components");
    errors.length(&format!("{at}.components"), inner.len(), 1, 3);
    for (index, text) in inner.iter().enumerate() {
        let at = format!("{at}.components.{index}");
        if text["type"] == 10 {
            text_display(text, &at, errors);
        } else {
            let message = "Value of field \"type\" must be one of (10,).";
            errors.add(&format!("{at}.type"), "UNION_TYPE_CHOICES", message);
        }
    }
    let accessory = &component["accessory"];
    let at = format!("{at}.accessory");
    match accessory["type"].as_u64() {
        Some(2) => check_button(accessory, &at, errors),
        Some(11) => picture(accessory, &at, errors),
        None => errors.required(&at),
        Some(_) => {
            let message = "Value of field \"type\" must be one of (2, 11).";
            errors.add(&format!("{at}.type"), "UNION_TYPE_CHOICES", message);
        }
    }
}

fn container(component: &Value, at: &str, errors: &mut FormErrors) {
    let inner = list(component, "components");
    if inner.is_empty() {
        errors.required(&format!("{at}.components"));
    }
    for (index, nested) in inner.iter().enumerate() {
        check(nested, &format!("{at}.components.{index}"), true, errors);
    }
    if let Some(color) = component["accent_color"].as_i64() {
        errors.range(&format!("{at}.accent_color"), color, 0, 0xFF_FF_FF);
    }
}

fn gallery(component: &Value, at: &str, errors: &mut FormErrors) {
    let items = list(component, "items");
    errors.length(&format!("{at}.items"), items.len(), 1, 10);
    for (index, item) in items.iter().enumerate() {
        picture(item, &format!("{at}.items.{index}"), errors);
    }
}

fn picture(item: &Value, at: &str, errors: &mut FormErrors) {
    media(&item["media"], &format!("{at}.media"), false, errors);
    let description = characters(&item["description"]);
    errors.length(
        &format!("{at}.description"),
        description,
        0,
        MAX_DESCRIPTION,
    );
}

fn media(media: &Value, at: &str, attached: bool, errors: &mut FormErrors) {
    let at = format!("{at}.url");
    let Some(url) = media["url"].as_str() else {
        return errors.required(&at);
    };
    let fits = if attached {
        url.starts_with("attachment://")
    } else {
        is_url(url)
    };
    if !fits {
        let schemes = if attached {
            "{'attachment'}"
        } else {
            "{'http', 'https', 'attachment'}"
        };
        let message = format!("Scheme must be one of {schemes}.");
        errors.add(&at, "URL_TYPE_INVALID_SCHEME", message);
    }
}

/// Puts what is known of a file or picture in the place of its address.
pub(super) fn finish(component: &mut Value, attachments: &[Value], next_id: &mut u64) {
    for key in ["media", "file"] {
        if component[key]["url"].is_string() {
            unfurl(&mut component[key], attachments, next_id);
        }
    }
    if component["type"] == 13 {
        let file = file_of(&component["file"]["attachment_id"], attachments).cloned();
        component["name"] = json!(file.as_ref().map(|file| file["filename"].clone()));
        component["size"] = json!(file.as_ref().map(|file| file["size"].clone()));
    }
    let kind = component["type"].as_u64();
    if matches!(kind, Some(11 | 13 | 17)) && component["spoiler"].is_null() {
        component["spoiler"] = json!(false);
    }
    if kind == Some(11) && component.get("description").is_none() {
        component["description"] = Value::Null;
    }
    if kind == Some(14) {
        for (key, usual) in [("divider", json!(true)), ("spacing", json!(1))] {
            if component[key].is_null() {
                component[key] = usual;
            }
        }
    }
    if kind == Some(17) && component.get("accent_color").is_none() {
        component["accent_color"] = Value::Null;
    }
    for item in component
        .get_mut("items")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        for (key, usual) in [("description", Value::Null), ("spoiler", json!(false))] {
            if item.get(key).is_none() {
                item[key] = usual;
            }
        }
        unfurl(&mut item["media"], attachments, next_id);
    }
    for nested in component
        .get_mut("components")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        finish(nested, attachments, next_id);
    }
    if component["accessory"].is_object() {
        finish(&mut component["accessory"], attachments, next_id);
    }
}

fn file_of<'a>(id: &Value, attachments: &'a [Value]) -> Option<&'a Value> {
    attachments
        .iter()
        .find(|file| !id.is_null() && file["id"] == *id)
}

fn unfurl(media: &mut Value, attachments: &[Value], next_id: &mut u64) {
    *next_id += 1;
    let url = media["url"].as_str().unwrap_or_default().to_owned();
    let named = url.strip_prefix("attachment://");
    let file = attachments.iter().find(|file| {
        named.is_some_and(|name| file["filename"] == name) || file["url"] == url.as_str()
    });
    let mut whole = json!({"id": next_id.to_string(), "url": url, "proxy_url": url});
    if let Some(file) = file {
        for key in ["url", "proxy_url", "width", "height", "content_type"] {
            if !file[key].is_null() {
                whole[key] = file[key].clone();
            }
        }
        whole["attachment_id"] = file["id"].clone();
    }
    *media = whole;
}

/// The files that components name and that are not there.
pub(super) fn missing_files<'a>(components: &'a [Value], files: &[&str]) -> Vec<&'a str> {
    let places = walk(components).flat_map(|component| {
        let items = list(component, "items").iter().map(|item| &item["media"]);
        items.chain([&component["media"], &component["file"]])
    });
    let named = places.filter_map(|media| media["url"].as_str()?.strip_prefix("attachment://"));
    named.filter(|name| !files.contains(name)).collect()
}
