//! Definition of an automation as the page of its form sends it.

use std::collections::BTreeMap;

use plugin_api::{Json, prelude::*, text::clip};

use super::{Request, form, names::Names};
use crate::{
    automation::Definition,
    engine,
    model::{Condition, Kind, Parameter, Parameters, Step, read},
    templates,
};

/// What was sent, and which automation it is of.
pub(super) struct Sent {
    /// The number of the one that is changed; of a new one none.
    pub(super) of: Option<i64>,
    pub(super) definition: Definition,
    /// Whether it is only to be looked at.
    pub(super) preview: bool,
}

impl Sent {
    /// # Errors
    ///
    /// Each thing that can't be read, in words, with what it is about.
    pub(super) fn read(ctx: &Request, names: &Names) -> Result<Self> {
        let fields: BTreeMap<String, Json> = ctx.json()?;
        definition(&fields, names).map_err(|wrong| Error::user(wrong.join("\n")))
    }
}

fn text<'a>(fields: &'a BTreeMap<String, Json>, name: &str) -> &'a str {
    fields.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn definition(fields: &BTreeMap<String, Json>, names: &Names) -> Result<Sent, Vec<String>> {
    let template = templates::named(text(fields, "template"))
        .ok_or_else(|| vec!["There is no such template. Go back to the list.".to_owned()])?;
    let mut wrong = Vec::new();
    let mut parameters = Parameters::default();
    for it in template.parameters() {
        let named = |typed: &str| engine::role_named(&names.roles, typed);
        match it.kind.read(&given(fields, it), &named) {
            Ok(Some(value)) => {
                parameters.0.insert(it.id.to_owned(), value);
            }
            Ok(None) => {}
            Err(why) => wrong.push(format!("{}: {}.", it.title, names.plain(&why))),
        }
    }
    let typed = text(fields, "conditions");
    let conditions = read(typed, &|named| engine::role_named(&names.roles, named));
    let conditions = conditions.unwrap_or_else(|why| {
        wrong.push(format!("Conditions: {}.", names.plain(&why)));
        Condition::All(Vec::new())
    });
    let steps = steps(text(fields, "steps")).unwrap_or_else(|why| {
        wrong.push(format!("Further steps: {why}."));
        Vec::new()
    });
    let id = text(fields, "id");
    let of = match id.parse() {
        Ok(id) => Some(id),
        Err(_) if id.is_empty() => None,
        Err(_) => {
            return Err(vec![
                "That is no automation's number. Go back to the list.".to_owned(),
            ]);
        }
    };
    match wrong.is_empty() {
        true => Ok(Sent {
            of,
            definition: Definition {
                name: text(fields, "name").trim().to_owned(),
                template: template.name.to_owned(),
                parameters,
                conditions,
                steps,
            },
            preview: text(fields, "only") == "preview",
        }),
        false => Err(wrong),
    }
}

fn given(fields: &BTreeMap<String, Json>, it: &Parameter) -> Vec<String> {
    match fields.get(&form::name(it)) {
        Some(Json::String(text)) => vec![text.clone()],
        Some(Json::Bool(checked)) if matches!(it.kind, Kind::Toggle) => {
            vec![if *checked { "yes" } else { "no" }.to_owned()]
        }
        Some(Json::Array(all)) => {
            let texts = all.iter().filter_map(Json::as_str);
            texts
                .filter(|it| !it.is_empty())
                .map(str::to_owned)
                .collect()
        }
        _ => Vec::new(),
    }
}

fn steps(typed: &str) -> Result<Vec<Step>, String> {
    if typed.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(typed).map_err(|error| clip(&error.to_string(), 300))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(json: Json) -> Result<Sent, Vec<String>> {
        let fields = serde_json::from_value(json).unwrap();
        let (roles, channels) = (Vec::new(), Vec::new());
        definition(&fields, &Names { roles, channels })
    }

    #[test]
    fn what_is_sent_is_read_as_it_would_be_typed() {
        let got = sent(json!({
            "template": "welcome", "id": "", "name": " Hello ", "p.channel": "5", "p.message": "Hi {user}", "p.card": true, "p.role": "",
            "conditions": "messages >= 3", "steps": "[{\"do\": \"delay\", \"seconds\": 60}]", "only": "preview",
        }))
        .unwrap();
        let definition = &got.definition;
        assert_eq!(
            (got.of, got.preview, definition.name.as_str()),
            (None, true, "Hello")
        );
        assert_eq!(definition.parameters.channel("channel"), Some(Id::new(5)));
        assert_eq!(definition.parameters.text("message"), "Hi {user}");
        assert!(definition.parameters.flag("card") && definition.parameters.get("role").is_none());
        assert_eq!(definition.steps, [Step::Delay { seconds: 60 }]);
        assert_eq!(definition.check(), Ok(()));
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let wrong = sent(json!({
            "template": "welcome", "name": "x", "p.channel": "here", "p.role": ["a"], "conditions": "moon full", "steps": "[{\"do\": \"fly\"}]",
        }));
        let wrong = wrong.err().unwrap();
        let begins: Vec<_> = wrong
            .iter()
            .filter_map(|it| Some(it.split_once(':')?.0))
            .collect();
        assert_eq!(
            begins,
            ["Channel", "Role", "Conditions", "Further steps"],
            "{wrong:?}"
        );
        assert!(
            sent(json!({ "template": "none" })).is_err()
                && sent(json!({ "template": "welcome", "id": "x" })).is_err()
        );
        assert!(sent(json!({ "template": 7 })).is_err());
    }
}
