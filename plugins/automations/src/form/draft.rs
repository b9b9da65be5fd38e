//! Draft: what somebody is making or changing, kept in the server's database until it is saved or thrown away.

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    automation::Definition,
    model::{Guild, User},
    rights,
    state::Shared,
};

/// What somebody is at; each has one in a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Draft {
    /// Tells a draft from the one that the same member began before.
    pub(super) stamp: u64,
    /// The automation that is changed; of a new one none.
    pub(super) of: Option<i64>,
    pub(super) definition: Definition,
}

fn drafts(host: &Host, guild: Guild, user: User) -> KvStore {
    host.storage().guild(guild).kv_store("drafts").about(user)
}

impl Draft {
    pub(super) async fn begin(
        host: &Host,
        guild: Guild,
        user: User,
        definition: Definition,
        of: Option<i64>,
    ) -> Result<Self> {
        let draft = Self {
            stamp: u64::from(getrandom::u32().unwrap_or(0)),
            of,
            definition,
        };
        draft.keep(host, guild, user).await?;
        Ok(draft)
    }

    pub(super) async fn keep(&self, host: &Host, guild: Guild, user: User) -> Result {
        drafts(host, guild, user).set(&user.to_string(), self).await
    }

    pub(super) async fn forget(host: &Host, guild: Guild, user: User) -> Result {
        drafts(host, guild, user)
            .delete(&user.to_string())
            .await
            .map(drop)
    }

    /// The draft that a button belongs to, and what else its argument says, for whoever may still make the change.
    ///
    /// # Errors
    ///
    /// As for [`begun`](Self::begun), or the automation posts to a webhook and they may not manage webhooks (any more).
    pub(super) async fn of(ctx: &ComponentContext<Shared>) -> Result<(Self, String)> {
        let (draft, rest) = Self::begun(ctx).await?;
        if let Some(id) = draft.of {
            rights::invoker_may_change_kept(ctx, id).await?;
        }
        Ok((draft, rest))
    }

    /// The draft that a button belongs to, and what else its argument says.
    ///
    /// # Errors
    ///
    /// Whoever clicks may not manage the server any more, or has begun another draft, or ended this one.
    pub(super) async fn begun(ctx: &ComponentContext<Shared>) -> Result<(Self, String)> {
        super::may_manage(ctx).await?;
        let (stamp, rest) = ctx
            .argument()
            .split_once(':')
            .unwrap_or((ctx.argument(), ""));
        let user = ctx.user().id;
        let found: Option<Self> = drafts(ctx.host(), ctx.guild()?, user)
            .get(&user.to_string())
            .await?;
        match found.filter(|it| it.stamp.to_string() == stamp) {
            Some(draft) => Ok((draft, rest.to_owned())),
            None => Err(Error::user(
                "This form is over: it was saved, thrown away, or you have begun another one.",
            )),
        }
    }

    pub(super) async fn keep_for(&self, ctx: &ComponentContext<Shared>) -> Result {
        self.keep(ctx.host(), ctx.guild()?, ctx.user().id).await
    }
}
