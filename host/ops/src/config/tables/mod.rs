//! Tables of the configuration, a file each.
//!
//! A setting is one entry of its table: its words, whether a running bot takes a change over (`live`) or needs a restart
//! (`restart`, with the reason in a comment), its type, its default, and the reader that knows what it may be.

/// Writes a table: its struct and defaults, how it is read, and how a change of it is taken over.
macro_rules! table {
    (@is live) => { true };
    (@is restart) => { false };
    (
        $(#[$about:meta])*
        $name:ident {$(
            $(#[$words:meta])*
            $change:ident $key:ident: $type:ty = $default:expr, $reader:expr;
        )*}
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$words])* pub $key: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* }
            }
        }

        impl $name {
            pub(in $crate::config) fn read(mut table: $crate::config::document::Table<'_, '_>) -> Self {
                let mut settings = Self::default();
                $(table.read(stringify!($key), &mut settings.$key, $reader);)*
                settings
            }

            /// Whether a running bot takes this key over.
            pub(in $crate::config) fn is_live(key: &str) -> bool {
                match key {
                    $(stringify!($key) => table!(@is $change),)*
                    _ => false,
                }
            }

            /// Takes a key over from `next`.
            pub(in $crate::config) fn take_over(&mut self, key: &str, next: &Self) {
                match key {
                    $(stringify!($key) => self.$key.clone_from(&next.$key),)*
                    _ => {}
                }
            }
        }
    };
}

pub(super) mod alerts;
pub(super) mod answers;
pub(super) mod bot;
pub(super) mod cache;
pub(super) mod commands;
pub(super) mod components;
pub(super) mod data;
pub(super) mod discord;
pub(super) mod extensions;
pub(super) mod files;
pub(super) mod grants;
pub(super) mod hooks;
pub(super) mod isolation;
pub(super) mod limits;
pub(super) mod log;
pub(super) mod metrics;
pub(super) mod pages;
pub(super) mod plugins;
pub(super) mod remote;
pub(super) mod schedules;
pub(super) mod secrets;
pub(super) mod shutdown;
pub(super) mod status;
pub(super) mod storage;
pub(super) mod web;
