//! # The plugin API of Cogwright
//!
//! A plugin is a `cdylib` that declares commands, listeners and components, and is loaded, reloaded and unloaded under the
//! running bot. Ten lines are one:
//!
//! ```standalone_crate
//! use plugin_api::prelude::*;
//!
//! export_plugin!(|| Plugin::new().command(Command::new("hello", "Says hello").run(hello)));
//!
//! async fn hello(ctx: CommandContext) -> Result {
//!     ctx.reply(format!("Hello, {}!", ctx.user().name)).await
//! }
//! # fn main() {}
//! ```
//!
//! ## What an author should know
//!
//! - A plugin is one thread. Handlers are ordinary `async` functions that interleave at `.await`, so state is
//!   `Cell`, `RefCell` and `Rc`; nothing needs `Send`. tokio's timers and channels and `reqwest` work as in any program.
//! - A handler that blocks, blocks its plugin and nobody else. Use `tokio::task::spawn_blocking` for long computations.
//! - A panic fails the handler that panicked, with an error id, and leaves the plugin alive.
//! - Process-wide things are the host's: never call `std::env::set_var`, `std::env::set_current_dir`,
//!   `std::process::exit`, and never enable tokio's `signal`, `process` or `full` features (this crate refuses to compile
//!   beside them).
//! - Plugins are trusted code: what one may ask of the host is a contract, not a wall.
//!
//! ## The boundary
//!
//! [`abi`] holds every type that crosses. A plugin built against 0.1 loads on every 0.1.x host, and the other way round.

// The macros write `::plugin_api::…`, here too.
#[cfg(test)]
extern crate self as plugin_api;

pub mod abi;
pub mod alloc;
pub mod manifest;

mod accessors;
mod around;
mod awaits;
mod command;
mod command_view;
mod component;
mod context;
#[cfg(test)]
mod cost;
mod erase;
mod error;
mod event;
mod export;
mod function;
mod given;
mod guard;
mod handlers;
pub mod hook;
mod host;
mod listener;
mod live;
mod macros;
mod message;
mod option_value;
mod page;
mod picked;
mod plugin;
#[doc(hidden)]
pub mod raw;
mod route;
mod runtime;
mod schedule;
mod setting;
mod state;
mod steps;
mod tables;
pub mod text;
mod time;

pub use abi::{Power, UnknownPower};
#[doc(hidden)]
pub use command::HandlerContext;
pub use command::{AutocompleteContext, CheckContext, Choice, Command, CommandOption, OptionType};
pub use command_view::{CommandView, UsableReply};
pub use component::{
    ButtonBuilder, CUSTOM_ID_LIMIT, Modal, SelectBuilder, SelectOption, TextField, button,
    channel_select, danger_button, layout, link_button, mentionable_select, role_select, select,
    user_select,
};
pub use context::{
    CommandContext, ComponentContext, ErrorContext, EventContext, Fields, Invocation, MessageEvent,
    PageContext, Progress, Reply, User,
};
pub use erase::EraseContext;
pub use error::{Error, Result};
pub use event::{Event, EventKind};
pub use function::FunctionContext;
pub use given::given;
pub use hook::{Hook, HookContext};
pub use host::{
    Action, BotControl, BotFiles, Cache, Commands, Counter, Databases, Discord, FileEntry, Files,
    Gauge, Histogram, History, Host, Inbox, Lookup, Members, Method, NewChannel, NewScheduled,
    OtherPlugin, Pages, Plugins, Presence, Request, Response, Scheduled, Schedules, Secret, Task,
    UsableQuery, Web, WebRequest, WebResponse,
    storage::{
        Database, Done, KvStore, Row, Rows, Statement, Storage, ToValue, Transaction, Value,
    },
};
pub use listener::Listener;
pub use macros::{Choices, Settings, command};
pub use manifest::Scope;
pub use message::{EmbedBuilder, NewMessage, embed};
pub use option_value::{FromOption, Mentionable, OptionInput};
pub use page::Page;
pub use picked::{Emoji, MessageLink};
pub use plugin::Plugin;
#[doc(hidden)]
pub use raw::Program;
pub use route::{Route, RouteContext, RouteReply, Tab};
pub use schedule::{Schedule, ScheduleContext};
pub use setting::{Setting, SettingType, Settings};
pub use state::State;

/// What plugins use: `use plugin_api::prelude::*;`.
pub mod prelude {
    pub use crate::{
        AutocompleteContext, CheckContext, Choice, Choices, Command, CommandContext, CommandOption,
        ComponentContext, Database, Discord, EraseContext, Error, ErrorContext, EventContext,
        FunctionContext, Hook, HookContext, Host, Invocation, KvStore, Listener, MessageLink,
        Method, Modal, NewChannel, NewMessage, Page, PageContext, Plugin, Presence, Result,
        Schedule, ScheduleContext, Scope, Secret, Setting, Settings, State, Statement, Task,
        TextField, Value, button, channel_select, command, danger_button, embed, export_plugin,
        hook::SettingChanged, layout, link_button, mentionable_select, params, role_select, select,
        user_select,
    };
    pub use twilight_model::{
        gateway::{
            Intents,
            payload::incoming::{
                MemberAdd, MemberRemove, MessageCreate, MessageDelete, MessageUpdate, ReactionAdd,
                ReactionRemove,
            },
        },
        guild::Permissions,
        id::{Id, marker},
    };
}

/// Any JSON: what [`Host::call`] takes and returns.
///
/// ```
/// use plugin_api::Json;
///
/// let topic = Json::from_iter([("topic", "tea")]);
/// assert_eq!(topic.to_string(), r#"{"topic":"tea"}"#);
/// ```
pub use serde_json::Value as Json;
/// Discord's types: events, messages, embeds, components, ids. Use it from here, so that its version is this crate's.
///
/// ```
/// use plugin_api::{prelude::*, twilight_model::util::Timestamp};
///
/// let channel: Id<marker::ChannelMarker> = Id::new(175_928_847_299_117_063);
/// assert_eq!(format!("<#{channel}>"), "<#175928847299117063>");
/// let new_year = Timestamp::parse("2026-01-01T00:00:00+00:00")?;
/// assert_eq!(format!("<t:{}:R>", new_year.as_secs()), "<t:1767225600:R>");
/// # Ok::<(), Error>(())
/// ```
pub use twilight_model;

/// Fails to compile when tokio's `signal` or `process` feature is on, by `full` or by cargo's feature unification: the name
/// below becomes ambiguous (E0659). Their statics leak two descriptors and 24 kB a generation.
#[allow(dead_code, reason = "it is there to be resolved, not to be used")]
mod tokio_without_signal_and_process {
    mod absent {
        pub(super) mod signal {
            pub(in super::super) const ABSENT: () = ();
        }
        pub(super) mod process {
            pub(in super::super) const ABSENT: () = ();
        }
    }
    #[allow(unused_imports, reason = "the clash of the two globs is the check")]
    use self::absent::*;
    #[allow(unused_imports, reason = "as above")]
    use tokio::*;

    const _TOKIO_SIGNAL_AND_PROCESS_FEATURES_MUST_BE_OFF: ((), ()) =
        (signal::ABSENT, process::ABSENT);
}

/// The guide's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/writing-plugins.md")]
struct Guide;
