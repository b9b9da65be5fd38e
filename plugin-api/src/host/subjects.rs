//! Data that is kept about a user: told to them, and erased for them.

use twilight_model::id::{Id, marker::UserMarker};

use super::Host;
use crate::{
    abi::{SubjectCall, SubjectErasure, SubjectExport},
    error::Result,
};

impl Host {
    /// All that is kept about a user, by every plugin and in every server, as JSON: what it comes to, and its bytes. Needs the power
    /// `subjects`; everybody may ask about themselves, the bot's owners about anybody. Each use is in the audit journal.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn mydata(ctx: CommandContext) -> Result {
    ///     let (export, json) = ctx.host().export_subject(ctx.user().id).await?;
    ///     let text = format!("What is kept about you, from {} databases.", export.databases);
    ///     ctx.reply(NewMessage::from(text).file("mydata.json", json)).await
    /// }
    ///
    /// let plugin = Plugin::new().powers([Power::Subjects]).command(
    ///     Command::new("mydata", "Gives you what is kept about you").ephemeral().run(mydata),
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, the data can't be looked through, or it has more than 32 MiB: then
    /// [`export_subject_to`](Self::export_subject_to) stores it.
    pub async fn export_subject(&self, user: Id<UserMarker>) -> Result<(SubjectExport, Vec<u8>)> {
        let call = SubjectCall {
            user_id: Some(user.get()),
            file: None,
        };
        let reply = self.ask("subjects.export", &call, Vec::new()).await?;
        Ok((serde_json::from_slice(&reply.head)?, reply.body))
    }

    /// The same, stored at a path among the plugin's own files.
    ///
    /// # Errors
    ///
    /// As for [`export_subject`](Self::export_subject), or the file can't be written.
    pub async fn export_subject_to(
        &self,
        user: Id<UserMarker>,
        path: &str,
    ) -> Result<SubjectExport> {
        let call = SubjectCall {
            user_id: Some(user.get()),
            file: Some(path.to_owned()),
        };
        self.query("subjects.export", &call).await
    }

    /// Erases all that is kept about a user: in every database, in the backups, and by plugins that say how
    /// ([`on_erase`](crate::Plugin::on_erase)). It can't be undone: ask first. Power and who may as
    /// for [`export_subject`](Self::export_subject).
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn forget(ctx: CommandContext) -> Result {
    ///     if !ctx.confirm("Erase all that is kept about you?").await? {
    ///         return Ok(());
    ///     }
    ///     let erased = ctx.host().erase_subject(ctx.user().id).await?;
    ///     ctx.reply(format!("{} entries are gone.", erased.rows)).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .powers([Power::Subjects])
    ///     .command(Command::new("forgetme", "Erases what is kept about you").ephemeral().run(forget));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`export_subject`](Self::export_subject). How much could not be erased is in the answer.
    pub async fn erase_subject(&self, user: Id<UserMarker>) -> Result<SubjectErasure> {
        let call = SubjectCall {
            user_id: Some(user.get()),
            file: None,
        };
        self.query("subjects.erase", &call).await
    }
}
