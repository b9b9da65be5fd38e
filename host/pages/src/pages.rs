//! The pages as the bot has them: begun, served, and asked for links.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use host_base::clock::Clock;
use host_ops::config::Live;

use crate::{
    http::{self, Server},
    site::Site,
    state::{LoginLink, State},
    way::Way,
};

/// The bot's web pages: there are none before they are [served](Self::serve). Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Pages(pub(crate) Arc<OnceLock<Arc<State>>>);

impl Pages {
    /// Serves them where the configuration says, and elsewhere when that changes, until what this returns is dropped. What they have to keep
    /// is in the data folder; what can't be served is told by the log.
    pub async fn serve(&self, config: Live, clock: Clock, site: Site) -> Server {
        let state = self
            .0
            .get_or_init(|| Arc::new(State::open(config, clock, site)));
        http::serve(Arc::clone(state)).await
    }

    /// Where they are served on this machine, if they are.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.get()?.address()
    }

    /// Where people reach them.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.0.get()?.url()
    }

    /// A link that logs `user` in once, whatever their role is then; `None`: no pages are served.
    #[must_use]
    pub fn link(&self, user: u64, name: &str) -> Option<LoginLink> {
        self.0.get()?.link(user, name, &Way::Port)
    }

    /// The same through the dashboard on another machine, where nobody may more than `[remote] role` says; `None`: the bot is connected to
    /// none.
    #[must_use]
    pub fn remote_link(&self, user: u64, name: &str) -> Option<LoginLink> {
        let state = self.0.get()?;
        state.link(user, name, &state.remote_way()?)
    }

    /// How the connection to a dashboard on another machine is, for people; `None`: there is to be none.
    #[must_use]
    pub fn remote(&self) -> Option<String> {
        self.0.get()?.remote_words()
    }

    /// Says that something has changed what people may, or what there is to see: a plugin came or went.
    pub fn touch(&self) {
        if let Some(state) = self.0.get() {
            state.access.touch();
        }
    }
}
