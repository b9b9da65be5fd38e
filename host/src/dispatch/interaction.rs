//! Interactions: slash commands, components and modals.

use std::{collections::BTreeMap, sync::Arc};

use host_base::{PluginName, error_id};
use host_discord::{
    lenient::{self, Field, Fields},
    reply::{AUTO_DEFER, Kind, Received},
};
use host_loader::{EventRecord, Slot};
use plugin_api::abi::{ComponentHead, CustomId, HandlerNumber, Origin, QUESTIONS};
use serde_json::{Value, json};

use super::{Dispatch, flight::Stage, invocation::Invocation, menus};
use host_commands::{
    autocomplete::AutocompleteQuery,
    names::{self, Resolution},
    read::SlashInput,
    refusal,
    request::{Arguments, Request},
};

/// An interaction, as far as routing needs it. Everything else of it is the plugin's.
struct Interaction<'a> {
    id: u64,
    token: String,
    /// Discord's [type](https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-type),
    /// 0 if it can't be read.
    kind: u64,
    data: Fields<'a>,
    locale: String,
}

impl<'a> Interaction<'a> {
    /// Reads an interaction; `None` if it has no id or no token, so that nobody can answer it.
    fn read(json: &'a str) -> Option<Self> {
        let fields = Fields::read(json)?;
        let locale = fields.get("locale", lenient::text).known();
        Some(Self {
            id: fields.id("id").known()?,
            token: fields.get("token", lenient::text).known()?.into_owned(),
            kind: fields
                .get("type", lenient::number)
                .known()
                .unwrap_or_default(),
            data: fields.object("data").known().unwrap_or_default(),
            locale: locale.unwrap_or_default().into_owned(),
        })
    }

    fn custom_id(&self) -> Option<String> {
        let id = self.data.get("custom_id", lenient::text).known()?;
        Some(id.into_owned())
    }
}

const COMMAND: u64 = 2;
const COMPONENT: u64 = 3;
const AUTOCOMPLETE: u64 = 4;
const MODAL: u64 = 5;

impl Dispatch {
    /// Serves an interaction; `false` if it was served before. Whatever has an id and a token is answered. Where `is_lost`, it is of a server and can't be
    /// told which: what may be done there can't be told either.
    pub(super) fn interaction(self: &Arc<Self>, event: &Arc<EventRecord>, is_lost: bool) -> bool {
        let Some(interaction) = Interaction::read(&event.json) else {
            tracing::warn!(
                "Discord sent an interaction without an id or a token: nobody can answer it"
            );
            return true;
        };
        if !self.once.is_first(interaction.id) || self.flight.knows(interaction.id) {
            tracing::debug!(id = interaction.id, "the same interaction once more");
            return false;
        }
        let origin = Origin::Interaction {
            id: interaction.id,
            token: interaction.token.clone(),
        };
        let custom_id = interaction.custom_id();
        let picked = SlashInput::read(&interaction.data);
        match (interaction.kind, picked, custom_id) {
            _ if is_lost => self.unreadable_interaction(event, &interaction, &origin, "guild_id"),
            (COMMAND, Some(picked), _) => self.slash(event, &origin, picked),
            (AUTOCOMPLETE, Some(picked), _) => self.proposed(event, &interaction, picked),
            (COMPONENT, _, Some(custom_id))
                if !is_on_message(event, &interaction.data, &custom_id) =>
            {
                self.begin(event, &origin, Kind::Component, true);
                tracing::debug!(
                    custom_id,
                    "it is not on the message that it is said to be on"
                );
                self.tell(
                    origin,
                    "This is not on the message any more. Please have another look at it.".into(),
                );
            }
            (COMPONENT, _, Some(custom_id)) if menus::is_list(&custom_id) => {
                let name = texts(&interaction.data, "values")
                    .into_iter()
                    .next()
                    .unwrap_or_default();
                self.pick_menu(event, &origin, &custom_id, &name);
            }
            (COMPONENT, _, Some(custom_id)) => {
                self.begin(event, &origin, Kind::Component, false);
                let given = Submission {
                    values: texts(&interaction.data, "values"),
                    ..Submission::default()
                };
                self.component(event, &origin, &custom_id, given);
            }
            (MODAL, _, Some(custom_id)) => {
                let id = CustomId::parse(&custom_id);
                let private = id.is_some_and(|id| id.private);
                self.begin(event, &origin, Kind::Modal, private);
                let user = event.header.user_id;
                if id.is_some_and(|id| !self.services.replies.has_opened(&id, user)) {
                    tracing::debug!(custom_id, "no modal that was opened for this user");
                    let text = "This form can't be sent any more: I was updated since it was opened. Please open it again.";
                    self.tell(origin, text.into());
                    return true;
                }
                self.component(event, &origin, &custom_id, submitted(&interaction.data));
            }
            (COMMAND | AUTOCOMPLETE, None, _) => {
                self.unreadable_interaction(event, &interaction, &origin, "data.name");
            }
            (COMPONENT | MODAL, _, None) => {
                self.unreadable_interaction(event, &interaction, &origin, "data.custom_id");
            }
            _ => self.unreadable_interaction(event, &interaction, &origin, "type"),
        }
        true
    }

    /// Takes up an interaction that another process has left: it runs, or whoever waits reads an apology.
    pub(super) fn interaction_again(
        self: &Arc<Self>,
        event: &Arc<EventRecord>,
        is_lost: bool,
        stage: Stage,
    ) {
        let Some(interaction) = Interaction::read(&event.json) else {
            return;
        };
        let (id, token) = (interaction.id, interaction.token.clone());
        if stage == Stage::Received {
            self.flight.forget(id);
            self.interaction(event, is_lost);
            // Its three seconds have begun in another process.
            let dispatch = Arc::clone(self);
            tokio::spawn(async move { dispatch.services.replies.defer_if_fresh(id).await });
            return;
        }
        let origin = Origin::Interaction { id, token };
        let kind = match interaction.kind {
            COMPONENT => Kind::Component,
            MODAL => Kind::Modal,
            _ => Kind::Command,
        };
        self.begin(event, &origin, kind, true);
        self.apologise_for(origin, stage);
    }

    /// Values for what is being typed; none for a command that is gone.
    fn proposed(
        self: &Arc<Self>,
        event: &Arc<EventRecord>,
        interaction: &Interaction<'_>,
        picked: SlashInput,
    ) {
        match self.commands.resolve(picked.kind, &picked.names) {
            Some(Resolution::Command(route)) => {
                let from = (interaction.id, interaction.token.clone());
                let asked = AutocompleteQuery {
                    locale: interaction.locale.clone(),
                    picked,
                };
                self.autocomplete(Arc::clone(event), *route, from, asked);
            }
            _ => self.propose_nothing(interaction),
        }
    }

    fn propose_nothing(self: &Arc<Self>, interaction: &Interaction<'_>) {
        let (dispatch, id, token) = (Arc::clone(self), interaction.id, interaction.token.clone());
        tokio::spawn(async move {
            let proposing = dispatch.services.replies.propose(id, &token, json!([]));
            if let Err(failure) = proposing.await {
                tracing::debug!("values could not be proposed: {failure}");
            }
        });
    }

    /// Answers what can't be served because of what stands, or does not stand, at `place`.
    fn unreadable_interaction(
        self: &Arc<Self>,
        event: &EventRecord,
        interaction: &Interaction<'_>,
        origin: &Origin,
        place: &str,
    ) {
        self.services.figures.unreadable("INTERACTION_CREATE");
        if interaction.kind == AUTOCOMPLETE {
            tracing::warn!(
                at = place,
                "an interaction that asks for values can't be read"
            );
            return self.propose_nothing(interaction);
        }
        let error_id = error_id::new();
        tracing::warn!(
            error_id = &*error_id,
            kind = interaction.kind,
            at = place,
            "an interaction can't be read"
        );
        let why = format!("an interaction can't be read, at `{place}`");
        self.services
            .errors
            .of_host("", "interaction", why, &error_id);
        self.begin(event, origin, Kind::Command, true);
        let text = format!(
            "Discord sent something here that I can't read. If it happens again, tell the bot's owner this error id: `{error_id}`"
        );
        self.tell(origin.clone(), text);
    }

    /// From here on the interaction is the host's: it defers by itself when nobody answers in time.
    pub(super) fn begin(
        self: &Arc<Self>,
        event: &EventRecord,
        origin: &Origin,
        kind: Kind,
        ephemeral: bool,
    ) {
        let Origin::Interaction { id, ref token } = *origin else {
            return;
        };
        self.services.replies.register(Received {
            id,
            token,
            user: event.header.user_id,
            kind,
            ephemeral,
            source: Some(event.header.message_id).filter(|id| *id != 0),
        });
        let services = Arc::clone(&self.services);
        tokio::spawn(async move {
            tokio::time::sleep(AUTO_DEFER).await;
            services.replies.defer_if_fresh(id).await;
        });
    }

    fn slash(self: &Arc<Self>, event: &Arc<EventRecord>, origin: &Origin, picked: SlashInput) {
        match self.commands.resolve(picked.kind, &picked.names) {
            Some(Resolution::Host(name)) => {
                self.begin(event, origin, Kind::Command, true);
                if self.owner.is_owner(event.header.user()) {
                    self.owner_command(event, origin.clone(), &name, &picked.line());
                } else {
                    self.tell(
                        origin.clone(),
                        "This command is for the bot's owner alone.".into(),
                    );
                }
            }
            Some(Resolution::More(menus)) => {
                self.begin(event, origin, Kind::Command, true);
                self.list_menus(event, origin.clone(), &menus);
            }
            Some(Resolution::Command(route)) => {
                self.begin(event, origin, Kind::Command, route.command.ephemeral);
                self.serve(Request {
                    event: Arc::clone(event),
                    origin: origin.clone(),
                    route: *route,
                    arguments: Arguments::Slash(Box::new(picked)),
                });
            }
            None => {
                self.begin(event, origin, Kind::Command, true);
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
        used: Submission,
    ) {
        let Some(id) = CustomId::parse(custom_id) else {
            // A plugin may answer those that it has made up by a listener of its own.
            if !self.routes.is_heard(event.header.kind) {
                self.unknown_component(origin, "none", without_argument(custom_id));
            }
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
        let work = self.under_way(origin, event);
        let queued = self
            .routes
            .with_plugin(&PluginName::new(id.plugin), |slot| {
                head.handler = handler_name(slot, event.header.guild_id, id.handler)?;
                Some(Invocation::component(event, slot, &head, &work).map_err(refusal))
            });
        match queued {
            Some(Some(Ok(invocation))) => return self.follow(invocation, work),
            _ if self.stopping.is_cancelled() => return work.leave(),
            Some(Some(Err(text))) => self.tell(origin.clone(), text),
            Some(None) => {
                self.unknown_component(origin, id.plugin, &id.handler.to_string());
            }
            None => {
                let (plugin, handler) = (id.plugin, id.handler.to_string());
                tracing::info!(
                    plugin,
                    handler,
                    "a component of a plugin that is not loaded"
                );
                let text = format!("`{plugin}` is not loaded right now. Please try again later.");
                self.tell(origin.clone(), text);
            }
        }
        work.finish();
    }

    /// Answers what was used and has no handler: it is of an earlier version of its plugin, or was never made by one.
    fn unknown_component(self: &Arc<Self>, origin: &Origin, plugin: &str, handler: &str) {
        tracing::warn!(
            plugin,
            handler,
            "a component was used that no handler is declared for"
        );
        let text =
            "I don't know this any more: what it was for may be gone since the message was sent.";
        self.tell(origin.clone(), text.into());
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
        match self
            .services
            .later
            .is_in_time(&message_of(&event.json), timeout_s, token)
        {
            true => Ok(()),
            false => Err(over()),
        }
    }
}

/// A button.
const BUTTON: u64 = 2;

/// Components that are used: buttons and selects
/// ([reference](https://docs.discord.com/developers/components/reference#component-object-component-types)).
const KINDS: [u64; 6] = [BUTTON, 3, 5, 6, 7, 8];

/// Whether the message that a component is said to be on has it, of this kind, and with what was picked in it: a client may say what it
/// likes. What is no component of ours is not looked at.
fn is_on_message(event: &EventRecord, data: &Fields<'_>, custom_id: &str) -> bool {
    if CustomId::parse(custom_id).is_none() && !menus::is_list(custom_id) {
        return true;
    }
    let message = message_of(&event.json);
    let kind = data.get("component_type", lenient::number).known();
    let values = texts(data, "values");
    part_of(&message["components"], custom_id).is_some_and(|component| {
        let options = component["options"].as_array();
        let is_offered = |value: &String| {
            options.is_none_or(|options| options.iter().any(|option| option["value"] == **value))
        };
        // A kind that nobody knows says nothing; the message's own counts.
        let interaction = kind.filter(|kind| KINDS.contains(kind));
        let is_of_kind = interaction.is_none_or(|interaction| component["type"] == interaction);
        let is_button = component["type"] == BUTTON;
        is_of_kind && (values.is_empty() || !is_button) && values.iter().all(is_offered)
    })
}

/// The message that a component is on, field by field, and its components one by one: what can't be read is left out.
fn message_of(interaction: &str) -> Value {
    let interaction = Fields::read(interaction).unwrap_or_default();
    let message = interaction.object("message").known().unwrap_or_default();
    let components = message.list("components").known().unwrap_or_default();
    let read = |raw: &str| serde_json::from_str::<Value>(raw).ok();
    let components: Value = components.into_iter().filter_map(read).collect();
    let fields = message
        .iter()
        .filter_map(|(name, raw)| Some((name.to_owned(), read(raw)?)));
    let mut message: Value = fields.collect();
    message["components"] = components;
    message
}

/// The component with this custom id, however deep it is.
fn part_of<'v>(value: &'v Value, custom_id: &str) -> Option<&'v Value> {
    match value {
        Value::Array(parts) => parts.iter().find_map(|part| part_of(part, custom_id)),
        Value::Object(fields) if fields.get("custom_id").is_some_and(|id| id == custom_id) => {
            Some(value)
        }
        Value::Object(fields) => fields.values().find_map(|part| part_of(part, custom_id)),
        _ => None,
    }
}

/// What of somebody else's custom id may stand in the log: its first word, and no argument.
fn without_argument(custom_id: &str) -> &str {
    let is_word = |it: char| it.is_alphanumeric() || matches!(it, '-' | '_' | '.');
    let end = custom_id.find(|it| !is_word(it));
    &custom_id[..end.unwrap_or(custom_id.len())]
}

/// The name of the handler with this number; `None` where the generation of the plugin that serves the server has none.
fn handler_name(slot: &Slot, guild_id: u64, number: HandlerNumber) -> Option<String> {
    let generation = slot.current_in(guild_id);
    let declared = generation.manifest.components.iter().map(String::as_str);
    let mut names = declared.chain([QUESTIONS]);
    names
        .find(|name| HandlerNumber::of(name) == number)
        .map(str::to_owned)
}

/// Values and fields of a component or modal.
#[derive(Default)]
struct Submission {
    values: Vec<String>,
    fields: BTreeMap<String, String>,
    picked: BTreeMap<String, Vec<String>>,
}

/// A modal has few levels; what is deeper is none of ours.
const DEEPEST: usize = 8;

fn submitted(data: &Fields<'_>) -> Submission {
    let mut used = Submission::default();
    collect(data, DEEPEST, &mut used);
    used
}

/// What stands in the fields inside a modal, a row or a label.
fn collect(of: &Fields<'_>, depth: usize, used: &mut Submission) {
    let inside = of.list("components").known().unwrap_or_default();
    let inside = inside.into_iter().chain(of.raw("component"));
    for part in inside.filter_map(Fields::read) {
        if depth > 0 {
            collect(&part, depth - 1, used);
        }
        let Field::Is(id) = part.get("custom_id", lenient::text) else {
            continue;
        };
        let value = part.raw("value");
        match part.get("type", lenient::number) {
            // A text, and whatever else may come that is one.
            kind if kind != Field::Is(CHECKBOX) && value.and_then(lenient::text).is_some() => {
                let text = value.and_then(lenient::text).unwrap_or_default();
                used.fields.insert(id.into_owned(), text.into_owned());
            }
            Field::Is(CHECKBOX) => {
                let picked = vec![value.unwrap_or("false").to_owned()];
                used.picked.insert(id.into_owned(), picked);
            }
            _ => {
                used.picked.insert(id.into_owned(), texts(&part, "values"));
            }
        }
    }
}

/// A checkbox, which is `true` or `false`
/// ([reference](https://docs.discord.com/developers/components/reference#component-object-component-types)).
const CHECKBOX: u64 = 23;

/// The texts, or ids, of a list.
fn texts(of: &Fields<'_>, name: &str) -> Vec<String> {
    let items = of.list(name).known().unwrap_or_default();
    let text = |item: &str| lenient::text(item).map(Into::into);
    items.into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_unknown_custom_id_the_log_has_the_first_word_alone() {
        for (custom_id, shown) in [
            ("shop:ann@example.com", "shop"),
            ("tea-7_x.y z", "tea-7_x.y"),
            ("\u{202e}x", ""),
            ("", ""),
        ] {
            assert_eq!(without_argument(custom_id), shown);
        }
    }

    #[test]
    fn what_no_parser_takes_in_a_clicked_message_costs_itself_alone() {
        let interaction = r#"{"message": {"id": "5", "embeds": [{"color": 1e400}], "content": "\ud800", "components":
            [{"type": 300, "id": 1e400}, {"type": 1, "components": [{"type": 2, "custom_id": "x"}]}, "odd"]}}"#;
        let message = message_of(interaction);
        let button = json!({"type": 2, "custom_id": "x"});
        assert_eq!(part_of(&message["components"], "x"), Some(&button));
        assert_eq!(
            (&message["id"], &message["embeds"]),
            (&json!("5"), &Value::Null)
        );
        for none in [
            "{}",
            r#"{"message": [5]}"#,
            r#"{"message": {"components": 7}}"#,
        ] {
            assert_eq!(part_of(&message_of(none), "x"), None, "{none}");
        }
    }
}
