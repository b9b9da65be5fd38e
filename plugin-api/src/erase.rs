//! Erasure of a user from what a plugin keeps in memory, in its state and in its files.

use std::{fmt, future::Future, rc::Rc};

use twilight_model::id::{Id, marker::UserMarker};

use crate::{
    abi::{EntryKind, EraseCall},
    accessors::surroundings,
    error::{Error, Result},
    host::Host,
    plugin::Plugin,
};

/// Context of [`Plugin::on_erase`]: `S` is the plugin's state.
pub struct EraseContext<S = ()> {
    state: Rc<S>,
    host: Host,
    call: EraseCall,
}

impl<S> EraseContext<S> {
    surroundings!();

    /// Who is to be erased.
    #[must_use]
    pub fn user_id(&self) -> Id<UserMarker> {
        // 1 is no user's id: the oldest snowflake in use is far above.
        Id::new_checked(self.call.user_id).unwrap_or(Id::new(1))
    }
}

impl<S> fmt::Debug for EraseContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

impl<S: 'static> Plugin<S> {
    /// Erases a user, when the bot's owner does (`cogwright erase-data`): from the state, from the plugin's files, from other servers that
    /// it has told. Databases and key-value stores the host sees to, by [`subject`](Self::subject) and
    /// [`KvStore::about`](crate::KvStore::about). When it returns, the state is [saved](Self::on_save), so that the file has
    /// nothing of the user either.
    ///
    /// Of a plugin that is not loaded then, or that keeps a state without this, the owner is told that its state stays as it is.
    ///
    /// ```
    /// use std::{cell::RefCell, collections::BTreeMap};
    /// use plugin_api::prelude::*;
    ///
    /// /// Points by user.
    /// type Scores = RefCell<BTreeMap<Id<marker::UserMarker>, i64>>;
    ///
    /// async fn forget(ctx: EraseContext<Scores>) -> Result {
    ///     ctx.state().borrow_mut().remove(&ctx.user_id());
    ///     Ok(())
    /// }
    ///
    /// let plugin = Plugin::with_state(|_host| async { Ok(Scores::default()) })
    ///     .on_save(|scores| State::new(1, &*scores.borrow()))
    ///     .on_erase(forget);
    /// ```
    #[must_use]
    pub fn on_erase<F, Fut>(mut self, erase: F) -> Self
    where
        F: Fn(EraseContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.manifest.erases = true;
        self.handlers.entries.insert(
            (EntryKind::Erase, String::new()),
            Rc::new(move |state, host, _head, frame_guard| {
                match serde_json::from_slice(frame_guard.body()) {
                    Ok(call) => {
                        let erased = erase(EraseContext { state, host, call });
                        Box::pin(async move { erased.await.map(|()| Vec::new()) })
                    }
                    Err(error) => Box::pin(std::future::ready(Err(Error::from(error)))),
                }
            }),
        );
        self
    }
}
