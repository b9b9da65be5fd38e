//! Conditions of an automation. One that is not known would have been no hindrance there; here the automation is left out.

use serde_json::{Value, json};

use crate::value::{id, short, text, whole};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// All conditions together; `None` where there are none.
///
/// # Errors
///
/// Which of them has no words here.
pub(crate) fn conditions(value: &Value) -> Result<Option<Value>, String> {
    let rules = match &value["rules"] {
        Value::Null => return Ok(None),
        Value::Array(rules) if rules.is_empty() => return Ok(None),
        Value::Array(rules) => rules,
        _ => return Err("its conditions are no list".into()),
    };
    let all = rules.iter().map(rule).collect::<Result<Vec<_>, _>>()?;
    match text(&value["logic"])
        .unwrap_or("AND")
        .to_uppercase()
        .as_str()
    {
        "AND" => Ok(Some(json!({ "all": all }))),
        "OR" => Ok(Some(json!({ "any": all }))),
        _ => Err(format!(
            "its conditions are joined by `{}`",
            short(&value["logic"])
        )),
    }
}

fn rule(rule: &Value) -> Result<Value, String> {
    let kind = text(&rule["type"]).unwrap_or_default();
    let odd = || format!("its condition `{}` can't be read", short(rule));
    let written = match kind {
        "time_range" => {
            let time = |key: &str| text(&rule[key]).and_then(time_of_day);
            time("start")
                .zip(time("end"))
                .map(|(from, to)| json!({"time": {"from": from, "to": to}}))
        }
        "day_of_week" => {
            let days = rule["days"].as_array();
            let day = |it: &Value| {
                text(it).and_then(|it| {
                    DAYS.into_iter()
                        .find(|day| it.to_lowercase().starts_with(day))
                })
            };
            days.and_then(|days| days.iter().map(day).collect::<Option<Vec<_>>>())
                .map(|days| json!({ "weekday": days }))
        }
        "role_hierarchy" => {
            let is = text(&rule["comparison"]).filter(|it| ["has", "above", "below"].contains(it));
            is.zip(id(&rule["role_id"]))
                .map(|(is, role)| json!({"role": {"is": is, "role": role.to_string()}}))
        }
        "message_count" => {
            let count = whole(&rule["value"]).filter(|it| *it >= 0);
            compare(rule, &["<", ">", "=="])
                .zip(count)
                .map(|(is, count)| json!({"messages": {"is": is, "count": count}}))
        }
        "user_age" => {
            let days = whole(&rule["min_days"]).filter(|it| *it >= 0);
            days.map(|days| json!({"account_days": {"is": ">=", "days": days}}))
        }
        "custom_variable" => {
            let name = text(&rule["variable"]).map(|it| it.trim_matches(['{', '}']));
            let value = match &rule["value"] {
                Value::String(value) => Some(value.clone()),
                Value::Number(value) => Some(value.to_string()),
                _ => None,
            };
            let is = compare(rule, &["==", "contains"]);
            name.zip(value).zip(is).map(
                |((name, value), is)| json!({"variable": {"name": name, "is": is, "value": value}}),
            )
        }
        _ => None,
    };
    written.ok_or_else(odd)
}

fn compare<'a>(rule: &'a Value, known: &[&str]) -> Option<&'a str> {
    text(&rule["operator"]).filter(|it| known.contains(it))
}

/// `9:05` as `09:05`.
fn time_of_day(text: &str) -> Option<String> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_has_words_here() {
        for (there, here) in [
            (
                json!({"type": "time_range", "start": "9:00", "end": "17:30"}),
                json!({"time": {"from": "09:00", "to": "17:30"}}),
            ),
            (
                json!({"type": "day_of_week", "days": ["Monday", "sun"]}),
                json!({"weekday": ["mon", "sun"]}),
            ),
            (
                json!({"type": "role_hierarchy", "role_id": "5", "comparison": "above"}),
                json!({"role": {"is": "above", "role": "5"}}),
            ),
            (
                json!({"type": "message_count", "operator": ">", "value": "10"}),
                json!({"messages": {"is": ">", "count": 10}}),
            ),
            (
                json!({"type": "user_age", "min_days": 7}),
                json!({"account_days": {"is": ">=", "days": 7}}),
            ),
            (
                json!({"type": "custom_variable", "variable": "{message}", "operator": "contains", "value": "tea"}),
                json!({"variable": {"name": "message", "is": "contains", "value": "tea"}}),
            ),
        ] {
            let read = conditions(&json!({"logic": "OR", "rules": [there]})).unwrap();
            assert_eq!(read, Some(json!({ "any": [here] })));
        }
        assert_eq!(conditions(&json!(null)), Ok(None));
        assert_eq!(conditions(&json!({"rules": []})), Ok(None));
    }

    #[test]
    fn what_has_no_words_is_told() {
        for (there, wanted) in [
            (json!({"rules": [{"type": "moon"}]}), "can't be read"),
            (
                json!({"rules": [{"type": "time_range", "start": "25:00", "end": "1:00"}]}),
                "can't be read",
            ),
            (
                json!({"rules": [{"type": "message_count", "operator": "~", "value": 1}]}),
                "can't be read",
            ),
            (
                json!({"logic": "XOR", "rules": [{"type": "user_age", "min_days": 1}]}),
                "XOR",
            ),
            (json!({"rules": 5}), "no list"),
        ] {
            let why = conditions(&there).unwrap_err();
            assert!(why.contains(wanted), "{there}: {why}");
        }
    }
}
