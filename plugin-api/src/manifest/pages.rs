//! Web pages in the manifest: routes, tabs, rights and topics.

use serde::{Deserialize, Serialize};

use crate::abi::words::words;

/// What a plugin serves on the bot's web pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PagesManifest {
    /// Its routes.
    pub routes: Vec<RouteManifest>,
    /// Its tabs in the dashboard.
    pub tabs: Vec<TabManifest>,
    /// Rights of its own, which roles may be given.
    pub rights: Vec<RightManifest>,
    /// What open pages may follow.
    pub topics: Vec<TopicManifest>,
    /// Whether it is what is shown at `/`, and what others' tabs are shown in.
    pub home: bool,
}

impl PagesManifest {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A route: a method, a path, and what is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RouteManifest {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// The path below the plugin's own, `/rooms/{room}`: what stands in braces is a parameter, of one part of the path. The one that
    /// is called `guild` is a server's id, and whoever asks needs the right in that server.
    pub path: String,
    /// The right that is needed: one of the plugin's own, or a host call's name; empty: none beside being logged in.
    pub right: String,
    /// Bytes of the body at most; 0: the host's default of 64 KiB, or for uploads 64 MiB.
    pub body_bytes: u64,
    /// Whether the body is a file, which the host keeps until the request is answered.
    pub upload: bool,
    /// What it does, in a sentence: for the description of the whole.
    pub words: String,
}

/// A tab in the dashboard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TabManifest {
    /// Its name among the plugin's.
    pub id: String,
    /// What people read.
    pub title: String,
    /// A character or two that stand for it.
    pub icon: String,
    /// The heading that it stands under; empty: among the plugins'.
    pub group: String,
    /// Path of the route that shows it.
    pub path: String,
    /// The right without which it is not shown; empty: that of the route.
    pub right: String,
}

/// A right that roles may be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RightManifest {
    /// Its name: `chat.send`. Roles know it with the plugin in front: `dashboard/chat.send`.
    pub name: String,
    /// What it allows, in a few words.
    pub means: String,
    /// Who has it without being given it.
    pub level: RightLevel,
    /// Whether routes that need it show whoever has their role for servers of their own nothing of other servers, also where the path names
    /// none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_server: bool,
}

words! {
/// Level of a right: which of the roles that come with the host have it.
#[derive(Default)]
pub enum RightLevel {
    /// Nobody but owners, and roles that it was given to.
    #[default]
    Owner = "owner",
    /// Helpers too.
    Helper = "helper",
    /// Visitors too.
    Visitor = "visitor",
    /// Whoever sees servers of their own, in these; and visitors.
    Server = "server",
}
}

/// A topic that open pages may follow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TopicManifest {
    /// Its name.
    pub name: String,
    /// The right that is needed to follow it, as a route's.
    pub right: String,
}
