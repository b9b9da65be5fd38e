//! Authority: who acts, what the plugin may for them, and the audit journal of what was done.

use serde_json::Value;

use super::Host;
use crate::{
    abi::{
        ActingReply, AuditCall, AuditEntry, AuditNote, AuditReply, AuditVerified, MayCall, MayReply,
    },
    error::Result,
};

impl Host {
    /// Who acts, as the host knows it, and whether they own the bot or the server. From the host of a context: whoever has started
    /// that, as long as it is not answered; otherwise nobody.
    ///
    /// What a host call may, the host checks by itself. This is for what a plugin decides of its own.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn secret(ctx: CommandContext) -> Result {
    ///     if !ctx.host().acting().await?.owner {
    ///         return Err(Error::user("That is for the bot's owner."));
    ///     }
    ///     ctx.reply("The cake is real.").await
    /// }
    /// # Plugin::new().command(Command::new("secret", "Tells it").run(secret));
    /// ```
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn acting(&self) -> Result<ActingReply> {
        self.query("authority.acting", &Value::Null).await
    }

    /// Whether a host call may be made here, without making it: to leave out what somebody may not do. `params` say what it is about
    /// (`guild_id`, `user_id`), where its rule asks for that.
    ///
    /// ```
    /// use plugin_api::{Json, Power, prelude::*};
    ///
    /// async fn menu(ctx: CommandContext) -> Result {
    ///     let mut text = "What next?".to_owned();
    ///     if ctx.host().may("plugins.reload", Json::Null).await?.missing.is_none() {
    ///         text += " You may also reload something.";
    ///     }
    ///     ctx.reply(text).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::PluginsManage])
    ///     .command(Command::new("menu", "Shows what you may").run(menu));
    /// ```
    ///
    /// # Errors
    ///
    /// The host does not know the call.
    pub async fn may(&self, call: &str, params: Value) -> Result<MayReply> {
        let call = MayCall {
            call: call.to_owned(),
            params,
        };
        self.query("authority.may", &call).await
    }

    /// Entries of the audit journal, the latest first, at most 500 a call: for the next page pass the number of the last one as
    /// `before`. Needs the power `audit.read`, and one of the bot's owners who acts.
    ///
    /// ```
    /// use plugin_api::{Power, abi::AuditCall, prelude::*};
    ///
    /// async fn latest(ctx: CommandContext) -> Result {
    ///     let entries = ctx.host().audit(&AuditCall { limit: Some(5), ..AuditCall::default() }).await?;
    ///     let lines: Vec<_> = entries.iter().map(|it| format!("<@{}>: {}", it.user, it.call)).collect();
    ///     ctx.reply(lines.join("\n")).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::AuditRead])
    ///     .command(Command::new("latest", "Shows what was done").owner_only().run(latest));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or the journal can't be read.
    pub async fn audit(&self, query: &AuditCall) -> Result<Vec<AuditEntry>> {
        let reply: AuditReply = self.query("audit.list", query).await?;
        Ok(reply.entries)
    }

    /// Whether the audit journal is as it was written: each entry has the hash of the one before it. Needs the power `audit.read`, and one of
    /// the bot's owners who acts. It reads the whole journal.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn verify(ctx: CommandContext) -> Result {
    ///     let journal = ctx.host().verify_audit().await?;
    ///     let text = match journal.fault {
    ///         None => format!("All {} entries are as they were written.", journal.entries),
    ///         Some(fault) => format!("{}, line {}: {}", fault.file, fault.line, fault.what),
    ///     };
    ///     ctx.reply(text).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::AuditRead])
    ///     .command(Command::new("verify", "Verifies the journal").owner_only().run(verify));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or the journal can't be read.
    pub async fn verify_audit(&self) -> Result<AuditVerified> {
        self.query("audit.verify", &Value::Null).await
    }

    /// Enters what somebody has done by way of this plugin into the audit journal, where no host call does: a request to Discord in their
    /// name. Who it was, and how it came, the host enters by itself. From the host of a context.
    ///
    /// ```
    /// use plugin_api::{abi::AuditNote, prelude::*};
    ///
    /// async fn announce(ctx: CommandContext) -> Result {
    ///     let sent = ctx.host().discord().send(ctx.channel_id(), "Tea is ready.").await;
    ///     let result = sent.as_ref().map_or_else(|error| format!("failed: {error}"), |_| "done".to_owned());
    ///     let note = AuditNote { what: "announce".to_owned(), result, ..AuditNote::default() };
    ///     ctx.host().note_audit(&note).await?;
    ///     sent.map(drop)
    /// }
    /// # Plugin::new().command(Command::new("announce", "Announces tea").owner_only().run(announce));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody stands behind the call, the name can't be one, or the plugin has noted too much within the hour.
    pub async fn note_audit(&self, note: &AuditNote) -> Result {
        self.query("audit.note", note).await
    }
}
