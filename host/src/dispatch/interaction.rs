//! Interactions: slash commands, components and modals.

use std::{collections::BTreeMap, sync::Arc};

use plugin_api::abi::{ComponentHead, Origin};
use twilight_model::application::interaction::{
    Interaction, InteractionData, InteractionType,
    application_command::{CommandData, CommandOptionValue},
    modal::{ModalInteractionComponent, ModalInteractionData},
};

use super::{Dispatch, invocation::Invocation};
use crate::{
    commands::{
        autocomplete::Asked,
        names,
        read::Picked,
        request::{Given, Request},
    },
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
            Some(InteractionData::ApplicationCommand(data))
                if interaction.kind == InteractionType::ApplicationCommandAutocomplete =>
            {
                let picked = Picked::of(*data);
                if let Some(route) = names::resolve(&self.routes, picked.kind, &picked.names) {
                    let asked = Asked {
                        id,
                        token: interaction.token,
                        locale: interaction.locale.unwrap_or_default(),
                        picked,
                    };
                    self.autocomplete(Arc::clone(event), route, asked);
                }
            }
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
            let line = || -> String {
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
                line.join(" ")
            };
            if data.name == owner::OF_MANAGERS {
                self.managers_command(event, origin.clone(), &line());
            } else if self.owner.is_owner(event.header.user_id) {
                self.owner_command(origin.clone(), &data.name, &line());
            } else {
                self.tell(
                    origin.clone(),
                    "This command is for the bot's owner alone.".into(),
                );
            }
            return;
        }
        let picked = Picked::of(data);
        match names::resolve(&self.routes, picked.kind, &picked.names) {
            Some(route) => {
                self.begin(id, token, Kind::Command, route.command.ephemeral);
                self.serve(Request {
                    event: Arc::clone(event),
                    origin: origin.clone(),
                    route,
                    given: Given::Picked(Box::new(picked)),
                });
            }
            None => {
                self.begin(id, token, Kind::Command, true);
                let name = names::typed(picked.kind, &picked.names);
                self.tell(
                    origin.clone(),
                    format!("`{name}` is not loaded right now. Please try again later."),
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
