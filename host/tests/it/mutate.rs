//! Mutations of a payload: each field in turn removed, null, of another type, odd, negative, large, unknown.

use serde_json::{Value, json};

/// A payload with one thing changed.
pub struct Mutation {
    /// Where: `roles[1].permissions`.
    pub path: String,
    /// What stands there now.
    pub what: String,
    /// The payload.
    pub payload: Value,
}

/// Items of a list that are changed one by one.
const ITEMS: usize = 3;

/// What no field of Discord's is: no id, no permissions, no kind that there is.
fn odd() -> Vec<Value> {
    vec![
        Value::Null,
        json!({"odd": [1]}),
        json!([{}]),
        json!(true),
        json!("odd \u{202e} 🦀"),
        json!(""),
        json!(-1),
        json!(300.5),
        json!(1e300),
        json!("-5"),
        json!("99999999999999999999999"),
        json!("v2_a_new_kind_of_hash"),
    ]
}

/// All mutations of a payload, in an order that is always the same.
pub fn mutations(payload: &Value) -> Vec<Mutation> {
    let mut all = Vec::new();
    let mut paths = Vec::new();
    walk(payload, &mut Vec::new(), &mut paths);
    for path in &paths {
        let mut changed = payload.clone();
        if let Some(fields) = at(&mut changed, path).as_object_mut() {
            fields.insert("field_of_tomorrow".to_owned(), json!({"type": 300}));
            all.push(Mutation {
                path: show(path) + ".field_of_tomorrow",
                what: "new".to_owned(),
                payload: changed,
            });
        }
    }
    for path in paths {
        let shown = show(&path);
        if let Some(Step::Field(name)) = path.last() {
            let mut changed = payload.clone();
            let parent = at(&mut changed, &path[..path.len() - 1]);
            parent.as_object_mut().unwrap().remove(name);
            all.push(Mutation {
                path: shown.clone(),
                what: "removed".to_owned(),
                payload: changed,
            });
        }
        for odd in odd() {
            let mut changed = payload.clone();
            let place = at(&mut changed, &path);
            if *place == odd {
                continue;
            }
            let what = odd.to_string();
            *place = odd;
            all.push(Mutation {
                path: shown.clone(),
                what,
                payload: changed,
            });
        }
    }
    all
}

#[derive(Clone)]
enum Step {
    Field(String),
    Item(usize),
}

fn walk(value: &Value, path: &mut Vec<Step>, paths: &mut Vec<Vec<Step>>) {
    let mut inside = |step, value, path: &mut Vec<Step>| {
        path.push(step);
        paths.push(path.clone());
        walk(value, path, paths);
        path.pop();
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                inside(Step::Field(name.clone()), value, path);
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate().take(ITEMS) {
                inside(Step::Item(number), value, path);
            }
        }
        _ => {}
    }
}

fn at<'a>(value: &'a mut Value, path: &[Step]) -> &'a mut Value {
    path.iter().fold(value, |value, step| match step {
        Step::Field(name) => &mut value[name.as_str()],
        Step::Item(number) => &mut value[*number],
    })
}

fn show(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(name) if text.is_empty() => text.push_str(name),
            Step::Field(name) => text.push_str(&format!(".{name}")),
            Step::Item(number) => text.push_str(&format!("[{number}]")),
        }
    }
    text
}
