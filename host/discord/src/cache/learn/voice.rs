//! Voice states of a server: who is in which voice channel, from the list that it begins with and from each change.

use std::collections::HashMap;

use super::super::Cache;
use crate::lenient::{Faults, Field, Fields};

/// The voice states that a server is told with; `None` where one of them is nobody's that can be read.
pub(super) fn listed(
    items: Option<Vec<&str>>,
    faults: &mut Faults,
) -> Option<HashMap<u64, Box<str>>> {
    let states = items?.into_iter().enumerate().map(|(number, item)| {
        let fields = Fields::read(item).unwrap_or_default();
        let user = fields.id("user_id").known();
        if user.is_none() {
            faults.note(format!("voice_states[{number}].user_id"));
        }
        Some((user?, kept(&fields)))
    });
    // All of them are read, so that all that is odd is noted.
    let states: Vec<_> = states.collect();
    states.into_iter().collect()
}

/// The member is kept elsewhere.
fn kept(fields: &Fields<'_>) -> Box<str> {
    object(fields.iter().filter(|(name, _)| *name != "member"))
}

impl Cache {
    /// Somebody has joined a voice channel, moved, left, or muted themselves. What can't be told of leaves nothing known of those who
    /// it may be about.
    pub(super) fn voice_changed(&self, fields: &Fields<'_>, faults: &mut Faults) {
        let guild = fields.id("guild_id").known();
        let user = fields.id("user_id").noted(faults, "user_id").known();
        let channel = fields.id("channel_id").noted(faults, "channel_id");
        let mut store = self.store_mut();
        for (id, kept_guild) in &mut store.guilds {
            if guild.is_some_and(|guild| guild != *id) {
                continue;
            }
            let Some(voice) = &mut kept_guild.voice else {
                continue;
            };
            match (guild, user, &channel) {
                (Some(_), Some(user), Field::Is(_)) => {
                    voice.insert(user, kept(fields));
                }
                (Some(_), Some(user), Field::Absent) => {
                    voice.remove(&user);
                }
                _ => kept_guild.voice = None,
            }
        }
    }
}

/// An object with these fields.
fn object<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Box<str> {
    let mut json = String::from("{");
    for (name, raw) in fields {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&serde_json::Value::from(name).to_string());
        json.push(':');
        json.push_str(raw);
    }
    json.push('}');
    json.into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use twilight_model::{gateway::Intents, id::Id};

    use super::super::super::{
        Cache, Unknown,
        tests::{GUILD, cache, guild, member},
    };

    const VOICE: Intents = Intents::GUILDS.union(Intents::GUILD_VOICE_STATES);

    fn state(user: u64, channel: Option<u64>) -> Value {
        json!({
            "user_id": user.to_string(), "channel_id": channel.map(|id| id.to_string()), "guild_id": GUILD.to_string(),
            "session_id": "x", "deaf": false, "mute": false, "self_deaf": false, "self_mute": true, "self_video": false,
            "suppress": false, "request_to_speak_timestamp": null, "member": member(user, &[]),
        })
    }

    fn told(intents: Intents, listed: Value) -> Cache {
        let cache = cache();
        let mut data = guild(&[], &[], &[]);
        data["voice_states"] = listed;
        let _ = cache.learn(intents, "GUILD_CREATE", &data.to_string());
        cache
    }

    fn hear(cache: &Cache, data: &Value) {
        let _ = cache.learn(VOICE, "VOICE_STATE_UPDATE", &data.to_string());
    }

    fn talking(cache: &Cache) -> Result<Vec<(u64, Option<u64>)>, Unknown> {
        let states = cache.voice_states(Id::new(GUILD))?.into_iter();
        let places = states.map(|it| (it.user_id.get(), it.channel_id.map(Id::get)));
        Ok(places.collect())
    }

    #[test]
    fn who_is_in_voice_channels_is_known_from_the_list_on() {
        let cache = told(VOICE, json!([state(5, Some(200))]));
        assert_eq!(talking(&cache), Ok(vec![(5, Some(200))]));
        let kept = cache.voice_states(Id::new(GUILD)).unwrap().remove(0);
        assert!(kept.self_mute && kept.member.is_none());
        hear(&cache, &state(6, Some(201)));
        hear(&cache, &state(5, Some(201)));
        assert_eq!(talking(&cache), Ok(vec![(5, Some(201)), (6, Some(201))]));
        hear(&cache, &state(5, None));
        assert_eq!(talking(&cache), Ok(vec![(6, Some(201))]));
    }

    #[test]
    fn nobody_asks_for_it_and_nothing_is_known() {
        let cache = told(Intents::GUILDS, json!([]));
        assert_eq!(talking(&cache), Err(Unknown::VoiceStates(GUILD)));
        hear(&cache, &state(6, Some(201)));
        assert_eq!(talking(&cache), Err(Unknown::VoiceStates(GUILD)));
    }

    #[test]
    fn what_is_odd_leaves_nothing_that_may_be_out_of_date() {
        let odd = |name: &str, value: Value| {
            let mut state = state(5, Some(200));
            state[name] = value;
            state
        };
        let cache = told(VOICE, json!([odd("user_id", json!([]))]));
        assert_eq!(talking(&cache), Err(Unknown::VoiceStates(GUILD)));
        for event in [
            odd("user_id", json!({})),
            odd("channel_id", json!("x")),
            odd("guild_id", json!([])),
        ] {
            let cache = told(VOICE, json!([state(5, Some(200))]));
            hear(&cache, &event);
            assert_eq!(talking(&cache), Err(Unknown::VoiceStates(GUILD)), "{event}");
        }
    }
}
