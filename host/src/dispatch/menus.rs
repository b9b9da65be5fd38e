//! Overflow menu for context menus beyond Discord's limit: it opens a list of them, for the invoker's eyes alone.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use host_discord::{lenient::Fields, reply::Kind};
use host_loader::EventRecord;
use plugin_api::abi::{Origin, ReplyCall, ReplyMode};
use serde_json::{Value, json};

use super::Dispatch;
use host_commands::{
    names::Resolution,
    read::SlashInput,
    request::{Arguments, Request},
};

/// What a list's selects are called: `cw-menus:<interaction>:<number>`.
const PREFIX: &str = "cw-menus:";
/// Lists that are remembered; the oldest go first.
const REMEMBERED: usize = 1_000;
/// Choices in a select, and selects in a message.
const CHOICES: usize = 25;
const SELECTS: usize = 5;

/// Interactions that a list was opened on, by id.
#[derive(Debug, Default)]
pub struct OpenLists(Mutex<BTreeMap<u64, Arc<EventRecord>>>);

impl OpenLists {
    fn remember(&self, id: u64, event: &Arc<EventRecord>) {
        let mut listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listed.insert(id, Arc::clone(event));
        while listed.len() > REMEMBERED {
            listed.pop_first();
        }
    }

    fn find(&self, id: u64) -> Option<Arc<EventRecord>> {
        let listed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listed.get(&id).map(Arc::clone)
    }
}

/// Whether a select is one of a list's.
pub(super) fn is_list(custom_id: &str) -> bool {
    custom_id.starts_with(PREFIX)
}

impl Dispatch {
    /// Lists context menus, to pick one.
    pub(super) fn list_menus(
        self: &Arc<Self>,
        event: &Arc<EventRecord>,
        origin: Origin,
        menus: &[String],
    ) {
        let Origin::Interaction { id, .. } = origin else {
            return;
        };
        self.listed.remember(id, event);
        let select = |(number, names): (usize, &[String])| {
            let options: Vec<Value> = names
                .iter()
                .map(|name| json!({"label": name, "value": name}))
                .collect();
            let select = json!({
                "type": 3, "custom_id": format!("{PREFIX}{id}:{number}"),
                "placeholder": "Which one?", "options": options,
            });
            json!({"type": 1, "components": [select]})
        };
        let rows: Vec<Value> = menus
            .chunks(CHOICES)
            .take(SELECTS)
            .enumerate()
            .map(select)
            .collect();
        let dispatch = Arc::clone(self);
        tokio::spawn(async move {
            let mut call = ReplyCall::new(origin, ReplyMode::Reply);
            call.ephemeral = true;
            let body = json!({"components": rows});
            let body = serde_json::to_vec(&body).unwrap_or_default();
            if let Err(failure) = dispatch.services.replies.answer(call, body).await
                && !failure.is_logged()
            {
                tracing::warn!("context menus could not be listed: {failure}");
            }
        });
    }

    /// Serves the context menu that was picked, as if it had been opened where the list was.
    pub(super) fn pick_menu(
        self: &Arc<Self>,
        event: &EventRecord,
        origin: &Origin,
        custom_id: &str,
        name: &str,
    ) {
        let opened = custom_id[PREFIX.len()..].split(':').next();
        let opened = opened.and_then(|id| self.listed.find(id.parse().ok()?));
        let opened = opened.filter(|opened| opened.header.user_id == event.header.user_id);
        let picked = opened.as_ref().and_then(|opened| picked(opened));
        let (Some(opened), Some(picked)) = (opened, picked) else {
            self.begin(event, origin, Kind::Command, true);
            return self.tell(
                origin.clone(),
                "This list is too old. Please open it again.".into(),
            );
        };
        let picked = picked.on(name);
        let Some(Resolution::Command(route)) = self.commands.resolve(picked.kind, &picked.names)
        else {
            self.begin(event, origin, Kind::Command, true);
            let text = format!("`{name}` is not loaded right now. Please try again later.");
            return self.tell(origin.clone(), text);
        };
        self.begin(event, origin, Kind::Command, route.command.ephemeral);
        self.serve(Request {
            event: opened,
            origin: origin.clone(),
            route: *route,
            arguments: Arguments::Slash(Box::new(picked)),
        });
    }
}

fn picked(event: &EventRecord) -> Option<SlashInput> {
    let interaction = Fields::read(&event.json)?;
    SlashInput::read(&interaction.object("data").known()?)
}
