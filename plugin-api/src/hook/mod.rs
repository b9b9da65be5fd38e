//! Hooks: events that the framework and plugins emit to each other.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `any.rs` | handlers that are for more than one event |
//! | `events.rs` | the framework's own events |

mod any;
mod events;

use std::{fmt, rc::Rc};

pub use self::{
    any::{AnyHook, EVERY_EVENT},
    events::*,
};
pub use crate::host::Hook;
use crate::{
    abi::EntryKind,
    accessors::surroundings,
    error::{Error, Result},
    host::Host,
    manifest::HookManifest,
    plugin::Plugin,
    runtime::LocalFuture,
};

/// Context of a hook's handler: `H` is the event, `S` the plugin's state.
pub struct HookContext<H, S = ()> {
    state: Rc<S>,
    host: Host,
    payload: H,
    from: Option<String>,
}

impl<H, S> HookContext<H, S> {
    surroundings!();

    /// What has happened.
    #[must_use]
    pub fn payload(&self) -> &H {
        &self.payload
    }

    /// The plugin that emitted it; `None` for the framework's own.
    #[must_use]
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }
}

impl<H: fmt::Debug, S> fmt::Debug for HookContext<H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookContext")
            .field("payload", &self.payload)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

impl<S: 'static> Plugin<S> {
    /// Handles a hook, with priority 0. The handler's context says which; `name` is what the handler is known by: its id is
    /// `<plugin>:<event>:<name>`, under which the owner finds its figures, its rest after failures, and `eh_disable`. It
    /// has nothing to do with the function's name and stays the same when that changes. A handler's name is its own among
    /// the plugin's handlers of that event.
    ///
    /// One event after the other: the next comes when the handler has ended. What waits is bounded
    /// (`hooks.queue`, default 1,000 events a handler), a handler may take `hooks.timeout_ms` (default 10,000) and is then
    /// dropped, and after `hooks.failures` failures (default 5 within 5 minutes) it rests for a minute.
    ///
    /// ```
    /// use plugin_api::{hook::ExtensionFailed, prelude::*};
    ///
    /// async fn mourn(ctx: HookContext<ExtensionFailed>) -> Result {
    ///     tracing::warn!(plugin = ctx.payload().plugin, "not loaded: {}", ctx.payload().error);
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().on_hook("mourn", mourn);
    /// ```
    #[must_use]
    pub fn on_hook<H: Hook, F, Fut>(self, name: impl Into<String>, handler: F) -> Self
    where
        F: Fn(HookContext<H, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.on_hook_with(name, 0, handler)
    }

    /// Handles a hook as [`on_hook`](Self::on_hook); among all plugins' handlers, those with a higher `priority` are called
    /// first.
    #[must_use]
    pub fn on_hook_with<H: Hook, F, Fut>(
        mut self,
        name: impl Into<String>,
        priority: i32,
        handler: F,
    ) -> Self
    where
        F: Fn(HookContext<H, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        let name = name.into();
        self.handlers.entries.insert(
            (EntryKind::Hook, format!("{}:{name}", H::EVENT)),
            Rc::new(move |state, host, head, frame_guard| {
                let payload = serde_json::from_slice(frame_guard.body());
                match payload {
                    Ok(payload) => {
                        let handled = handler(HookContext {
                            state,
                            host,
                            payload,
                            from: head.from,
                        });
                        Box::pin(async move { handled.await.map(|()| Vec::new()) })
                    }
                    Err(error) => unreadable(H::EVENT, &error),
                }
            }),
        );
        self.manifest.hooks.push(HookManifest {
            event: H::EVENT.to_owned(),
            handler: name,
            priority,
            chosen: false,
        });
        self
    }
}

fn unreadable(event: &str, error: &serde_json::Error) -> LocalFuture<Result<Vec<u8>>> {
    Box::pin(std::future::ready(Err(Error::new(format!(
        "the payload of `{event}` is not what this plugin expects: {error}"
    )))))
}
