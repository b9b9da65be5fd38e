//! Autocompletion: values that a plugin proposes while a member types.

use std::{sync::Arc, time::Duration};

use host_loader::{EventRecord, Invocation, Packet, next_id};
use plugin_api::{
    abi::{AutocompleteCall, EntryKind, InvokeHead, frame_kind},
    manifest::{ChoiceManifest, OptionKind},
};
use serde_json::{Value, json};
use twilight_model::id::Id;

use super::{
    pipeline::Pipeline,
    read::{self, Resolver, SlashInput},
};
use crate::router::CommandRoute;

/// How long a plugin may take: leaves half a second of Discord's three for the way there.
const DEADLINE: Duration = Duration::from_millis(2_500);
/// Discord's limit of choices.
const CHOICES: usize = 25;

/// An interaction that asks for values.
pub struct AutocompleteQuery {
    /// The member's language, as Discord names it.
    pub locale: String,
    /// What was picked and typed so far.
    pub picked: SlashInput,
}

impl Pipeline {
    /// Values for what is being typed, as Discord wants them; none when nobody proposes any in time.
    pub async fn autocomplete(
        &self,
        event: &Arc<EventRecord>,
        route: &CommandRoute,
        query: &AutocompleteQuery,
    ) -> Vec<Value> {
        let proposing = self.propose(event, route, query);
        let choices = match tokio::time::timeout(DEADLINE, proposing).await {
            Ok(Ok(choices)) => choices,
            Ok(Err(error)) => {
                tracing::warn!(
                    plugin = &*route.plugin,
                    command = &*route.path,
                    "autocompletion failed: {error}"
                );
                Vec::new()
            }
            Err(_) => {
                tracing::warn!(
                    plugin = &*route.plugin,
                    command = &*route.path,
                    "autocompletion took longer than {DEADLINE:?}"
                );
                Vec::new()
            }
        };
        choices
            .iter()
            .take(CHOICES)
            .map(|choice| json!({"name": shortened(&choice.name), "value": choice.value}))
            .collect()
    }

    async fn propose(
        &self,
        event: &Arc<EventRecord>,
        route: &CommandRoute,
        query: &AutocompleteQuery,
    ) -> Result<Vec<ChoiceManifest>, String> {
        let Some((option, typed)) = query.picked.focused() else {
            return Err("Discord did not say which option is typed".into());
        };
        let resolver = Resolver::of_interaction(self, event);
        let call = AutocompleteCall {
            command: route.path.to_string(),
            option: option.to_owned(),
            typed: typed.to_owned(),
            options: read::typed_so_far(route, &query.picked, &resolver).await,
            user_id: event.header.user_id,
            guild_id: event.header.guild().map(Id::get),
            channel_id: event.header.channel().map(Id::get),
            locale: query.locale.clone(),
        };
        let head = InvokeHead {
            kind: EntryKind::Autocomplete,
            entry: format!("{} {option}", route.path),
            from: None,
            deadline_ms: Some(DEADLINE.as_millis().try_into().unwrap_or(u64::MAX)),
            event: None,
        };
        let body = serde_json::to_vec(&call).map_err(|error| error.to_string())?;
        // The payload is the call, and not the event.
        let id = next_id();
        let packet = Packet::new(frame_kind::INVOKE, id, &head)
            .with_payload(body)
            .on_behalf_of(Some(Arc::new(Invocation {
                id,
                way: "autocomplete",
                what: route.path.to_string(),
                plugin: route.plugin.clone(),
                event: Arc::clone(event),
                via: Vec::new(),
                rights: None,
            })));
        let answer = route
            .slot
            .invoke_in(event.header.guild_id, packet)
            .map_err(|_| "the plugin is busy")?;
        let answer = answer
            .await
            .map_err(|_| "the plugin was swapped meanwhile")?;
        if let Some(error) = answer.error() {
            return Err(error.message);
        }
        let mut choices: Vec<ChoiceManifest> =
            serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        let kind = route
            .command
            .options
            .iter()
            .find(|known| known.name == option)
            .map(|option| option.kind);
        // What Discord would refuse takes all others with it.
        choices.retain(|choice| !choice.name.is_empty() && fits(kind, &choice.value));
        Ok(choices)
    }
}

fn fits(kind: Option<OptionKind>, value: &Value) -> bool {
    match kind {
        Some(OptionKind::Integer) => value.is_i64() || value.is_u64(),
        Some(OptionKind::Number) => value.is_number(),
        _ => value
            .as_str()
            .is_some_and(|text| (1..=100).contains(&text.chars().count())),
    }
}

/// Discord accepts names of up to 100 characters.
fn shortened(name: &str) -> String {
    if name.chars().count() <= 100 {
        return name.to_owned();
    }
    name.chars().take(99).chain(['…']).collect()
}
