//! Functions that a plugin offers to others.

use std::{fmt, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    abi::{EntryKind, InvokeHead},
    accessors::surroundings,
    error::{Error, Result},
    host::Host,
    manifest::FunctionManifest,
    plugin::Plugin,
};

/// Context of a function's handler: `A` is the argument, `S` the plugin's state.
pub struct FunctionContext<A, S = ()> {
    state: Rc<S>,
    host: Host,
    argument: A,
    caller: String,
}

impl<A, S> FunctionContext<A, S> {
    surroundings!();

    /// The argument.
    #[must_use]
    pub fn argument(&self) -> &A {
        &self.argument
    }

    /// The plugin that calls.
    #[must_use]
    pub fn caller(&self) -> &str {
        &self.caller
    }
}

impl<A: fmt::Debug, S> fmt::Debug for FunctionContext<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionContext")
            .field("argument", &self.argument)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

impl<S: 'static> Plugin<S> {
    /// Offers a function to other plugins, who call it with [`Host::plugin`]. Argument and result cross as JSON; a change
    /// that breaks callers gets another `version`, and both can be offered.
    ///
    /// ```
    /// use std::{cell::RefCell, collections::HashMap};
    /// use plugin_api::prelude::*;
    ///
    /// type Accounts = RefCell<HashMap<u64, i64>>;
    ///
    /// async fn balance(ctx: FunctionContext<u64, Accounts>) -> Result<i64> {
    ///     Ok(ctx.state().borrow().get(ctx.argument()).copied().unwrap_or(0))
    /// }
    /// let bank = Plugin::with_state(|_host| async { Ok(Accounts::default()) }).function("balance", 1, balance);
    /// ```
    ///
    /// # Panics
    ///
    /// The function is declared twice in this version. The host then refuses the plugin.
    #[must_use]
    pub fn function<A, R, F, Fut>(mut self, name: &str, version: u32, handler: F) -> Self
    where
        A: DeserializeOwned + 'static,
        R: Serialize + 'static,
        F: Fn(FunctionContext<A, S>) -> Fut + 'static,
        Fut: Future<Output = Result<R>> + 'static,
    {
        self.manifest.functions.push(FunctionManifest {
            name: name.to_owned(),
            version,
        });
        let key = (EntryKind::Function, entry(name, version));
        let twice = self.handlers.entries.insert(
            key,
            Rc::new(move |state, host, head: InvokeHead, frame_guard| {
                let argument = match serde_json::from_slice(frame_guard.body()) {
                    Ok(argument) => argument,
                    Err(error) => {
                        return Box::pin(std::future::ready(Err(Error::new(format!(
                            "the argument that `{}` passes to `{}` is not what it expects: {error}",
                            caller(&head),
                            head.entry
                        )))));
                    }
                };
                let result = handler(FunctionContext {
                    state,
                    host,
                    argument,
                    caller: caller(&head).to_owned(),
                });
                Box::pin(async move { Ok(serde_json::to_vec(&result.await?)?) })
            }),
        );
        assert!(
            twice.is_none(),
            "function `{name}` is declared twice in version {version}"
        );
        self
    }
}

/// Who calls: always a plugin, as far as this version knows.
fn caller(head: &InvokeHead) -> &str {
    head.from.as_deref().unwrap_or("the host")
}

/// The entry's name at the boundary.
fn entry(name: &str, version: u32) -> String {
    format!("{name}@{version}")
}
