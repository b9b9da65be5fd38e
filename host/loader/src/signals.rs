//! Signals that plugins take, and ends of the process that they want: who they are, and what the operator reads of it.

use std::{
    ffi::CStr,
    sync::{Mutex, Once, PoisonError},
};

use host_base::PluginName;

use crate::platform::{self, Owner, interpose};

/// The names of the libraries that are open or were.
static NAMES: Mutex<Vec<(Owner, String)>> = Mutex::new(Vec::new());

/// Before a library is opened: what the host has in force is known from here on, and whose name to log.
pub fn watch(owner: Owner, plugin: &str) {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        interpose::capture_signals();
        interpose::on_refused_signal(refused);
        interpose::on_exit(exits);
    });
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    names.push((owner, plugin.to_owned()));
}

/// Its library is gone.
pub fn forget(owner: Owner) {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    names.retain(|(whose, _)| *whose != owner);
}

/// Looks whether a plugin has taken signals by a bare system call. The host's are put back.
pub fn look_for_bypasses(plugin: &str, owner: Owner, code: &[(usize, usize)]) {
    for signal in interpose::verify_signals(owner, code) {
        let signals = names(&[signal.number]);
        if signal.hosts {
            log_refusal(plugin, &signals);
        } else {
            tracing::warn!(plugin, "it has set {signals} by a bare system call");
        }
    }
}

/// The same for whoever it was, at any time: a signal of the host's is not out of its hands for longer than it takes until this is
/// called again. `whose` finds the plugin that a handler belongs to.
pub fn put_back_hosts(whose: impl Fn(usize) -> Option<PluginName>) {
    for (number, handler) in interpose::put_back_hosts() {
        let signals = names(&[number]);
        match whose(handler) {
            Some(plugin) => log_refusal(&plugin, &signals),
            None => tracing::warn!(
                "a plugin has set {signals} by a bare system call, which is the host's: the host's handling is in force again"
            ),
        }
    }
}

/// Called on the plugin's thread, where it asked for the signal.
fn refused(owner: Owner, number: i32) {
    log_refusal(&name(owner), &names(&[number]));
}

/// Called on the plugin's thread, which stays where it is from here on.
fn exits(owner: Owner, function: &'static CStr) {
    tracing::error!(
        plugin = name(owner),
        "it called `{}`, which would end the whole bot: the thread that did so is held until the host restarts",
        function.to_string_lossy()
    );
}

fn name(owner: Owner) -> String {
    let names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let plugin = names.iter().find(|(whose, _)| *whose == owner);
    plugin.map_or_else(String::new, |(_, name)| name.clone())
}

fn log_refusal(plugin: &str, signals: &str) {
    tracing::warn!(
        plugin,
        "it wanted to take {signals}, which is the host's: the host's handling stays in force"
    );
}

/// What people call these signals.
#[must_use]
pub fn names(signals: &[i32]) -> String {
    let name = |signal: &i32| match platform::signals::name(*signal) {
        Some(name) => name.to_owned(),
        None => format!("signal {signal}"),
    };
    signals.iter().map(name).collect::<Vec<_>>().join(", ")
}
