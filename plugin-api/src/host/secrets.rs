//! Secrets: keys of web services and the like, which nobody but the plugin may see.

use std::fmt;

use zeroize::Zeroizing;

use super::Host;
use crate::{
    abi::SecretCall,
    error::{Error, Result},
};

/// A secret. It is shown as `<redacted>`, and overwritten when it is dropped.
///
/// The host takes care, too: it replaces secrets in log lines, panics, errors and messages. The copies that were made on the
/// way here are not overwritten, so that this protects from slips and not from whoever reads the process's memory.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret's text, for where it has to be sent.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Host {
    /// A secret, by name: from the variable `COGWRIGHT_SECRET_<NAME>` or a file in the secrets folder, if the owner has
    /// granted it to this plugin (`[grants.<plugin>] secrets` in config.toml). Ask anew where it may have changed.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn weather(ctx: CommandContext) -> Result {
    ///     let key = ctx.host().secret("weather_key").await?;
    ///     let query = format!("https://weather.example/?key={}", key.expose());
    ///     # let _ = query;
    ///     ctx.reply("Rain.").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// It is not granted, is not there, or others than the bot's user can read its file. The error says what to do, and
    /// shows nothing.
    pub async fn secret(&self, name: &str) -> Result<Secret> {
        let reply = self
            .ask(
                "secrets.get",
                &SecretCall {
                    name: name.to_owned(),
                },
                Vec::new(),
            )
            .await?;
        let text = String::from_utf8(reply.body)
            .map_err(|_| Error::new(format!("the secret `{name}` is no text")))?;
        Ok(Secret(Zeroizing::new(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_shown() {
        let secret = Secret(Zeroizing::new("hunter22".to_owned()));
        assert_eq!(format!("{secret} {secret:?}"), "<redacted> <redacted>");
        assert_eq!(secret.expose(), "hunter22");
    }
}
