//! Validation of components: <https://discord.com/developers/docs/components/reference>.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::embed::is_url;
use crate::{rest::error::FormErrors, view::walk};

/// The flag that switches a message to the newer components.
pub(super) const V2: u64 = 1 << 15;

/// Refuses two components with the same `custom_id`.
pub(super) fn unique_custom_ids(components: &[Value], errors: &mut FormErrors) {
    let mut seen = HashSet::new();
    for component in walk(components) {
        if let Some(id) = component["custom_id"].as_str()
            && !seen.insert(id)
        {
            errors.add(
                "components",
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            );
        }
    }
}

/// Numbers the components that have no `id`, as Discord does.
pub(super) fn finish(mut components: Vec<Value>) -> Vec<Value> {
    let mut next = walk(&components)
        .filter_map(|component| component["id"].as_i64())
        .max()
        .unwrap_or(0);
    for component in &mut components {
        number(component, &mut next);
    }
    components
}

fn number(component: &mut Value, next: &mut i64) {
    if component["id"].as_i64().is_none_or(|id| id == 0) {
        *next += 1;
        component["id"] = json!(*next);
    }
    // Discord fills in what clients rely on.
    if component["type"] == 3 {
        for (key, default) in [("min_values", 1), ("max_values", 1)] {
            if component[key].is_null() {
                component[key] = json!(default);
            }
        }
    }
    for nested in component
        .get_mut("components")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        number(nested, next);
    }
    for key in ["component", "accessory"] {
        if let Some(nested) = component.get_mut(key).filter(|nested| nested.is_object()) {
            number(nested, next);
        }
    }
}

pub(super) fn check_row(row: &Value, at: &str, errors: &mut FormErrors) {
    let inner = row["components"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    errors.length(&format!("{at}.components"), inner.len(), 1, 5);
    let selects = inner
        .iter()
        .filter(|component| matches!(component["type"].as_u64(), Some(3 | 5..=8)))
        .count();
    if selects > 0 && inner.len() > 1 {
        errors.add(
            &format!("{at}.components"),
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        );
    }
    for (index, component) in inner.iter().enumerate() {
        let at = format!("{at}.components.{index}");
        match component["type"].as_u64() {
            Some(2) => check_button(component, &at, errors),
            Some(3 | 5..=8) => check_select(component, &at, errors),
            _ => errors.add(
                &format!("{at}.type"),
                "UNION_TYPE_CHOICES",
                "Value of field \"type\" must be one of (2, 3, 5, 6, 7, 8).",
            ),
        }
    }
}

pub(super) fn check_button(button: &Value, at: &str, errors: &mut FormErrors) {
    let label = button["label"].as_str().unwrap_or_default();
    errors.length(&format!("{at}.label"), label.chars().count(), 0, 80);
    match button["style"].as_u64() {
        Some(1..=4) => {
            check_custom_id(button, at, errors);
            if label.is_empty() && button["emoji"].is_null() {
                errors.add(
                    at,
                    "BUTTON_COMPONENT_MUST_HAVE_LABEL_OR_EMOJI",
                    "A button must have a label or emoji",
                );
            }
        }
        Some(5) => match button["url"].as_str() {
            Some(url) if is_url(url) => {}
            Some(url) => errors.add(
                &format!("{at}.url"),
                "URL_TYPE_INVALID_URL",
                format!("Not a well formed URL: {url:?}."),
            ),
            None => errors.required(&format!("{at}.url")),
        },
        Some(6) => {}
        _ => errors.add(
            &format!("{at}.style"),
            "BASE_TYPE_CHOICES",
            "Value must be one of (1, 2, 3, 4, 5, 6).",
        ),
    }
}

/// Checks a select menu; also those in modals.
pub(super) fn check_select(select: &Value, at: &str, errors: &mut FormErrors) {
    check_custom_id(select, at, errors);
    let placeholder = select["placeholder"]
        .as_str()
        .map_or(0, |text| text.chars().count());
    errors.length(&format!("{at}.placeholder"), placeholder, 0, 150);
    let (min, max) = (
        select["min_values"].as_u64().unwrap_or(1),
        select["max_values"].as_u64().unwrap_or(1),
    );
    if min > 25 || max == 0 || max > 25 || min > max {
        errors.add(
            &format!("{at}.max_values"),
            "BASE_TYPE_BAD_LENGTH",
            "min_values and max_values must fit together within 0 to 25.",
        );
    }
    if select["type"] != 3 {
        return check_defaults(select, at, (min, max), errors);
    }
    let options = select["options"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    errors.length(&format!("{at}.options"), options.len(), 1, 25);
    let mut values = HashSet::new();
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}.options.{index}");
        for (key, max) in [("label", 100), ("value", 100)] {
            errors.length(
                &format!("{at}.{key}"),
                option[key].as_str().map_or(0, |text| text.chars().count()),
                1,
                max,
            );
        }
        let description = option["description"]
            .as_str()
            .map_or(0, |text| text.chars().count());
        errors.length(&format!("{at}.description"), description, 0, 100);
        if !values.insert(option["value"].as_str()) {
            errors.add(
                &format!("{at}.value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            );
        }
    }
}

/// Checks what a select menu of users, roles or channels proposes: as many as can be picked, of the right kind.
fn check_defaults(select: &Value, at: &str, (min, max): (u64, u64), errors: &mut FormErrors) {
    let Some(defaults) = select["default_values"]
        .as_array()
        .filter(|list| !list.is_empty())
    else {
        return;
    };
    if !(min..=max).contains(&(defaults.len() as u64)) {
        let message = format!("Must be between {min} and {max} in length.");
        errors.add(
            &format!("{at}.default_values"),
            "BASE_TYPE_BAD_LENGTH",
            message,
        );
    }
    let kinds: &[&str] = match select["type"].as_u64() {
        Some(5) => &["user"],
        Some(6) => &["role"],
        Some(7) => &["user", "role"],
        _ => &["channel"],
    };
    for (index, default) in defaults.iter().enumerate() {
        let at = format!("{at}.default_values.{index}");
        if default["id"].is_null() {
            errors.required(&format!("{at}.id"));
        }
        if !default["type"]
            .as_str()
            .is_some_and(|kind| kinds.contains(&kind))
        {
            let message = format!("Value must be one of {kinds:?}.");
            errors.add(&format!("{at}.type"), "BASE_TYPE_CHOICES", message);
        }
    }
}

/// Checks that a `custom_id` is there and not too long.
pub(super) fn check_custom_id(component: &Value, at: &str, errors: &mut FormErrors) {
    match component["custom_id"].as_str() {
        Some(id) => errors.length(&format!("{at}.custom_id"), id.chars().count(), 1, 100),
        None => errors.required(&format!("{at}.custom_id")),
    }
}
