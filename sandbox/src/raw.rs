//! Raw payloads that nobody checked: whatever Discord may send one day, and what it should never send.
//!
//! A raw event goes past intents and permissions, and leaves the world as it is. An interaction among them becomes
//! one that is answered like any other, if it has an id and a token.

use axum::extract::ws::Utf8Bytes;
use serde_json::Value;

use crate::{
    error::Error,
    handle::Sandbox,
    state::Shared,
    view::InteractionView,
    world::{CommandKind, InteractionKind, RawInteraction, World},
};

impl Sandbox {
    /// Sends any payload as a gateway event, past intents and permissions; the world stays as it is.
    ///
    /// `data` is the event's `d`: a [`Value`], or JSON as text for what a [`Value`] can't hold (numbers beyond 64 bits, the same key
    /// twice, half a surrogate pair). It goes to the shard of its `guild_id` (of its `id` in `GUILD_…`), or to the
    /// first.
    ///
    /// An INTERACTION_CREATE with an id and a token can be responded to, whatever else it has: gives its id, for
    /// [`responded`](Self::responded). Who did it and where is read from it; if that can't be, it was the owner in the
    /// first channel. Sent again with the same id and token, it is the same interaction.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sandbox::Error> {
    /// use sandbox::{Options, Sandbox};
    /// use serde_json::json;
    ///
    /// let sandbox = Sandbox::start(Options::default()).await?;
    /// assert_eq!(sandbox.raw_event("KIND_OF_TOMORROW", json!({"what": null})), None);
    /// assert_eq!(sandbox.raw_event("GUILD_CREATE", r#"{"id": 1e400}"#), None);
    /// let click = json!({"id": "5", "token": "t", "type": 300});
    /// assert_eq!(sandbox.raw_event("INTERACTION_CREATE", click), Some(5));
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw_event(&self, name: &str, data: impl ToString) -> Option<u64> {
        self.shared.raw_event(name, data.to_string(), None)
    }

    /// Sends a whole payload, as it is, to every connection: other opcodes, odd sequence numbers, no JSON at all.
    /// Sessions know nothing of it, and do not send it again after a resume.
    pub fn raw_payload(&self, payload: impl ToString) {
        self.shared.raw_payload(payload.to_string());
    }

    /// Waits until the bot has responded to an interaction, a raw one or any other.
    ///
    /// # Errors
    ///
    /// [`Error::NotAnswered`] if it does not in 3 s.
    pub async fn responded(&self, interaction: u64) -> Result<InteractionView, Error> {
        self.shared.responded(interaction).await
    }
}

impl Shared {
    /// See [`Sandbox::raw_payload`].
    pub(crate) fn raw_payload(&self, payload: String) {
        let payload = payload.into();
        self.change(|state| state.hub.send_raw(&payload));
    }

    /// See [`Sandbox::raw_event`]; `by` are the user and the channel that are meant where the payload names none.
    pub(crate) fn raw_event(
        &self,
        name: &str,
        data: String,
        by: Option<(u64, u64)>,
    ) -> Option<u64> {
        // What can't be read goes out all the same.
        let read: Value = serde_json::from_str(&data).unwrap_or_default();
        self.change(|state| {
            let world = &mut state.world;
            let interaction = (name == "INTERACTION_CREATE")
                .then(|| interaction(world, &read, by))
                .flatten();
            let id = interaction.map(|interaction| world.expect_response(interaction));
            let data = Utf8Bytes::from(data);
            for _ in 0..state.faults.copies(name, &mut state.traffic) {
                let (world, traffic) = (&state.world, &mut state.traffic);
                state
                    .hub
                    .dispatch_raw(world, traffic, name, guild_of(name, &read), &data);
            }
            id
        })
    }
}

impl Shared {
    /// A payload of a script, with ids for what stands for them.
    pub(crate) fn filled_in(&self, data: &str, (user, channel): (u64, u64)) -> String {
        let (id, guild, application) = self.change(|state| {
            let world = &mut state.world;
            let guild = world.guild_of(channel).unwrap_or(0);
            (world.snowflakes.next(), guild, world.application.id)
        });
        let ids = [
            ("id", id),
            ("user", user),
            ("channel", channel),
            ("guild", guild),
            ("application", application),
        ];
        let with_token = data.replace("\"$token\"", &format!("\"raw-{id}\""));
        ids.iter().fold(with_token, |data, (name, id)| {
            data.replace(&format!("\"${name}\""), &format!("\"{id}\""))
        })
    }
}

/// The interaction that a payload is about; `None` if it can't be responded to.
fn interaction(world: &World, data: &Value, by: Option<(u64, u64)>) -> Option<RawInteraction> {
    let id = number(&data["id"])?;
    let token = data["token"].as_str().filter(|token| !token.is_empty())?;
    let user = number(&data["member"]["user"]["id"]).or_else(|| number(&data["user"]["id"]));
    let user = user.filter(|id| world.users.get(id).is_some());
    let channel = number(&data["channel_id"]).filter(|id| world.channels.contains_key(id));
    let channel = channel
        .or(by.map(|(_, channel)| channel))
        .or_else(|| first_channel(world))?;
    let what = &data["data"];
    let name = what["name"].as_str().unwrap_or_default();
    let kind = InteractionKind::from_number(data["type"].as_u64().unwrap_or(0));
    let command = CommandKind::from_number(what["type"].as_u64().unwrap_or(1))
        .filter(|_| kind == InteractionKind::Command && !name.is_empty())
        .map(|kind| (name.to_owned(), kind));
    let source = number(&data["message"]["id"]);
    Some(RawInteraction {
        id,
        token: token.to_owned(),
        kind,
        user: user
            .or(by.map(|(user, _)| user))
            .unwrap_or(world.application.owner),
        channel,
        title: match &command {
            Some((name, _)) => format!("the raw interaction {id} (/{name})"),
            None => format!("the raw interaction {id}"),
        },
        command,
        source: source.filter(|id| world.message(channel, *id).is_some()),
    })
}

/// Where an interaction is that says nothing of it.
fn first_channel(world: &World) -> Option<u64> {
    let mut channels = world.channels.values();
    let first = channels.find(|channel| channel.guild().is_some() && channel.has_messages());
    first.map(|channel| channel.id)
}

/// The guild that an event is about.
fn guild_of(name: &str, data: &Value) -> Option<u64> {
    let of_itself = matches!(name, "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE");
    number(&data[if of_itself { "id" } else { "guild_id" }])
}

/// An id as Discord writes it, or as a number.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}
