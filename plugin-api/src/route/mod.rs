//! Routes: web pages that a plugin serves through the host.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `context.rs` | a request, and who makes it |
//! | `reply.rs` | what is answered |

mod context;
mod reply;

use std::rc::Rc;

pub use self::{context::RouteContext, reply::RouteReply};
use crate::{
    abi::{EntryKind, RouteCall, pages},
    error::{Error, Result},
    host::Method,
    manifest::{RightLevel, RightManifest, RouteManifest, TabManifest, TopicManifest},
    plugin::Plugin,
};

/// A route of a plugin: method, path, and what is needed. The host has looked at the session, its rights and the request's origin before
/// the plugin hears of it.
///
/// ```
/// use plugin_api::{Route, RouteContext, RouteReply, prelude::*};
///
/// async fn room(ctx: RouteContext) -> Result<RouteReply> {
///     let room = ctx.param("room");
///     Ok(RouteReply::text(format!("The {room} room has 7 cups.")))
/// }
/// let plugin = Plugin::new().route(Route::get("/rooms/{room}").words("How many cups a room has"), room);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a route does nothing until it is given to `Plugin::route`"]
pub struct Route(RouteManifest);

/// A tab in the dashboard: what leads to one of the plugin's routes.
///
/// ```
/// use plugin_api::Tab;
///
/// let tab = Tab::new("tea", "Tea rooms", "/rooms").icon("🫖").group("Tools");
/// ```
#[derive(Debug, Clone)]
#[must_use = "a tab does nothing until it is given to `Plugin::tab`"]
pub struct Tab(TabManifest);

impl Route {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self(RouteManifest {
            method: method.name().to_owned(),
            path: path.into(),
            ..RouteManifest::default()
        })
    }

    /// Shows something, and changes nothing: browsers ask again as they please. `path` is one below the plugin's own
    /// (`/p/<plugin>`) and begins with a slash; `{name}` in it is one part of any name.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// Does something. The host lets none through that another site's page has sent.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::Post, path)
    }

    /// Needs a right: one that the plugin declares by [`Plugin::right`], or the name of a host call that the route leads to
    /// (`plugins.reload`). Default: a session, whosever it is. Where the path has a `{guild}`, it is needed in that server.
    pub fn right(mut self, right: impl Into<String>) -> Self {
        self.0.right = right.into();
        self
    }

    /// Takes a body of that many bytes at most. Default 64 KiB; the host's own limit is `[pages] body_bytes`.
    pub fn body_bytes(mut self, bytes: u64) -> Self {
        self.0.body_bytes = bytes;
        self
    }

    /// Takes a file: what the page sends is kept by the host in the plugin's folder ([`RouteContext::upload`]) until it is answered, however
    /// large it is; `bytes` at most, and not more than `[pages] upload_bytes`.
    pub fn upload(mut self, bytes: u64) -> Self {
        (self.0.upload, self.0.body_bytes) = (true, bytes);
        self
    }

    /// What it does, in a sentence: for `/openapi.json`.
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.0.words = words.into();
        self
    }
}

impl Tab {
    /// A tab called `title` that shows the route `GET path`; `id` is what it is known by, and stays the same when the title changes.
    pub fn new(id: impl Into<String>, title: impl Into<String>, path: impl Into<String>) -> Self {
        Self(TabManifest {
            id: id.into(),
            title: title.into(),
            path: path.into(),
            ..TabManifest::default()
        })
    }

    /// A character or two that stand for it.
    pub fn icon(mut self, icon: impl Into<String>) -> Self {
        self.0.icon = icon.into();
        self
    }

    /// The heading that it stands under: `Core`, `Tools`, `Admin`, `Meta`, or one of its own. Default: `Plugins`.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.0.group = group.into();
        self
    }

    /// The right without which it is not shown. Default: that of its route.
    pub fn right(mut self, right: impl Into<String>) -> Self {
        self.0.right = right.into();
        self
    }
}

impl<S: 'static> Plugin<S> {
    /// Serves a route. What the handler asks of the host, it asks for whoever is logged in: the host lets it through where their role has
    /// that call. An error in the author's words ([`Error::user`]) is shown to them; any other gets an error id.
    ///
    /// ```
    /// use plugin_api::{Power, Route, RouteContext, RouteReply, prelude::*};
    ///
    /// async fn plugins(ctx: RouteContext) -> Result<RouteReply> {
    ///     let names: Vec<_> = ctx.host().plugins().all().await?.into_iter().map(|it| it.name).collect();
    ///     RouteReply::json(&names)
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::PluginsRead])
    ///     .route(Route::get("/plugins").right("plugins.list"), plugins);
    /// ```
    ///
    /// # Panics
    ///
    /// The same method and path are declared twice. The host then refuses the plugin.
    #[must_use]
    pub fn route<F, Fut>(mut self, route: Route, handler: F) -> Self
    where
        F: Fn(RouteContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result<RouteReply>> + 'static,
    {
        let entry = format!("{} {}", route.0.method, route.0.path);
        let twice = self.handlers.entries.insert(
            (EntryKind::Route, entry.clone()),
            Rc::new(move |state, host, _, frame_guard| {
                let (call, body) = match pages::split::<RouteCall>(frame_guard.body()) {
                    Ok((call, body)) => (call, body.to_vec()),
                    Err(error) => {
                        let error = Error::new(format!("the request can't be read: {error}"));
                        return Box::pin(std::future::ready(Err(error)));
                    }
                };
                let reply = handler(RouteContext::new(state, host, call, body));
                Box::pin(async move { Ok(reply.await?.into_bytes()) })
            }),
        );
        assert!(twice.is_none(), "route `{entry}` is declared twice");
        self.manifest.pages.routes.push(route.0);
        self
    }

    /// Has a tab in the dashboard.
    #[must_use]
    pub fn tab(mut self, tab: Tab) -> Self {
        self.manifest.pages.tabs.push(tab.0);
        self
    }

    /// Declares a right that roles of the web pages may be given, for what no host call's rule says: `means` is what it allows, in a few
    /// words. Roles know it as `<plugin>/<name>`.
    ///
    /// ```
    /// use plugin_api::{Route, RouteContext, RouteReply, manifest::RightLevel, prelude::*};
    ///
    /// async fn pour(ctx: RouteContext) -> Result<RouteReply> {
    ///     Ok(RouteReply::text("Poured."))
    /// }
    /// let plugin = Plugin::new()
    ///     .right("tea.pour", RightLevel::Helper, "pours tea")
    ///     .route(Route::post("/pour").right("tea.pour"), pour);
    /// ```
    #[must_use]
    pub fn right(
        mut self,
        name: impl Into<String>,
        level: RightLevel,
        means: impl Into<String>,
    ) -> Self {
        self.manifest.pages.rights.push(RightManifest {
            name: name.into(),
            means: means.into(),
            level,
            by_server: level == RightLevel::Server,
        });
        self
    }

    /// The same for a right whose routes show whoever has their role for servers of their own nothing of other servers, also where the path
    /// has no `{guild}`: they look at [`PageSession::own_servers`](crate::abi::PageSession::own_servers) and `guilds`. Without this, such a
    /// route is refused to them.
    #[must_use]
    pub fn server_right(
        mut self,
        name: impl Into<String>,
        level: RightLevel,
        means: impl Into<String>,
    ) -> Self {
        self = self.right(name, level, means);
        if let Some(right) = self.manifest.pages.rights.last_mut() {
            right.by_server = true;
        }
        self
    }

    /// Declares what open pages may follow: they are sent what the plugin publishes there
    /// ([`Host::publish`](crate::Host::publish)). `right` as for a [route](Route::right).
    #[must_use]
    pub fn topic(mut self, name: impl Into<String>, right: impl Into<String>) -> Self {
        self.manifest.pages.topics.push(TopicManifest {
            name: name.into(),
            right: right.into(),
        });
        self
    }

    /// Is what people see at the server's first address, and what the other plugins' tabs are shown in. One plugin alone can be.
    #[must_use]
    pub fn home(mut self) -> Self {
        self.manifest.pages.home = true;
        self
    }
}
