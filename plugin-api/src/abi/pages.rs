//! Web pages as they cross: a request to a route, its reply, and the JSON heads of the `pages.…` host calls.
//!
//! Request and reply cross as the head's JSON in one line, a line feed, and the body's bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Head of a request that has come to one of the plugin's routes; the entry is the route's method and path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RouteCall {
    /// The path below the plugin's own, as it was asked for and decoded: `/rooms/7`.
    pub path: String,
    /// What stands in the place of the path's parameters, decoded: of `/rooms/{room}` the `room`.
    pub params: BTreeMap<String, String>,
    /// The query, in order, decoded.
    pub query: Vec<(String, String)>,
    /// The headers that plugins are told of, in small letters: `accept`, `accept-language`, `content-type`, `if-none-match`, `last-event-id`.
    pub headers: BTreeMap<String, String>,
    /// The file that the body was, for routes that take uploads: the body is empty then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
    /// Who asks.
    pub session: PageSession,
    /// Where the plugin's own paths begin: `/p/dashboard`.
    pub base: String,
}

/// A file that was uploaded: it lies in the plugin's own folder until the request is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Upload {
    /// Its path in the plugin's folder, as [`Host::files`](crate::Host::files) reads it.
    pub path: String,
    /// What it is called on its owner's machine: the last part alone, never with a slash.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
}

/// Whoever is logged in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PageSession {
    /// The user at Discord.
    #[serde(with = "super::snowflake")]
    pub user_id: u64,
    /// Their name.
    pub name: String,
    /// Address of their picture; empty: none.
    pub avatar: String,
    /// Their role, as people read it: `Owner`, `Visitor`.
    pub role: String,
    /// Whether they may everything.
    pub all: bool,
    /// What they may: names of host calls, and the plugin's own rights. Empty where they may everything.
    pub rights: Vec<String>,
    /// Whether it is for the servers alone that the user owns or manages.
    pub own_servers: bool,
    /// Those of them that they own. There is no list of those that they manage, which Discord tells a bot one by one: they open by their
    /// address.
    #[serde(with = "super::snowflake::list", skip_serializing_if = "Vec::is_empty")]
    pub guilds: Vec<u64>,
}

/// Head of a route's reply.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RouteAnswer {
    /// HTTP status; 0: 200.
    pub status: u16,
    /// Headers, in small letters. The host takes `content-type`, `cache-control`, `etag`, `location` (a path of this server) and
    /// `content-disposition`, and sets all others by itself.
    pub headers: BTreeMap<String, String>,
}

/// Parameters of `pages.publish`; the body is the event's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PublishCall {
    /// One of the plugin's topics.
    pub topic: String,
}

/// Completion of `pages.publish` and of `pages.watched`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct WatchedReply {
    /// Open pages that follow the topic: 0 where nobody would hear of it.
    pub watchers: u32,
}

/// Completion of `pages.tabs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TabsReply {
    /// The tabs of all plugins that whoever acts may open, in order.
    pub tabs: Vec<TabView>,
}

/// A tab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TabView {
    /// Whose it is.
    pub plugin: String,
    /// Its name among the plugin's.
    pub id: String,
    /// What people read.
    pub title: String,
    /// A character or two that stand for it; empty: none.
    pub icon: String,
    /// The heading it stands under; empty: among the plugins'.
    pub group: String,
    /// Its address on this server: `/p/tea/rooms`.
    pub address: String,
    /// The right without which it is not shown, as roles know it; empty: everybody who is logged in sees it.
    pub right: String,
}

/// Completion of `pages.status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PagesStatus {
    /// Whether pages are to be served: nobody has switched them off by command.
    pub enabled: bool,
    /// Where this machine serves them; `None`: nowhere.
    pub listens: Option<String>,
    /// Where people reach them.
    pub url: String,
    /// Whether they may log in with Discord: the application's secret is set.
    pub oauth: bool,
    /// Sessions that are open.
    pub sessions: u32,
    /// Pages that are open and follow something.
    pub streams: u32,
    /// Requests since the start.
    pub requests: u64,
    /// Pages that were too slow to read what was published, and were dropped.
    pub dropped: u64,
    /// How the connection to a dashboard on another machine is; `None`: there is none.
    pub remote: Option<String>,
}

/// Parameters of the `pages.…` calls about sessions, roles and people; each reads what it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessCall {
    /// A session, by its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// A user at Discord.
    #[serde(
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub user_id: Option<u64>,
    /// A role, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `pages.set_role`: what it may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<Vec<String>>,
    /// `pages.set_role`: whether it is for the servers alone that whoever has it owns or manages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_servers: Option<bool>,
    /// `pages.set_role`: what it is for, in a sentence. `pages.set_user`: what the person is called here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// `pages.enable`: whether pages are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
}

/// Completion of `pages.sessions`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SessionsReply {
    /// The latest used first.
    pub sessions: Vec<SessionView>,
}

/// A session, without anything that would open it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SessionView {
    /// Its number.
    pub number: u64,
    /// The user at Discord.
    #[serde(with = "super::snowflake")]
    pub user_id: u64,
    /// Their name.
    pub name: String,
    /// Their role now.
    pub role: String,
    /// How they logged in: `discord` or `link`.
    pub way: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// When it was used last.
    pub used_ms: u64,
    /// When it ends at the latest.
    pub until_ms: u64,
    /// From which address it was used last.
    pub address: String,
    /// What the browser says that it is, shortened.
    pub browser: String,
    /// Whether it is the one that asks.
    pub own: bool,
}

/// Completion of `pages.access`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AccessReply {
    /// The roles, built-in ones first.
    pub roles: Vec<RoleView>,
    /// Who has one, owners of the bot excepted.
    pub people: Vec<PersonView>,
    /// The bot's owners.
    #[serde(with = "super::snowflake::list")]
    pub owners: Vec<u64>,
    /// All that a role may be given.
    pub rights: Vec<RightView>,
}

/// A role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RoleView {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub words: String,
    /// Whether it comes with the host, and stays as it is.
    pub built_in: bool,
    /// Whether it may everything.
    pub all: bool,
    /// What it may.
    pub rights: Vec<String>,
    /// Whether it is for the servers alone that whoever has it owns or manages.
    pub own_servers: bool,
}

/// Somebody with a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PersonView {
    /// The user at Discord.
    #[serde(with = "super::snowflake")]
    pub user_id: u64,
    /// What they are called here.
    pub name: String,
    /// Their role.
    pub role: String,
    /// When they last logged in, in milliseconds since the Unix epoch; 0: never.
    pub seen_ms: u64,
}

/// Something that a role may be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RightView {
    /// Its name: of a host call `plugins.reload`, of a plugin's own right `dashboard/chat.send`.
    pub name: String,
    /// What it allows.
    pub means: String,
    /// What it is listed under: a power, or a plugin.
    pub group: String,
    /// Whether it changes something.
    pub changes: bool,
}

/// Writes a head and a body as they cross together.
#[must_use]
pub fn joined(head: &impl Serialize, body: &[u8]) -> Vec<u8> {
    // Heads are plain records, which serde_json writes in one line.
    let mut bytes = serde_json::to_vec(head).unwrap_or_else(|_| b"{}".to_vec());
    bytes.reserve(body.len() + 1);
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes
}

/// Reads a head and a body that cross together.
///
/// # Errors
///
/// There is no head, or it is none of this type.
pub fn split<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), serde_json::Error> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (head, body) = bytes.split_at(end.unwrap_or(bytes.len()));
    Ok((
        serde_json::from_slice(head)?,
        body.get(1..).unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_and_a_body_cross_together_whatever_is_in_them() {
        let mut call = RouteCall {
            path: "/a\nb".to_owned(),
            ..RouteCall::default()
        };
        call.query.push(("q".to_owned(), "line\nfeed".to_owned()));
        call.session.guilds = vec![7];
        for body in [&b""[..], b"\n", b"{}\n\nx", &[0, 255, 10]] {
            let bytes = joined(&call, body);
            let (read, rest) = split::<RouteCall>(&bytes).unwrap();
            assert_eq!((read, rest), (call.clone(), body));
        }
        assert!(split::<RouteCall>(b"").is_err());
        let (answer, body) = split::<RouteAnswer>(b"{\"later\":1}").unwrap();
        assert_eq!((answer, body), (RouteAnswer::default(), &b""[..]));
    }
}
