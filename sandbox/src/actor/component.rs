//! Buttons and select menus.

use serde_json::{Map, Value, json};

use super::{Actor, option};
use crate::{
    error::{Error, listing},
    view::{InteractionView, MessageView, button_label, walk},
    world::{InteractionKind, Message, NewInteraction, World},
};

impl Actor {
    /// Clicks the button with this label (or emoji, or custom id) on the newest message that shows one,
    /// and waits until the bot has responded.
    ///
    /// # Errors
    ///
    /// [`Error::NotVisible`] with the buttons there are; [`Error::Refused`] if it is disabled or a link;
    /// [`Error::NotAnswered`].
    pub async fn clicks(&self, label: &str) -> Result<InteractionView, Error> {
        let id = self.shared.change(|state| {
            let is_it = |component: &Value| is_button(component, label);
            let (message, button) =
                self.newest(&state.world, &format!("the button {label:?}"), is_it)?;
            self.start_click(&mut state.world, message, &button)
        })?;
        self.wait_for_response(id).await
    }

    /// Clicks a button of a certain message, and waits until the bot has responded.
    ///
    /// # Errors
    ///
    /// As [`Actor::clicks`].
    pub async fn clicks_on(
        &self,
        message: &MessageView,
        label: &str,
    ) -> Result<InteractionView, Error> {
        let id = self.shared.change(|state| {
            let shown = state.world.message(message.channel_id, message.id).cloned();
            let is_it = |component: &&Value| is_button(component, label);
            let found = shown
                .as_ref()
                .and_then(|shown| walk(&shown.components).find(is_it).cloned());
            let button = found.ok_or_else(|| Error::NotVisible {
                user: self.name.clone(),
                wanted: format!("the button {label:?} of that message"),
                seen: listing(message.buttons().iter().map(String::as_str)),
            })?;
            self.start_click(&mut state.world, (message.channel_id, message.id), &button)
        })?;
        self.wait_for_response(id).await
    }

    /// Picks in the newest select menu with this custom id or placeholder, and waits until the bot has
    /// responded. Values are those of options or their labels; users, roles and channels go by name or id.
    ///
    /// # Errors
    ///
    /// [`Error::NotVisible`]; [`Error::Refused`] if the values do not fit; [`Error::NotAnswered`].
    pub async fn picks(
        &self,
        custom_id_or_placeholder: &str,
        values: &[&str],
    ) -> Result<InteractionView, Error> {
        let wanted = custom_id_or_placeholder;
        let id = self.shared.change(|state| {
            let is_it = |component: &Value| is_menu(component, wanted);
            let (message, menu) =
                self.newest(&state.world, &format!("the select menu {wanted:?}"), is_it)?;
            self.start_pick(&mut state.world, message, &menu, wanted, values)
        })?;
        self.wait_for_response(id).await
    }

    /// Picks in a select menu of a certain message, and waits until the bot has responded.
    ///
    /// # Errors
    ///
    /// As [`Actor::picks`].
    pub async fn picks_on(
        &self,
        message: &MessageView,
        custom_id_or_placeholder: &str,
        values: &[&str],
    ) -> Result<InteractionView, Error> {
        let wanted = custom_id_or_placeholder;
        let id = self.shared.change(|state| {
            let shown = state.world.message(message.channel_id, message.id);
            let found = shown.and_then(|shown| {
                walk(&shown.components)
                    .find(|component| is_menu(component, wanted))
                    .cloned()
            });
            let menu = found.ok_or_else(|| Error::NotVisible {
                user: self.name.clone(),
                wanted: format!("the select menu {wanted:?} of that message"),
                seen: "others".to_owned(),
            })?;
            let place = (message.channel_id, message.id);
            self.start_pick(&mut state.world, place, &menu, wanted, values)
        })?;
        self.wait_for_response(id).await
    }

    fn start_pick(
        &self,
        world: &mut World,
        message: (u64, u64),
        menu: &Value,
        wanted: &str,
        values: &[&str],
    ) -> Result<u64, Error> {
        if menu["disabled"] == true {
            return Err(Error::Refused(format!(
                "the select menu {wanted:?} is disabled"
            )));
        }
        let mut resolved = Map::new();
        let values = picked(world, message.0, menu, values, &mut resolved)
            .map_err(|why| Error::Refused(format!("the select menu {wanted:?} {why}")))?;
        let mut data = json!({
            "custom_id": menu["custom_id"],
            "component_type": menu["type"],
            "id": menu["id"],
            "values": values,
        });
        if !resolved.is_empty() {
            data["resolved"] = Value::Object(resolved);
        }
        Ok(self.start_component(world, message, format!("the select menu {wanted:?}"), data))
    }

    fn start_click(
        &self,
        world: &mut World,
        message: (u64, u64),
        button: &Value,
    ) -> Result<u64, Error> {
        let label = button_label(button);
        if button["disabled"] == true {
            return Err(Error::Refused(format!("the button {label:?} is disabled")));
        }
        if button["style"] == 5 {
            return Err(Error::Refused(format!(
                "the button {label:?} is a link to {}",
                button["url"]
            )));
        }
        let data =
            json!({"custom_id": button["custom_id"], "component_type": 2, "id": button["id"]});
        Ok(self.start_component(world, message, format!("the button {label:?}"), data))
    }

    fn start_component(
        &self,
        world: &mut World,
        (channel, message): (u64, u64),
        title: String,
        data: Value,
    ) -> u64 {
        world.interact(NewInteraction {
            kind: InteractionKind::Component,
            user: self.user,
            channel,
            title,
            command: None,
            source: Some(message),
            data,
        })
    }

    /// The newest message on this user's screen with a component that fits, and the component.
    fn newest(
        &self,
        world: &World,
        wanted: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<((u64, u64), Value), Error> {
        // Threads, private ones among them, are on the screen of those who may see them.
        let messages = world
            .channels_for(self.user)
            .chain(world.threads_for(self.user))
            .flat_map(|channel| channel.messages.values())
            .filter(|message| message.visible_to(self.user));
        let mut messages: Vec<&Message> = messages
            .map(Box::as_ref)
            .filter(|message| !message.components.is_empty())
            .collect();
        messages.sort_by_key(|message| std::cmp::Reverse(message.id));
        let found = messages.iter().find_map(|message| {
            let component = walk(&message.components).find(|component| fits(component))?;
            Some(((message.channel, message.id), component.clone()))
        });
        found.ok_or_else(|| {
            let shown = messages
                .iter()
                .flat_map(|message| walk(&message.components));
            let names = shown.filter(|component| {
                component["custom_id"].is_string() || component["url"].is_string()
            });
            let names: Vec<_> = names
                .map(|component| match button_label(component) {
                    label if label.is_empty() => component["custom_id"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                    label => label,
                })
                .collect();
            Error::NotVisible {
                user: self.name.clone(),
                wanted: wanted.to_owned(),
                seen: listing(names.iter().map(String::as_str)),
            }
        })
    }
}

fn is_menu(component: &Value, wanted: &str) -> bool {
    matches!(component["type"].as_u64(), Some(3 | 5..=8))
        && (component["custom_id"] == wanted || component["placeholder"] == wanted)
}

fn is_button(component: &Value, label: &str) -> bool {
    component["type"] == 2 && (button_label(component) == label || component["custom_id"] == label)
}

/// The values of a select menu, checked; users, roles and channels are resolved.
pub(super) fn picked(
    world: &World,
    channel: u64,
    menu: &Value,
    values: &[&str],
    resolved: &mut Map<String, Value>,
) -> Result<Vec<String>, String> {
    let (min, max) = (
        menu["min_values"].as_u64().unwrap_or(1),
        menu["max_values"].as_u64().unwrap_or(1),
    );
    if !(min..=max).contains(&(values.len() as u64)) {
        return Err(format!("takes {min} to {max} values"));
    }
    // The same words name things here and in a command's options: user, role, mentionable, channel.
    let kind = match menu["type"].as_u64() {
        Some(5) => 6,
        Some(6) => 8,
        Some(7) => 9,
        Some(8) => 7,
        _ => {
            let options = menu["options"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let find = |value: &&str| {
                let found = options
                    .iter()
                    .find(|option| option["value"] == *value || option["label"] == *value);
                found
                    .and_then(|option| option["value"].as_str())
                    .map(str::to_owned)
                    .ok_or_else(|| {
                        format!(
                            "has no {value:?}; there are {}",
                            listing(options.iter().filter_map(|option| option["label"].as_str()))
                        )
                    })
            };
            return values.iter().map(find).collect();
        }
    };
    let option = json!({"type": kind, "channel_types": menu["channel_types"]});
    let fit = |value: &&str| {
        let id = option::fit(world, channel, &option, &json!(value), resolved)?;
        Ok(id.as_str().unwrap_or_default().to_owned())
    };
    values.iter().map(fit).collect()
}
