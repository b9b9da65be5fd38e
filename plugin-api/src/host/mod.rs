//! What a plugin may ask of the host: one file per capability, `host/src/services/` has the answers under the same names.

mod discord;
pub(crate) mod reply;
mod task;

use std::{fmt, rc::Rc};

use serde::de::DeserializeOwned;
use serde_json::Value;
use twilight_model::id::{
    Id,
    marker::{ApplicationMarker, UserMarker},
};

pub use self::{
    discord::{Discord, Method, Request, Response},
    task::Task,
};
use crate::{
    abi::CallHead,
    error::{Error, Result},
    runtime::Core,
};

/// The host, as one generation of a plugin sees it. Clones are the same host.
#[derive(Clone)]
pub struct Host(pub(crate) Rc<Core>);

impl Host {
    pub(crate) fn new(core: Rc<Core>) -> Self {
        Self(core)
    }

    /// The plugin's name.
    #[must_use]
    pub fn plugin_name(&self) -> &str {
        self.0.name()
    }

    /// Which load of this plugin this is, counted from 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.start().generation
    }

    /// Version of the host.
    #[must_use]
    pub fn host_version(&self) -> &str {
        &self.0.start().host_version
    }

    /// The bot's own user, or `None` while the bot has not logged in.
    #[must_use]
    pub fn bot_id(&self) -> Option<Id<UserMarker>> {
        Id::new_checked(self.0.start().bot_id)
    }

    /// The bot's application, or `None` while the bot has not logged in.
    #[must_use]
    pub fn application_id(&self) -> Option<Id<ApplicationMarker>> {
        Id::new_checked(self.0.start().application_id)
    }

    /// The plugin's table in config.toml, `[plugins.<name>]`, as a type of the plugin's. What the table lacks is the
    /// type's business (`#[serde(default)]`).
    ///
    /// # Errors
    ///
    /// The table does not fit `T`; the error names the table and the key.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T> {
        let settings = match &self.0.start().settings {
            Value::Null => Value::Object(serde_json::Map::new()),
            settings => settings.clone(),
        };
        serde_json::from_value(settings).map_err(|error| {
            Error::new(format!(
                "[plugins.{}] in config.toml: {error}",
                self.plugin_name()
            ))
        })
    }

    /// Whether this host knows the host call `name`.
    #[must_use]
    pub fn supports(&self, name: &str) -> bool {
        self.0.start().calls.iter().any(|call| call == name)
    }

    /// Asks the host by the name of a host call: the way to a call that is newer than this crate.
    ///
    /// # Errors
    ///
    /// The host does not know the call, or the call failed.
    pub async fn call(&self, name: &str, params: Value, body: Vec<u8>) -> Result<(Value, Vec<u8>)> {
        let head = CallHead {
            call: name.to_owned(),
            params,
        };
        let reply = self.0.call(head, body).await?;
        let head = if reply.head.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&reply.head)?
        };
        Ok((head, reply.body))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("plugin", &self.plugin_name())
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}
