//! Handlers that are for more than one hook: for all there are, or for those that are chosen at run time.

use std::rc::Rc;

use serde_json::Value;

use super::{Hook, HookContext, unreadable};
use crate::{abi::EntryKind, error::Result, manifest::HookManifest, plugin::Plugin};

/// Name under which a handler of all events is declared.
pub const EVERY_EVENT: &str = "*";

/// An event of whatever kind: what handlers of more than one are given.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AnyHook {
    /// Its name, such as `extension_loaded` or `shop.sold`.
    pub event: String,
    /// What it has with it, as JSON.
    pub payload: Value,
}

impl AnyHook {
    /// It, if it is an `H`.
    ///
    /// # Errors
    ///
    /// It is called as an `H` is, and has something else with it.
    pub fn read<H: Hook>(&self) -> Result<Option<H>> {
        if self.event != H::EVENT {
            return Ok(None);
        }
        Ok(Some(serde_json::from_value(self.payload.clone())?))
    }
}

impl<S: 'static> Plugin<S> {
    /// Handles all hooks, those of the framework and those of all plugins but this one: for journals and dashboards. It is told of
    /// one after the other, as [`on_hook`](Self::on_hook) is, and its id is `<plugin>:*:<name>`.
    ///
    /// ```
    /// use plugin_api::{hook::{AnyHook, CommandError}, prelude::*};
    ///
    /// async fn note(ctx: HookContext<AnyHook>) -> Result {
    ///     let told = ctx.payload();
    ///     tracing::info!(event = told.event, from = ctx.from().unwrap_or("framework"), "told");
    ///     if let Some(error) = told.read::<CommandError>()? {
    ///         tracing::warn!(error.command, error.error);
    ///     }
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().on_every_hook("note", note);
    /// ```
    #[must_use]
    pub fn on_every_hook<F, Fut>(self, name: impl Into<String>, handler: F) -> Self
    where
        F: Fn(HookContext<AnyHook, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.on_any_hook(name.into(), false, handler)
    }

    /// Handles those hooks that are chosen at run time, with [`Host::choose_hooks`](crate::Host::choose_hooks): none before. For
    /// what members or the operator configure.
    ///
    /// ```
    /// use plugin_api::{hook::AnyHook, prelude::*};
    ///
    /// async fn tell(ctx: HookContext<AnyHook>) -> Result {
    ///     tracing::info!("{}: {}", ctx.payload().event, ctx.payload().payload);
    ///     Ok(())
    /// }
    /// async fn watch(ctx: CommandContext) -> Result {
    ///     let event: String = ctx.option("event")?;
    ///     ctx.host().choose_hooks("tell", [&*event]).await?;
    ///     ctx.reply(format!("I tell of `{event}` from now on.")).await
    /// }
    /// let watch = Command::new("watch", "Watches an event").option(CommandOption::string("event", "Which")).run(watch);
    /// let plugin = Plugin::new().command(watch).on_chosen_hooks("tell", tell);
    /// ```
    #[must_use]
    pub fn on_chosen_hooks<F, Fut>(self, name: impl Into<String>, handler: F) -> Self
    where
        F: Fn(HookContext<AnyHook, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.on_any_hook(name.into(), true, handler)
    }

    fn on_any_hook<F, Fut>(mut self, name: String, chosen: bool, handler: F) -> Self
    where
        F: Fn(HookContext<AnyHook, S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.handlers.entries.insert(
            (EntryKind::Hook, format!("{EVERY_EVENT}:{name}")),
            Rc::new(move |state, host, head, frame_guard| {
                let event = head.event.unwrap_or_default();
                let body = match frame_guard.body() {
                    [] => b"null",
                    body => body,
                };
                let payload = match serde_json::from_slice(body) {
                    Ok(payload) => AnyHook { event, payload },
                    Err(error) => return unreadable(&event, &error),
                };
                let handled = handler(HookContext {
                    state,
                    host,
                    payload,
                    from: head.from,
                });
                Box::pin(async move { handled.await.map(|()| Vec::new()) })
            }),
        );
        self.manifest.hooks.push(HookManifest {
            event: EVERY_EVENT.to_owned(),
            handler: name,
            priority: 0,
            chosen,
        });
        self
    }
}
