//! Validation of modals:
//! <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal>.

use serde_json::{Value, json};

use super::{
    choice_field,
    component::{check_custom_id, check_select, finish, unique_custom_ids},
};
use crate::rest::error::{ApiError, FormErrors};

/// Checks a modal and gives it back with its components numbered.
pub(in crate::rest) fn modal(data: &Value) -> Result<Value, ApiError> {
    let mut errors = FormErrors::default();
    for (key, max) in [("title", 45), ("custom_id", 100)] {
        match data[key].as_str() {
            Some(text) => errors.length(&format!("data.{key}"), text.chars().count(), 1, max),
            None => errors.required(&format!("data.{key}")),
        }
    }
    let components = data["components"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    errors.length("data.components", components.len(), 1, 5);
    for (index, component) in components.iter().enumerate() {
        let at = format!("data.components.{index}");
        match component["type"].as_u64() {
            Some(1) => {
                let inner = component["components"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                errors.length(&format!("{at}.components"), inner.len(), 1, 1);
                for field in inner {
                    check_field(field, &format!("{at}.components.0"), true, &mut errors);
                }
            }
            Some(18) => {
                let label = component["label"]
                    .as_str()
                    .map_or(0, |text| text.chars().count());
                errors.length(&format!("{at}.label"), label, 1, 45);
                let description = component["description"].as_str();
                let description = description.map_or(0, |text| text.chars().count());
                errors.length(&format!("{at}.description"), description, 0, 100);
                check_field(
                    &component["component"],
                    &format!("{at}.component"),
                    false,
                    &mut errors,
                );
            }
            Some(10) => {
                let text = component["content"]
                    .as_str()
                    .map_or(0, |text| text.chars().count());
                errors.length(&format!("{at}.content"), text, 1, 4000);
            }
            _ => errors.add(
                &format!("{at}.type"),
                "UNION_TYPE_CHOICES",
                "Value of field \"type\" must be one of (1, 10, 18).",
            ),
        }
    }
    unique_custom_ids(components, &mut errors);
    errors.check()?;
    let mut modal = json!({"title": data["title"], "custom_id": data["custom_id"]});
    modal["components"] = Value::Array(finish(components.to_vec()));
    Ok(modal)
}

fn check_field(field: &Value, at: &str, needs_label: bool, errors: &mut FormErrors) {
    if field["disabled"] == true {
        let message = "Modals cannot have components that are disabled";
        errors.add(
            &format!("{at}.disabled"),
            "COMPONENT_DISABLED_IN_MODAL",
            message,
        );
    }
    match field["type"].as_u64() {
        Some(4) => {
            check_custom_id(field, at, errors);
            let characters = |key: &str| field[key].as_str().map_or(0, |text| text.chars().count());
            if needs_label {
                errors.length(&format!("{at}.label"), characters("label"), 1, 45);
            }
            if !matches!(field["style"].as_u64(), Some(1 | 2)) {
                errors.add(
                    &format!("{at}.style"),
                    "BASE_TYPE_CHOICES",
                    "Value must be one of (1, 2).",
                );
            }
            errors.length(
                &format!("{at}.placeholder"),
                characters("placeholder"),
                0,
                100,
            );
            errors.length(&format!("{at}.value"), characters("value"), 0, 4000);
            let (min, max) = (
                field["min_length"].as_u64().unwrap_or(0),
                field["max_length"].as_u64().unwrap_or(4000),
            );
            if max == 0 || max > 4000 || min > max {
                errors.add(
                    &format!("{at}.max_length"),
                    "NUMBER_TYPE_MAX",
                    "int value should be between 1 and 4000.",
                );
            }
        }
        Some(3 | 5..=8) if !needs_label => check_select(field, at, errors),
        Some(19 | 21..=23) if !needs_label => choice_field::check(field, at, errors),
        _ => errors.add(
            &format!("{at}.type"),
            "UNION_TYPE_CHOICES",
            "Value of field \"type\" does not fit here.",
        ),
    }
}
