//! Capabilities: host calls of one kind each, and all that belongs to them.
//!
//! Whoever adds one writes an implementation of [`Capability`] and a line in the program's list (`host/src/services/mod.rs`), of which
//! [`capabilities!`] makes what goes through all of them. All parts must be written, also those in which there is nothing to do: none
//! is forgotten. [`Failure`] is why a call fails.

mod effect;
mod failure;
mod rule;

pub use host_base::PluginName;
pub use host_loader::{Behalf, Caller, Completion, Places, Unserved};
pub use plugin_api::manifest::Manifest;
use serde_json::Value;

pub use effect::Effect;
pub use failure::{
    ALREADY_ACKNOWLEDGED, Failure, UNKNOWN_INTERACTION, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK,
};
pub use rule::{CallRule, Rule, Who};

/// A host call on its way to its capability.
#[derive(Debug)]
pub struct HostCall {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub params: Value,
    /// The payload.
    pub body: Vec<u8>,
    /// For whom it is made.
    pub behalf: Behalf,
    /// What it changes.
    pub effect: Effect,
}

/// Data that a call lets out of the host, in which no secret may be that does not belong there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// Nothing; or what loses its secrets on its way, as all messages do.
    Nothing,
    /// A request to somebody else's server: its head and its body.
    WebRequest,
    /// A path of Discord's API, in the parameter `path`.
    DiscordPath,
    /// A file's name that people may see, in the parameter `path`.
    FilePath,
}

/// Places for calls that are answered from memory.
pub const MEMORY: Places = places("memory", 16);

/// Places for calls that work on the host's own tables, in which every plugin's calls stand in the host's line.
pub const HOST_TABLES: Places = places("host tables", 4);

/// Places of that name.
#[must_use]
pub const fn places(name: &'static str, at_once: usize) -> Places {
    Places { name, at_once }
}

/// Host calls of one kind, and what belongs to them, as part of a program `P`.
pub trait Capability<P> {
    /// Its calls, each with what it needs.
    const CALLS: &'static [CallRule];

    /// How many of its calls are served at once, of one generation; the others wait in that generation's own line.
    const PLACES: Places;

    /// What its calls let out of the host.
    const LEAVES: Leaves;

    /// Adds what is wrong with that part of a manifest that is about it, in words.
    fn problems(plugin: &PluginName, manifest: &Manifest, problems: &mut Vec<String>);

    /// A generation is about to start: prepares what it declares.
    ///
    /// # Errors
    ///
    /// The plugin can't be served.
    fn generation_starts(
        &self,
        caller: &Caller,
        manifest: &Manifest,
    ) -> impl Future<Output = Result<(), Unserved>> + Send;

    /// Serves a call that neither waits nor takes time, on the plugin's own thread and in the order in which it makes them.
    ///
    /// # Errors
    ///
    /// The call, which is to be served by [`serve`](Self::serve).
    fn serve_at_once(
        &self,
        _: &Caller,
        call: HostCall,
    ) -> Result<Result<Completion, Failure>, HostCall> {
        Err(call)
    }

    /// Serves a call.
    fn serve(
        &self,
        program: &P,
        caller: &Caller,
        call: HostCall,
    ) -> impl Future<Output = Result<Completion, Failure>> + Send;

    /// Gives up what a generation registered, once it is over. What must outlive it belongs to the plugin, not to `caller`.
    fn generation_ended(&self, caller: &Caller);

    /// How many entries each registry has that plugins fill, by its name: after a reload as many as before.
    fn registries(&self) -> Vec<(&'static str, usize)>;
}

/// Writes what goes through all capabilities of a program: its type, and a line each with the field and its type.
#[macro_export]
macro_rules! capabilities {
    ($program:ty { $($field:ident: $type:ty,)* }) => {
        /// The host calls, each with what it needs. What is not here is answered as unsupported.
        pub fn calls() -> impl Iterator<Item = $crate::CallRule> {
            let all = [$(<$type as $crate::Capability<$program>>::CALLS),*];
            all.into_iter().flatten().copied()
        }

        /// What a call needs; `None` when nothing of that name is known.
        #[must_use]
        pub fn rule(call: &str) -> Option<$crate::Rule> {
            calls().find(|known| known.name == call).map(|known| known.rule)
        }

        /// Whether a capability serves a call.
        fn serves(calls: &[$crate::CallRule], call: &str) -> bool {
            calls.iter().any(|known| known.name == call)
        }

        /// Which places a call takes one of.
        pub(crate) fn places(call: &str) -> $crate::Places {
            $(if serves(<$type as $crate::Capability<$program>>::CALLS, call) {
                return <$type as $crate::Capability<$program>>::PLACES;
            })*
            $crate::Places::UNKNOWN
        }

        /// What a call lets out of the host.
        fn leaves(call: &str) -> $crate::Leaves {
            $(if serves(<$type as $crate::Capability<$program>>::CALLS, call) {
                return <$type as $crate::Capability<$program>>::LEAVES;
            })*
            $crate::Leaves::Nothing
        }

        /// Adds what is wrong with a manifest, in words.
        pub(crate) fn problems(plugin: &$crate::PluginName, manifest: &$crate::Manifest, problems: &mut Vec<String>) {
            $(<$type as $crate::Capability<$program>>::problems(plugin, manifest, problems);)*
        }

        impl $program {
            /// A generation is about to start: prepares what its manifest declares.
            ///
            /// # Errors
            ///
            /// Its settings do not fit, or its tables can't be prepared.
            pub async fn generation_starts(
                &self,
                caller: &$crate::Caller,
                manifest: &$crate::Manifest,
            ) -> Result<(), $crate::Unserved> {
                $(<$type as $crate::Capability<$program>>::generation_starts(&self.$field, caller, manifest).await?;)*
                Ok(())
            }

            /// Gives up what a generation registered, once it is over.
            pub fn generation_ended(&self, caller: &$crate::Caller) {
                $(<$type as $crate::Capability<$program>>::generation_ended(&self.$field, caller);)*
            }

            /// Serves a call at once, or gives it back.
            fn at_once(
                &self,
                caller: &$crate::Caller,
                call: $crate::HostCall,
            ) -> Result<Result<$crate::Completion, $crate::Failure>, $crate::HostCall> {
                $(if serves(<$type as $crate::Capability<$program>>::CALLS, &call.name) {
                    return <$type as $crate::Capability<$program>>::serve_at_once(&self.$field, caller, call);
                })*
                Err(call)
            }

            /// Serves a call; `None` when nothing of that name is known.
            async fn served(
                &self,
                caller: &$crate::Caller,
                call: $crate::HostCall,
            ) -> Option<Result<$crate::Completion, $crate::Failure>> {
                $(if serves(<$type as $crate::Capability<$program>>::CALLS, &call.name) {
                    return Some(<$type as $crate::Capability<$program>>::serve(&self.$field, self, caller, call).await);
                })*
                None
            }

            /// The registries of all capabilities.
            fn of_capabilities(&self) -> Vec<(&'static str, usize)> {
                let mut all = Vec::new();
                $(all.extend(<$type as $crate::Capability<$program>>::registries(&self.$field));)*
                all
            }
        }
    };
}
