//! Deeds at Discord that no host call's rule covers: in the audit journal before they are done, and once more with how they ended.

use plugin_api::{Json, RouteContext, abi::AuditNote, prelude::*};

use crate::Dashboard;

/// A deed that is under way.
pub(crate) struct Deed<'a> {
    host: &'a Host,
    note: AuditNote,
}

impl<'a> Deed<'a> {
    /// Enters what somebody is about to do. Without an entry it is not done.
    ///
    /// # Errors
    ///
    /// The journal takes no more of them within the hour.
    pub(crate) async fn begun(
        ctx: &'a RouteContext<Dashboard>,
        what: &str,
        (guild, channel): (
            Option<Id<marker::GuildMarker>>,
            Option<Id<marker::ChannelMarker>>,
        ),
        params: Json,
    ) -> Result<Self> {
        let note = AuditNote {
            what: what.to_owned(),
            guild_id: guild.map(Id::get),
            channel_id: channel.map(Id::get),
            params,
            result: "begun".to_owned(),
            ..AuditNote::default()
        };
        let entered = ctx.host().note_audit(&note).await;
        entered.map_err(|error| {
            tracing::error!(what, "nothing is done that the audit journal does not take: {error}");
            Error::user("That was not done: the audit journal takes no more within this hour, and nothing is done here without an entry.")
        })?;
        Ok(Self {
            host: ctx.host(),
            note,
        })
    }

    /// Enters how it ended, with what was before and is after.
    pub(crate) async fn ended<T>(mut self, (before, after): (Json, Json), result: &Result<T>) {
        (self.note.before, self.note.after) = (before, after);
        self.note.result = match result {
            Ok(_) => "done".to_owned(),
            Err(error) => format!("failed: {error}"),
        };
        // It is done by now, and its beginning is there.
        if let Err(error) = self.host.note_audit(&self.note).await {
            tracing::error!(
                what = self.note.what,
                "the audit journal has no end of this: {error}"
            );
        }
    }
}
