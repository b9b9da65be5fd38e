//! Calls of another plugin's functions.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use super::Host;
use crate::{abi::FunctionCall, error::Result};

/// Another plugin, by name: the way to the functions that it offers. It need not be loaded until one is called.
#[derive(Debug, Clone)]
pub struct OtherPlugin {
    host: Host,
    name: String,
    deadline: Option<Duration>,
}

impl Host {
    /// Another plugin, by name.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn buy(ctx: CommandContext) -> Result {
    ///     let balance: i64 = ctx.host().plugin("bank").call("balance", 1, &ctx.user().id).await?;
    ///     if balance < 3 {
    ///         return Err(Error::user("you can't afford tea"));
    ///     }
    ///     ctx.reply("Here you are.").await
    /// }
    /// // A plugin that can't do without the other says so: it is then loaded after it, and reloaded with it.
    /// let shop = Plugin::new()
    ///     .depends_on_version("bank", "^1")
    ///     .command(Command::new("buy", "Buys tea").run(buy));
    /// ```
    #[must_use]
    pub fn plugin(&self, name: impl Into<String>) -> OtherPlugin {
        OtherPlugin {
            host: self.clone(),
            name: name.into(),
            deadline: None,
        }
    }
}

impl OtherPlugin {
    /// How long a call may take. Default: 10 s.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Calls a function. A call that comes while the other is being swapped waits for its next generation.
    ///
    /// # Errors
    ///
    /// The other plugin is not loaded, does not offer the function in this version, has too much to do, took longer than
    /// the deadline, or failed; the error names plugin and function, and says which.
    pub async fn call<A: Serialize + ?Sized, R: DeserializeOwned>(
        &self,
        function: &str,
        version: u32,
        argument: &A,
    ) -> Result<R> {
        let call = FunctionCall {
            plugin: self.name.clone(),
            function: function.to_owned(),
            version,
            deadline_ms: self
                .deadline
                .map(|deadline| deadline.as_millis().try_into().unwrap_or(u64::MAX).max(1)),
        };
        let reply = self
            .host
            .ask("functions.call", &call, serde_json::to_vec(argument)?)
            .await?;
        serde_json::from_slice(&reply.body).map_err(|error| {
            crate::Error::new(format!(
                "`{}` of plugin `{}` gave something else than expected: {error}",
                function, self.name
            ))
        })
    }
}
