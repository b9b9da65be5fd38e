//! Interactions: slash commands, components and modals.

use std::{collections::BTreeMap, sync::Arc};

use plugin_api::abi::{ComponentHead, CustomId, HandlerNumber, Origin, QUESTIONS};
use serde_json::Value;
use twilight_model::application::interaction::{
    Interaction, InteractionData, InteractionType,
    application_command::CommandData,
    modal::{ModalInteractionComponent, ModalInteractionData},
};

use super::{Dispatch, invocation::Invocation, menus};
use crate::{
    commands::{
        autocomplete::Asked,
        names::{self, Meant},
        read::Picked,
        request::{Given, Request},
    },
    owner,
    plugin::{EventRecord, Refused, Slot, tidy},
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
                if let Some(Meant::Command(route)) =
                    names::resolve(&self.routes, picked.kind, &picked.names)
                {
                    let asked = Asked {
                        id,
                        token: interaction.token,
                        locale: interaction.locale.unwrap_or_default(),
                        picked,
                    };
                    self.autocomplete(Arc::clone(event), *route, asked);
                }
            }
            Some(InteractionData::ApplicationCommand(data)) => {
                self.slash(event, &origin, &interaction.token, *data);
            }
            Some(InteractionData::MessageComponent(data)) if menus::is_list(&data.custom_id) => {
                let name = data.values.first().map_or("", String::as_str);
                self.pick_menu(event, &origin, &interaction.token, &data.custom_id, name);
            }
            Some(InteractionData::MessageComponent(data)) => {
                self.begin(id, &interaction.token, Kind::Component, false);
                let given = Used {
                    values: data.values,
                    ..Used::default()
                };
                self.component(event, &origin, &data.custom_id, given);
            }
            Some(InteractionData::ModalSubmit(data)) => {
                let private = CustomId::parse(&data.custom_id).is_some_and(|id| id.private);
                self.begin(id, &interaction.token, Kind::Modal, private);
                self.component(event, &origin, &data.custom_id, submitted(&data));
            }
            _ => {}
        }
    }

    /// From here on the interaction is the host's: it defers by itself when nobody answers in time.
    pub(super) fn begin(self: &Arc<Self>, id: u64, token: &str, kind: Kind, ephemeral: bool) {
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
        let picked = Picked::of(data);
        match names::resolve(&self.routes, picked.kind, &picked.names) {
            Some(Meant::Host(name)) => {
                self.begin(id, token, Kind::Command, true);
                if name == owner::OF_MANAGERS {
                    self.managers_command(event, origin.clone(), &picked.line());
                } else if self.owner.is_owner(event.header.user_id) {
                    self.owner_command(origin.clone(), &name, &picked.line());
                } else {
                    self.tell(
                        origin.clone(),
                        "This command is for the bot's owner alone.".into(),
                    );
                }
            }
            Some(Meant::More(menus)) => {
                self.begin(id, token, Kind::Command, true);
                self.list_menus(event, origin.clone(), &menus);
            }
            Some(Meant::Command(route)) => {
                self.begin(id, token, Kind::Command, route.command.ephemeral);
                self.serve(Request {
                    event: Arc::clone(event),
                    origin: origin.clone(),
                    route: *route,
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
        used: Used,
    ) {
        let Some(id) = CustomId::parse(custom_id) else {
            // Somebody else's: a plugin that answers it by a listener of its own.
            return;
        };
        if let Err(text) = self.may_use(event, origin, &id) {
            return self.tell(origin.clone(), text);
        }
        let mut head = ComponentHead {
            handler: String::new(),
            argument: id.argument.to_owned(),
            origin: origin.clone(),
            owner: id.owner,
            timeout_s: id.timeout_s,
            values: used.values,
            fields: used.fields,
            picked: used.picked,
        };
        let queued = self.routes.with_plugin(&tidy(id.plugin), |slot| {
            head.handler = handler_name(slot, id.handler);
            Invocation::component(event, slot, &head).map_err(Refused::sentence)
        });
        match queued {
            Some(Ok(invocation)) => self.follow(invocation),
            Some(Err(text)) => self.tell(origin.clone(), text),
            None => self.tell(
                origin.clone(),
                format!(
                    "`{}` is not loaded right now. Please try again later.",
                    id.plugin
                ),
            ),
        }
    }

    /// Whether this user may use the component, and still can.
    fn may_use(
        &self,
        event: &EventRecord,
        origin: &Origin,
        id: &CustomId<'_>,
    ) -> Result<(), String> {
        if let Some(owner) = id.owner.filter(|owner| *owner != event.header.user_id) {
            return Err(format!("Only <@{owner}> can use this."));
        }
        let over = || "This can't be used any more: its time is over.".to_owned();
        let Some(timeout_s) = id.timeout_s else {
            return Ok(());
        };
        let Some(token) = self.services.replies.token(origin) else {
            return Ok(());
        };
        let mut interaction: Value =
            serde_json::from_str(&event.json).map_err(|error| error.to_string())?;
        let message = interaction["message"].take();
        match self.services.later.is_in_time(&message, timeout_s, token) {
            true => Ok(()),
            false => Err(over()),
        }
    }
}

/// The name of the handler with this number. One that this generation of the plugin has not got has its number for a name, and the
/// plugin says so.
fn handler_name(slot: &Slot, number: HandlerNumber) -> String {
    let generation = slot.current();
    let declared = generation.manifest.components.iter().map(String::as_str);
    let mut names = declared.chain([QUESTIONS]);
    names
        .find(|name| HandlerNumber::of(name) == number)
        .map_or_else(|| number.to_string(), str::to_owned)
}

/// What a component or modal was used with.
#[derive(Default)]
struct Used {
    values: Vec<String>,
    fields: BTreeMap<String, String>,
    picked: BTreeMap<String, Vec<String>>,
}

fn submitted(data: &ModalInteractionData) -> Used {
    let mut used = Used::default();
    for component in &data.components {
        collect(component, &mut used);
    }
    used
}

fn collect(component: &ModalInteractionComponent, used: &mut Used) {
    use ModalInteractionComponent as Part;
    fn texts<T: ToString>(values: &[T]) -> Vec<String> {
        values.iter().map(T::to_string).collect()
    }
    let (id, picked) = match component {
        Part::ActionRow(row) => {
            return row
                .components
                .iter()
                .for_each(|inside| collect(inside, used));
        }
        Part::Label(label) => return collect(&label.component, used),
        Part::TextInput(input) => {
            used.fields
                .insert(input.custom_id.clone(), input.value.clone());
            return;
        }
        Part::StringSelect(select) => (&select.custom_id, select.values.clone()),
        Part::UserSelect(select) => (&select.custom_id, texts(&select.values)),
        Part::RoleSelect(select) => (&select.custom_id, texts(&select.values)),
        Part::ChannelSelect(select) => (&select.custom_id, texts(&select.values)),
        Part::MentionableSelect(select) => (&select.custom_id, texts(&select.values)),
        Part::FileUpload(upload) => (&upload.custom_id, texts(&upload.values)),
        Part::CheckboxGroup(group) => (&group.custom_id, group.values.clone()),
        Part::Checkbox(one) => (&one.custom_id, vec![one.value.to_string()]),
        _ => return,
    };
    used.picked.insert(id.clone(), picked);
}
