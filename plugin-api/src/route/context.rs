//! Context of a route's handler: the request, and who makes it.

use std::{fmt, rc::Rc, str::FromStr};

use serde::de::DeserializeOwned;
use twilight_model::id::{
    Id,
    marker::{GuildMarker, UserMarker},
};

use crate::{
    abi::{PageSession, RouteCall, Upload},
    accessors::surroundings,
    error::{Error, Result},
    host::Host,
};

/// Context of a route's handler; `S` is the plugin's state.
pub struct RouteContext<S = ()> {
    state: Rc<S>,
    host: Host,
    call: RouteCall,
    body: Vec<u8>,
}

impl<S> RouteContext<S> {
    pub(super) fn new(state: Rc<S>, host: Host, call: RouteCall, body: Vec<u8>) -> Self {
        Self {
            state,
            host,
            call,
            body,
        }
    }

    surroundings!();

    /// Who asks.
    #[must_use]
    pub fn session(&self) -> &PageSession {
        &self.call.session
    }

    /// The user who asks.
    #[must_use]
    pub fn user_id(&self) -> Id<UserMarker> {
        // 1 is no user's id: the oldest snowflake in use is far above.
        Id::new_checked(self.call.session.user_id).unwrap_or(Id::new(1))
    }

    /// Whether whoever asks has a right: the name of a host call, or one of the plugin's own. For leaving out what would be refused; the
    /// host checks each call and each route by itself.
    #[must_use]
    pub fn may(&self, right: &str) -> bool {
        let session = self.session();
        session.all || session.rights.iter().any(|has| has == right)
    }

    /// The path below the plugin's own.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.call.path
    }

    /// Where the plugin's own paths begin, for links: `/p/tea`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.call.base
    }

    /// What stands in the place of `{name}` in the route's path; empty: there is no such parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.call.params.get(name).map_or("", String::as_str)
    }

    /// The server in the path's `{guild}`.
    ///
    /// # Errors
    ///
    /// The path has none; the host lets nothing else through than an id.
    pub fn guild(&self) -> Result<Id<GuildMarker>> {
        let id = self.param("guild").parse().ok().and_then(Id::new_checked);
        id.ok_or_else(|| Error::user("That is no server's id."))
    }

    /// A value of the query, the first one of that name; empty where there is none.
    #[must_use]
    pub fn query(&self, name: &str) -> &str {
        let mut named = self.call.query.iter().filter(|(it, _)| it == name);
        named.next().map_or("", |(_, value)| value)
    }

    /// A value of the query as a number or another type, or what there is without one.
    ///
    /// # Errors
    ///
    /// It is none of that type: the error says which value of the query it was.
    pub fn query_or<T: FromStr>(&self, name: &str, default: T) -> Result<T> {
        match self.query(name) {
            "" => Ok(default),
            text => text.parse().map_err(|_| {
                let text: String = text.chars().take(40).collect();
                Error::user(format!("`{text}` is no value for `{name}`."))
            }),
        }
    }

    /// The whole query, in order.
    #[must_use]
    pub fn queries(&self) -> &[(String, String)] {
        &self.call.query
    }

    /// A header, by its name in small letters, of those that plugins are told of: `accept`, `accept-language`, `content-type`,
    /// `if-none-match`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.call.headers.get(name).map(String::as_str)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON.
    ///
    /// ```
    /// use plugin_api::{RouteContext, RouteReply, prelude::*};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Order { cups: u32 }
    ///
    /// async fn order(ctx: RouteContext) -> Result<RouteReply> {
    ///     let order: Order = ctx.json()?;
    ///     Ok(RouteReply::text(format!("{} cups are on their way.", order.cups)))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// It is no `T`: whoever asked reads what is wrong with it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::user(format!("The request is not what is expected: {error}.")))
    }

    /// The file that was sent, for a route that takes [uploads](super::Route::upload). It is gone when the request is answered: move what
    /// is to stay.
    ///
    /// # Errors
    ///
    /// None was sent.
    pub fn upload(&self) -> Result<&Upload> {
        let upload = self.call.upload.as_ref();
        upload.ok_or_else(|| Error::user("No file was sent."))
    }
}

impl<S> fmt::Debug for RouteContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteContext")
            .field("path", &self.call.path)
            .field("user", &self.call.session.user_id)
            .finish_non_exhaustive()
    }
}
