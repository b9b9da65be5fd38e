//! Modals: filled in and submitted.

use serde_json::{Map, Value, json};

use super::{Actor, component::picked, option::uploaded};
use crate::{
    error::{Error, listing},
    view::{InteractionView, modal_fields},
    world::{InteractionKind, NewInteraction, World},
};

impl Actor {
    /// Fills in and submits the modal that this user was shown last, and waits until the bot has responded.
    /// Fields go by custom id or label; those not given keep what the modal proposes.
    ///
    /// # Errors
    ///
    /// [`Error::NotVisible`] without a modal; [`Error::Refused`] if a field is unknown, missing or too long;
    /// [`Error::NotAnswered`].
    pub async fn submits(&self, fields: &[(&str, &str)]) -> Result<InteractionView, Error> {
        let id = self.shared.change(|state| {
            let world = &mut state.world;
            let shown = world.interactions.values_mut().rev().find(|interaction| {
                interaction.user == self.user
                    && interaction
                        .response
                        .as_ref()
                        .is_some_and(|response| response.kind == 9 && !response.data.is_null())
            });
            let shown = shown.ok_or_else(|| Error::NotVisible {
                user: self.name.clone(),
                wanted: "a modal".to_owned(),
                seen: "none".to_owned(),
            })?;
            let modal = shown
                .response
                .as_ref()
                .map(|response| response.data.clone())
                .unwrap_or_default();
            let (shown_by, channel, source) = (shown.id, shown.channel, shown.source);
            let mut resolved = Map::new();
            let components = filled(world, channel, &modal, fields, &mut resolved)?;
            // The modal is closed: it cannot be submitted twice.
            for interaction in world.interactions.values_mut() {
                if let Some(response) = interaction
                    .response
                    .as_mut()
                    .filter(|response| response.data == modal)
                {
                    response.data = Value::Null;
                }
            }
            let mut data = json!({"custom_id": modal["custom_id"], "components": components});
            if !resolved.is_empty() {
                data["resolved"] = Value::Object(resolved);
            }
            let id = world.interact(NewInteraction {
                kind: InteractionKind::Modal,
                user: self.user,
                channel,
                title: format!("the modal {}", modal["title"]),
                command: None,
                source,
                data,
            });
            if let Some(interaction) = world.interactions.get_mut(&id) {
                interaction.shown_by = Some(shown_by);
            }
            Ok(id)
        })?;
        self.wait_for_response(id).await
    }
}

/// The components of a modal as they are submitted.
fn filled(
    world: &World,
    channel: u64,
    modal: &Value,
    given: &[(&str, &str)],
    resolved: &mut Map<String, Value>,
) -> Result<Vec<Value>, Error> {
    let fields = modal_fields(modal);
    let is_it =
        |field: &Value, label: &str, name: &str| field["custom_id"] == name || label == name;
    for (name, _) in given {
        if !fields
            .iter()
            .any(|(field, label)| is_it(field, label, name))
        {
            let known = listing(fields.iter().map(|(_, label)| label.as_str()));
            return Err(Error::Refused(format!(
                "the modal has no field {name:?}; there are {known}"
            )));
        }
    }
    let fill = |field: &Value, label: &str, resolved: &mut Map<String, Value>| {
        let value = given
            .iter()
            .find(|(name, _)| is_it(field, label, name))
            .map(|(_, value)| *value);
        submitted(world, channel, field, value, resolved)
            .map_err(|why| Error::Refused(format!("the field {label:?} {why}")))
    };
    let components = modal["components"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut labels = fields.iter();
    let mut all = Vec::new();
    for component in components {
        let mut submitted = json!({"type": component["type"], "id": component["id"]});
        match component["type"].as_u64() {
            Some(1) => {
                let inner = component["components"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let fields = labels.by_ref().take(inner.len());
                let fields: Result<Vec<_>, _> = fields
                    .map(|(field, label)| fill(field, label, resolved))
                    .collect();
                submitted["components"] = json!(fields?);
            }
            Some(18) => {
                if let Some((field, label)) = labels.next() {
                    submitted["component"] = fill(field, label, resolved)?;
                }
            }
            _ => {}
        }
        all.push(submitted);
    }
    Ok(all)
}

/// One field with its value: text for inputs, comma-separated values for menus.
fn submitted(
    world: &World,
    channel: u64,
    field: &Value,
    value: Option<&str>,
    resolved: &mut Map<String, Value>,
) -> Result<Value, String> {
    let mut json =
        json!({"type": field["type"], "id": field["id"], "custom_id": field["custom_id"]});
    let required = field["required"] != false;
    match field["type"].as_u64() {
        Some(4) => {
            let value = value
                .or_else(|| field["value"].as_str())
                .unwrap_or_default();
            let length = value.chars().count() as u64;
            let min = field["min_length"].as_u64().unwrap_or(u64::from(required));
            let max = field["max_length"].as_u64().unwrap_or(4000);
            if required && length == 0 {
                return Err("must be filled in".to_owned());
            }
            if length > max || (length > 0 && length < min) {
                return Err(format!("takes {min} to {max} characters"));
            }
            json["value"] = json!(value);
        }
        Some(23) => json["value"] = json!(value == Some("true")),
        Some(3 | 5..=8) => {
            let values: Vec<_> = value
                .into_iter()
                .flat_map(|value| value.split(','))
                .map(str::trim)
                .collect();
            json["values"] = if values.is_empty() && !required {
                json!([])
            } else {
                json!(picked(world, channel, field, &values, resolved)?)
            };
        }
        Some(21 | 22) => {
            let options = field["options"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let of = |value: &str| {
                let found = options
                    .iter()
                    .find(|option| option["value"] == value || option["label"] == value);
                found
                    .map(|option| option["value"].clone())
                    .ok_or_else(|| format!("has no {value:?}"))
            };
            let values = value
                .into_iter()
                .flat_map(|value| value.split(','))
                .map(|value| of(value.trim()));
            let mut values = values.collect::<Result<Vec<_>, _>>()?;
            if field["type"] == 21 {
                json["value"] = values.pop().unwrap_or_default();
            } else {
                json["values"] = json!(values);
            }
        }
        Some(19) => {
            let ids = value.into_iter().flat_map(|value| value.split(','));
            let files = ids.map(|id| uploaded(world, channel, id.trim(), resolved));
            let files = files.collect::<Result<Vec<_>, _>>()?;
            let min = field["min_values"].as_u64().unwrap_or(u64::from(required));
            let max = field["max_values"].as_u64().unwrap_or(1);
            if !(min..=max).contains(&(files.len() as u64)) {
                return Err(format!("takes {min} to {max} files"));
            }
            json["values"] = json!(files);
        }
        Some(kind) => {
            return Err(format!(
                "is of type {kind}, which the sandbox's users cannot fill in yet"
            ));
        }
        None => {}
    }
    Ok(json)
}
