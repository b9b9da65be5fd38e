//! Panic hook of a plugin.
//!
//! std's own hook must never run in a plugin: with `RUST_BACKTRACE` set it caches the library's debug info in statics,
//! 31 MB a generation.
//!
//! A panic that can't unwind would end the whole process behind the hook: one in a destructor while another unwinds, one in an
//! `extern "C"` function, one in the destructor of a thread-local. The hook does not return from those: the thread stays where it
//! is, and the host, which is told, treats the plugin as one that blocks.

use std::{
    cell::Cell,
    panic::{self, PanicHookInfo},
    thread,
    time::Duration,
};

use super::{Link, addresses};
use crate::{
    abi::{PanicHead, message_kind},
    guard::panic_text,
};

/// What std says before it ends the process (core's `panic_in_cleanup`, `panic_cannot_unwind`, and violated preconditions of
/// unsafe functions). Whether a panic can unwind is not to be asked in stable Rust.
const WITHOUT_RETURN: [&str; 3] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
    "unsafe precondition(s) violated",
];

thread_local! {
    /// Whether this is the generation's thread. Without a destructor, so that it can be read to the thread's very end.
    static GENERATIONS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Sends every panic of this library to the host's log.
pub(super) fn install() {
    GENERATIONS_OWN.set(true);
    panic::set_hook(Box::new(tell));
}

/// From here on there is no host to be told. Both hooks are plain functions: nothing is left on the heap.
pub(super) fn leave() {
    panic::set_hook(Box::new(after_the_end));
}

fn tell(info: &PanicHookInfo<'_>) {
    let message = panic_text(info.payload());
    let without_return = WITHOUT_RETURN.iter().any(|text| message.starts_with(text));
    let head = PanicHead {
        message: message.to_owned(),
        location: info.location().map(ToString::to_string).unwrap_or_default(),
        thread: thread::current()
            .name()
            .unwrap_or("the plugin's own")
            .to_owned(),
        frames: addresses(),
        ends_plugin: without_return && GENERATIONS_OWN.get(),
    };
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let _ = Link::current().send(message_kind::PANIC, 0, 0, &head, &[]);
    if without_return {
        stay();
    }
}

/// What panics on the generation's thread now is the destructor of a thread-local.
fn after_the_end(info: &PanicHookInfo<'_>) {
    eprintln!("a plugin panicked after its end: {info}");
    if GENERATIONS_OWN.get() {
        stay();
    }
}

/// For ever. Not `park`, which asks for what a thread that ends does not have any more.
fn stay() -> ! {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}
