//! Log of the host: its last lines, what is logged, and what has failed lately.

use super::Host;
use crate::{
    abi::{ErrorsCall, ErrorsReply, LevelCall, LevelsReply, LogCall, LogReply},
    error::Result,
};

impl Host {
    /// The last lines of the log, by level, plugin and number; secrets are masked in them. For those that come later, ask again
    /// with the answer's `next` as `since`. Needs the power `log.read`, and one of the bot's owners who acts.
    ///
    /// ```
    /// use plugin_api::{Power, abi::LogCall, prelude::*};
    ///
    /// async fn warnings(ctx: CommandContext) -> Result {
    ///     let wanted = LogCall { level: Some("warn".into()), limit: Some(5), ..LogCall::default() };
    ///     let found = ctx.host().log(&wanted).await?;
    ///     let lines: Vec<_> = found.lines.iter().map(|line| &*line.text).collect();
    ///     ctx.reply(lines.join("\n")).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::LogRead])
    ///     .command(Command::new("warnings", "Shows the last warnings").owner_only().run(warnings));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or there is no such level.
    pub async fn log(&self, wanted: &LogCall) -> Result<LogReply> {
        self.query("log.read", wanted).await
    }

    /// What is logged. Needs what [`log`](Self::log) needs.
    ///
    /// # Errors
    ///
    /// As there; or this process keeps no log of its own.
    pub async fn log_levels(&self) -> Result<LevelsReply> {
        self.query("log.levels", &LevelCall::default()).await
    }

    /// Changes what is logged, until the bot stops; what is logged then comes back. Needs the power `log.levels`, and one of the
    /// bot's owners who acts.
    ///
    /// ```
    /// use plugin_api::{Power, abi::LevelCall, prelude::*};
    ///
    /// async fn verbose(ctx: CommandContext) -> Result {
    ///     let plugin: String = ctx.option("plugin")?;
    ///     let level = LevelCall { plugin: Some(plugin), level: Some("debug".into()), ..LevelCall::default() };
    ///     let levels = ctx.host().set_log_level(&level).await?;
    ///     ctx.reply(format!("{} plugins have levels of their own.", levels.plugins.len())).await
    /// }
    /// # let option = CommandOption::string("plugin", "Which").required();
    /// let plugin = Plugin::new()
    ///     .powers([Power::LogLevels])
    ///     .command(Command::new("verbose", "Logs more").owner_only().option(option).run(verbose));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or there is no such level.
    pub async fn set_log_level(&self, level: &LevelCall) -> Result<LevelsReply> {
        self.query("log.set_level", level).await
    }

    /// The last errors of all plugins, the newest first, with the ids that members have read. For the next page pass the answer's
    /// `next` as `before`. Needs what [`log`](Self::log) needs.
    ///
    /// ```
    /// use plugin_api::{Power, abi::ErrorsCall, prelude::*};
    ///
    /// async fn error(ctx: CommandContext) -> Result {
    ///     let id: String = ctx.option("id")?;
    ///     let wanted = ErrorsCall { error_id: Some(id), ..ErrorsCall::default() };
    ///     match ctx.host().errors(&wanted).await?.errors.first() {
    ///         Some(error) => ctx.reply(format!("`{}` of {}: {}", error.what, error.plugin, error.text)).await,
    ///         None => ctx.reply("There was none lately.").await,
    ///     }
    /// }
    /// # let option = CommandOption::string("id", "As the member has read it").required();
    /// let plugin = Plugin::new()
    ///     .powers([Power::LogRead])
    ///     .command(Command::new("error", "Explains an error id").owner_only().option(option).run(error));
    /// ```
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn errors(&self, wanted: &ErrorsCall) -> Result<ErrorsReply> {
        self.query("errors.list", wanted).await
    }
}
