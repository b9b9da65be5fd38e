//! Interactions: slash commands, components and modals.

use std::{collections::BTreeMap, sync::Arc};

use plugin_api::abi::{CommandHead, ComponentHead, OptionValue, Origin};
use twilight_model::application::interaction::{
    Interaction, InteractionData,
    application_command::{CommandData, CommandOptionValue},
    modal::{ModalInteractionComponent, ModalInteractionData},
};

use super::{Dispatch, invocation::Invocation};
use crate::{
    owner,
    plugin::{EventRecord, Refused, tidy},
    services::reply::{AUTO_DEFER, Kind},
};

impl Dispatch {
    /// Serves an interaction.
    pub(super) fn interaction(self: &Arc<Self>, event: &Arc<EventRecord>) {
        let interaction: Interaction = match serde_json::from_str(&event.json) {
            Ok(interaction) => interaction,
            Err(error) => {
                tracing::warn!("Discord sent an interaction that can't be read: {error}");
                return;
            }
        };
        let id = interaction.id.get();
        let origin = Origin::Interaction {
            id,
            token: interaction.token.clone(),
        };
        match interaction.data {
            Some(InteractionData::ApplicationCommand(data)) => {
                self.slash(event, &origin, &interaction.token, *data);
            }
            Some(InteractionData::MessageComponent(data)) => {
                self.begin(id, &interaction.token, Kind::Component, false);
                self.component(
                    event,
                    &origin,
                    &data.custom_id,
                    data.values,
                    BTreeMap::new(),
                );
            }
            Some(InteractionData::ModalSubmit(data)) => {
                self.begin(id, &interaction.token, Kind::Modal, false);
                self.component(event, &origin, &data.custom_id, Vec::new(), fields(&data));
            }
            _ => {}
        }
    }

    /// From here on the interaction is the host's: it defers by itself when nobody answers in time.
    fn begin(self: &Arc<Self>, id: u64, token: &str, kind: Kind, ephemeral: bool) {
        self.services.replies.register(id, token, kind, ephemeral);
        let services = Arc::clone(&self.services);
        tokio::spawn(async move {
            tokio::time::sleep(AUTO_DEFER).await;
            services.replies.defer_if_fresh(id).await;
        });
    }

    fn slash(
        self: &Arc<Self>,
        event: &Arc<EventRecord>,
        origin: &Origin,
        token: &str,
        data: CommandData,
    ) {
        let Origin::Interaction { id, .. } = *origin else {
            return;
        };
        if owner::NAMES.contains(&&*data.name) {
            self.begin(id, token, Kind::Command, true);
            if self.owner.is_owner(event.header.user_id) {
                let line: Vec<String> = data
                    .options
                    .iter()
                    .filter_map(|option| match &option.value {
                        CommandOptionValue::String(text) => Some(text.clone()),
                        CommandOptionValue::Boolean(true) => Some(option.name.clone()),
                        CommandOptionValue::User(id) => Some(id.to_string()),
                        _ => None,
                    })
                    .collect();
                self.owner_command(origin.clone(), &data.name, &line.join(" "));
            } else {
                self.tell(
                    origin.clone(),
                    "This command is for the bot's owner alone.".into(),
                );
            }
            return;
        }
        let head = CommandHead {
            command: data.name.clone(),
            origin: origin.clone(),
            options: data
                .options
                .into_iter()
                .filter_map(|option| Some((option.name, value(option.value)?)))
                .collect(),
            ephemeral: false,
        };
        let queued = self.routes.with_command(&data.name, |route| {
            self.begin(id, token, Kind::Command, route.command.ephemeral);
            let head = CommandHead {
                ephemeral: route.command.ephemeral,
                ..head.clone()
            };
            Invocation::command(event, route, &head).map_err(Refused::sentence)
        });
        match queued {
            Some(Ok(invocation)) => self.follow(invocation),
            Some(Err(text)) => self.tell(origin.clone(), text),
            None => {
                self.begin(id, token, Kind::Command, true);
                self.tell(
                    origin.clone(),
                    format!(
                        "`/{}` is not loaded right now. Please try again later.",
                        data.name
                    ),
                );
            }
        }
    }

    fn component(
        self: &Arc<Self>,
        event: &Arc<EventRecord>,
        origin: &Origin,
        custom_id: &str,
        values: Vec<String>,
        fields: BTreeMap<String, String>,
    ) {
        let Some((plugin, handler, argument)) = parse_custom_id(custom_id) else {
            // Somebody else's: a plugin that answers it by a listener of its own.
            return;
        };
        let head = ComponentHead {
            handler: handler.to_owned(),
            argument: argument.to_owned(),
            origin: origin.clone(),
            values,
            fields,
        };
        let queued = self.routes.with_plugin(&tidy(plugin), |slot| {
            Invocation::component(event, slot, &head).map_err(Refused::sentence)
        });
        match queued {
            Some(Ok(invocation)) => self.follow(invocation),
            Some(Err(text)) => self.tell(origin.clone(), text),
            None => self.tell(
                origin.clone(),
                format!("`{plugin}` is not loaded right now. Please try again later."),
            ),
        }
    }
}

/// `cw:<plugin>:<handler>:<argument>`.
fn parse_custom_id(custom_id: &str) -> Option<(&str, &str, &str)> {
    let mut parts = custom_id.splitn(4, ':');
    (parts.next()? == "cw").then_some(())?;
    Some((parts.next()?, parts.next()?, parts.next()?))
}

fn value(value: CommandOptionValue) -> Option<OptionValue> {
    Some(match value {
        CommandOptionValue::String(text) => OptionValue::String(text),
        CommandOptionValue::Integer(number) => OptionValue::Integer(number),
        CommandOptionValue::Number(number) => OptionValue::Number(number),
        CommandOptionValue::Boolean(yes) => OptionValue::Boolean(yes),
        CommandOptionValue::User(id) => OptionValue::User(id.get()),
        CommandOptionValue::Channel(id) => OptionValue::Channel(id.get()),
        CommandOptionValue::Role(id) => OptionValue::Role(id.get()),
        // Of kinds that no command of ours declares.
        _ => return None,
    })
}

fn fields(data: &ModalInteractionData) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for component in &data.components {
        collect(component, &mut fields);
    }
    fields
}

fn collect(component: &ModalInteractionComponent, fields: &mut BTreeMap<String, String>) {
    match component {
        ModalInteractionComponent::ActionRow(row) => {
            row.components
                .iter()
                .for_each(|inside| collect(inside, fields));
        }
        ModalInteractionComponent::Label(label) => collect(&label.component, fields),
        ModalInteractionComponent::TextInput(input) => {
            fields.insert(input.custom_id.clone(), input.value.clone());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::parse_custom_id;

    #[test]
    fn custom_ids_name_plugin_handler_and_argument() {
        assert_eq!(
            parse_custom_id("cw:shop:buy:7:x"),
            Some(("shop", "buy", "7:x"))
        );
        assert_eq!(parse_custom_id("cw:shop:buy:"), Some(("shop", "buy", "")));
        assert_eq!(parse_custom_id("cw:shop"), None);
        assert_eq!(parse_custom_id("other:a:b:c"), None);
    }
}
