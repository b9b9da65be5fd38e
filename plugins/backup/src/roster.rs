//! Members one after another, in the order of their ids: of a snapshot's file, or of the server as it is now; never all in memory.

use std::collections::VecDeque;

use plugin_api::prelude::*;

use crate::{
    archive, fields,
    model::{Member, Snowflake},
    store::Guild,
    take,
};

/// Members of a snapshot or a server that have not been handed out yet.
pub(crate) struct Roster {
    from: Origin,
    waiting: VecDeque<Member>,
    is_last: bool,
}

enum Origin {
    File(archive::Members),
    Discord {
        host: Host,
        guild: Guild,
        after: u64,
    },
}

impl Roster {
    /// Those of a snapshot's file, from the place of the first one on; `None`: it has none.
    pub(crate) fn of_file(host: &Host, path: String, first: Option<u64>) -> Self {
        Self {
            from: Origin::File(archive::Members::new(host, path, first.unwrap_or(0))),
            waiting: VecDeque::new(),
            is_last: first.is_none(),
        }
    }

    /// Those who are in the server now, behind the one with this id.
    pub(crate) fn now(host: &Host, guild: Guild, after: u64) -> Self {
        let host = host.clone();
        Self {
            from: Origin::Discord { host, guild, after },
            waiting: VecDeque::new(),
            is_last: false,
        }
    }

    /// The next one; `None` behind the last.
    ///
    /// # Errors
    ///
    /// 403 where the application has not the privileged intent for members.
    pub(crate) async fn next(&mut self) -> Result<Option<Member>> {
        while self.waiting.is_empty() && !self.is_last {
            match &mut self.from {
                Origin::File(members) => {
                    self.waiting = members.next().await?.into();
                    self.is_last = self.waiting.is_empty();
                }
                Origin::Discord { host, guild, after } => {
                    let page = take::page(host, *guild, *after).await?;
                    self.is_last = page.len() < take::PAGE;
                    *after = take::last_of(&page).unwrap_or(*after);
                    self.waiting = page.iter().filter_map(fields::member).collect();
                }
            }
        }
        Ok(self.waiting.pop_front())
    }

    /// The member of this id, if there is one; those before are passed by.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub(crate) async fn find(&mut self, id: Snowflake) -> Result<Option<Member>> {
        while let Some(next) = self.next().await? {
            if next.id == id {
                return Ok(Some(next));
            }
            if next.id > id {
                self.waiting.push_front(next);
                break;
            }
        }
        Ok(None)
    }
}
