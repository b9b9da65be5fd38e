//! Presence that a plugin has set, in place of the configured one: until its generation is over.

use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, MEMORY, Who};
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::config::{Activity, Presence as Dot, Status};
use plugin_api::{
    Power,
    abi::{PresenceCall, PresenceVerb, StatusDot},
    manifest::Manifest,
};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Services;
use host_base::PluginName;

/// Characters of a text
/// ([reference](https://discord.com/developers/docs/events/gateway-events#activity-object)).
const TEXT: usize = 128;

/// The presence that a plugin has set.
#[derive(Debug)]
pub struct Presence(watch::Sender<Option<Set>>);

/// A presence, and who has set it.
#[derive(Debug, Clone)]
pub struct Set {
    by: Caller,
    /// As if it were configured so.
    pub shown: Status,
}

impl Default for Presence {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Presence {
    /// What is set, from now on.
    pub fn follow(&self) -> watch::Receiver<Option<Set>> {
        self.0.subscribe()
    }

    fn set(&self, caller: &Caller, call: &HostCall) -> Result<(), Failure> {
        let asked: PresenceCall = serde_json::from_value(call.params.clone())?;
        let next = match asked.reset {
            true => None,
            false => Some(Set {
                by: caller.clone(),
                shown: status(&asked)?,
            }),
        };
        let before = self.0.borrow().as_ref().map(|set| set.shown.clone());
        let after = next.as_ref().map(|set| told(&set.shown));
        let is_changed = self.0.send_if_modified(|set| {
            // Nobody takes back what another plugin has set.
            let is_others = set
                .as_ref()
                .is_some_and(|set| set.by.plugin != caller.plugin);
            if next.is_none() && (set.is_none() || is_others) {
                return false;
            }
            *set = next;
            true
        });
        if is_changed {
            call.effect.changed(before.as_ref().map(told), after);
        }
        Ok(())
    }
}

fn told(shown: &Status) -> Value {
    json!({"text": shown.text, "verb": format!("{:?}", shown.kind), "status": format!("{:?}", shown.presence)})
}

fn status(asked: &PresenceCall) -> Result<Status, Failure> {
    let refused = |words: String| Failure::Refused(format!("the presence can't be set: {words}"));
    let kind = match asked.verb {
        PresenceVerb::Playing => Activity::Playing,
        PresenceVerb::Watching => Activity::Watching,
        PresenceVerb::Listening => Activity::Listening,
        PresenceVerb::Competing => Activity::Competing,
        PresenceVerb::Custom => Activity::Custom,
        _ => {
            return Err(refused(
                "this host does not know its verb: update the host".into(),
            ));
        }
    };
    let presence = match asked.status {
        StatusDot::Online => Dot::Online,
        StatusDot::Idle => Dot::Idle,
        StatusDot::DoNotDisturb => Dot::Dnd,
        StatusDot::Invisible => Dot::Invisible,
        _ => {
            return Err(refused(
                "this host does not know its dot: update the host".into(),
            ));
        }
    };
    let characters = asked.text.chars().count();
    if characters > TEXT {
        return Err(refused(format!(
            "its text has {characters} characters, and Discord accepts {TEXT}"
        )));
    }
    Ok(Status {
        text: Some(asked.text.clone())
            .filter(|text| !text.is_empty())
            .into_iter()
            .collect(),
        kind,
        presence,
        ..Status::default()
    })
}

impl Capability<Services> for Presence {
    const CALLS: &'static [CallRule] = &[CallRule::changes(
        "bot.presence",
        Power::BotControl,
        Who::Anybody,
    )];
    const PLACES: Places = MEMORY;
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(
        &self,
        _: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        self.set(caller, &call)?;
        Ok(Completion::default())
    }

    fn generation_ended(&self, caller: &Caller) {
        self.0.send_if_modified(|set| {
            let is_its = set.as_ref().is_some_and(|set| set.by == *caller);
            if is_its {
                *set = None;
            }
            is_its
        });
    }

    fn registries(&self) -> Vec<(&'static str, usize)> {
        vec![("presence", usize::from(self.0.borrow().is_some()))]
    }
}

#[cfg(test)]
mod tests {
    use host_capability::{Behalf, Effect};

    use super::*;

    fn set(presence: &Presence, caller: &Caller, params: Value) -> Result<(), String> {
        let call = HostCall {
            name: "bot.presence".into(),
            params,
            body: Vec::new(),
            behalf: Behalf::Plugin,
            effect: Effect::default(),
        };
        presence
            .set(caller, &call)
            .map_err(|error| error.to_string())
    }

    fn text(presence: &Presence) -> Option<String> {
        let set = presence.0.borrow();
        set.as_ref().map(|set| set.shown.text.concat())
    }

    #[test]
    fn a_presence_ends_with_the_generation_that_has_set_it() {
        let presence = Presence::default();
        let (old, new, other) = (
            Caller::new("radio", 1),
            Caller::new("radio", 2),
            Caller::new("shop", 3),
        );
        set(&presence, &old, json!({"text": "jazz"})).unwrap();
        set(&presence, &new, json!({"text": "blues"})).unwrap();
        presence.generation_ended(&old);
        set(&presence, &other, json!({"reset": true})).unwrap();
        assert_eq!(text(&presence).as_deref(), Some("blues"));
        presence.generation_ended(&new);
        assert_eq!(text(&presence), None);
        set(&presence, &old, json!({"text": "jazz"})).unwrap();
        set(&presence, &new, json!({"reset": true})).unwrap();
        assert_eq!(text(&presence), None, "the next generation takes it back");
    }

    #[test]
    fn what_discord_does_not_accept_is_refused_in_words() {
        let presence = Presence::default();
        let shop = Caller::new("shop", 1);
        for (params, words) in [
            (json!({"text": "x".repeat(129)}), "129 characters"),
            (json!({"verb": "brewing"}), "does not know its verb"),
            (json!({"status": "sleepy"}), "does not know its dot"),
        ] {
            let error = set(&presence, &shop, params).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        assert_eq!(text(&presence), None);
    }
}
