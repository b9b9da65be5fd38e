//! Route classes: which limit a request falls under before Discord has said so, and its priority.

use std::sync::Arc;

use crate::figures::route_class;

/// A route: requests of one route share their limits
/// ([reference](https://discord.com/developers/docs/topics/rate-limits)).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::rest) struct Route {
    /// Method and path, its ids blanked.
    pub template: Arc<str>,
    /// The channel, server or webhook that has limits of its own; empty where there is none.
    pub resource: Arc<str>,
}

impl Route {
    pub fn of(method: &str, path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let own = match *parts {
            ["webhooks" | "interactions", _, _, ..] => 3,
            ["channels" | "guilds" | "webhooks", _, ..] => 2,
            _ => 0,
        };
        Self {
            template: format!("{method} {}", route_class(path)).into(),
            resource: parts[..own].join("/").into(),
        }
    }
}

/// Class of a request: its rank, and the limits that apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rest) enum RequestClass {
    /// The first answer to an interaction: a member waits, for three seconds. Outside of the bot's global limit.
    Callback,
    /// A later answer, by the interaction's token. Outside of the global limit, too
    /// ([reference](https://discord.com/developers/docs/interactions/receiving-and-responding#endpoints)).
    Token,
    /// All else, by the bot's token.
    Bot,
    /// An alert to the owner: it goes out when nothing else does any more.
    Alert,
}

impl RequestClass {
    pub fn of(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        match *parts {
            ["interactions", _, _, "callback"] => Self::Callback,
            ["webhooks", _, _, ..] => Self::Token,
            _ => Self::Bot,
        }
    }

    /// Whether the bot's global limit counts it.
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Bot | Self::Alert)
    }

    /// Whether it goes out though the bot is about to be banned.
    pub fn is_spared(self) -> bool {
        self != Self::Bot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_route_and_resource_share_a_limit() {
        let of = |method: &str, path: &str| {
            let route = Route::of(method, path);
            (route.template.to_string(), route.resource.to_string())
        };
        assert_eq!(
            of("PATCH", "channels/12/messages/34?x=1"),
            ("PATCH channels/:x/messages/:x".into(), "channels/12".into())
        );
        assert_eq!(
            of("GET", "guilds/5/roles/7"),
            ("GET guilds/:x/roles/:x".into(), "guilds/5".into())
        );
        assert_eq!(of("GET", "users/@me").1, "");
        assert_eq!(of("POST", "webhooks/1/token").1, "webhooks/1/token");
        assert_eq!(of("POST", "webhooks/1/token").0, "POST webhooks/:x/:x");
    }

    #[test]
    fn answers_are_told_from_all_else() {
        assert_eq!(
            RequestClass::of("interactions/1/t/callback?with_response=true"),
            RequestClass::Callback
        );
        assert_eq!(
            RequestClass::of("webhooks/1/t/messages/@original"),
            RequestClass::Token
        );
        assert_eq!(RequestClass::of("webhooks/1"), RequestClass::Bot);
        assert_eq!(RequestClass::of("channels/1/messages"), RequestClass::Bot);
    }
}
