//! Fields of modals that came with labels: files, radio buttons and checkboxes.

use std::collections::HashSet;

use serde_json::Value;

use super::component::check_custom_id;
use crate::rest::error::FormErrors;

/// Checks a field of one of these kinds.
pub(super) fn check(field: &Value, at: &str, errors: &mut FormErrors) {
    check_custom_id(field, at, errors);
    match field["type"].as_u64() {
        Some(19) => bounds(field, at, 1, 10, errors),
        // A radio group has something to choose from, a checkbox group perhaps one box.
        Some(21) => options(field, at, 2, errors),
        Some(22) => {
            options(field, at, 1, errors);
            bounds(field, at, 1, 10, errors);
        }
        _ => {}
    }
}

/// `min_values` from 0 (1 where something is required) and `max_values` up to `most`.
fn bounds(field: &Value, at: &str, usual_min: i64, most: i64, errors: &mut FormErrors) {
    let required = field["required"] != false;
    let min = field["min_values"].as_i64();
    let max = field["max_values"].as_i64();
    let least = i64::from(required && min.is_some());
    errors.range(
        &format!("{at}.min_values"),
        min.unwrap_or(usual_min),
        least,
        most,
    );
    let least = min.unwrap_or(1).max(1);
    errors.range(
        &format!("{at}.max_values"),
        max.unwrap_or(most),
        least,
        most,
    );
}

fn options(field: &Value, at: &str, least: usize, errors: &mut FormErrors) {
    let options = field["options"].as_array().map(Vec::as_slice);
    let options = options.unwrap_or_default();
    errors.length(&format!("{at}.options"), options.len(), least, 10);
    let mut values = HashSet::new();
    for (index, option) in options.iter().enumerate() {
        let at = format!("{at}.options.{index}");
        for (key, min) in [("label", 1), ("value", 1), ("description", 0)] {
            let count = option[key].as_str().map_or(0, |text| text.chars().count());
            errors.length(&format!("{at}.{key}"), count, min, 100);
        }
        if !values.insert(option["value"].as_str()) {
            let message = "The specified option value is already used";
            errors.add(
                &format!("{at}.value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                message,
            );
        }
    }
}
