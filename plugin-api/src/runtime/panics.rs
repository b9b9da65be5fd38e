//! The plugin's panic hook.
//!
//! std's own hook must never run in a plugin: with `RUST_BACKTRACE` set it caches the library's debug info in statics,
//! 31 MB a generation.

use std::panic;

use super::job::panic_text;
use crate::{
    abi::{PanicHead, message_kind},
    raw::{Link, addresses},
};

/// Sends every panic of this library to the host's log.
pub(crate) fn install() {
    panic::set_hook(Box::new(|info| {
        let head = PanicHead {
            message: panic_text(info.payload()).to_owned(),
            location: info.location().map(ToString::to_string).unwrap_or_default(),
            thread: std::thread::current()
                .name()
                .unwrap_or("the plugin's own")
                .to_owned(),
            frames: addresses(),
        };
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let _ = Link::current().send(message_kind::PANIC, 0, 0, &head, &[]);
    }));
}

/// Takes the hook away again, with its memory.
pub(crate) fn remove() {
    drop(panic::take_hook());
}
