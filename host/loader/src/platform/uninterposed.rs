//! Stand-in for the interposers where there are none: nothing is known, so nothing is given back, and no library is unmapped.

#![allow(missing_docs, reason = "they are the others' twins")]

use std::{ffi::OsString, time::Duration};

use super::{EndedBy, Owner, TakenSignal, Tid, UnknownThread};

#[derive(Debug, Clone, Copy)]
pub struct Key;

#[must_use]
pub fn install() -> bool {
    false
}

#[must_use]
pub fn supported() -> bool {
    false
}

/// Does nothing: a thread that leaves ends the process.
///
/// # Safety
///
/// None is needed here.
pub unsafe fn report_exit(_ended_by: *const EndedBy) {}

pub fn on_exit(_tell: fn(Owner, &'static std::ffi::CStr)) {}

pub fn let_plugins_end_it() {}

#[must_use]
pub fn keys_of(_lo: usize, _hi: usize) -> Vec<Key> {
    Vec::new()
}

/// # Safety
///
/// No thread lives that has run code of the library.
pub unsafe fn reap_keys(_keys: &[Key], _owner: Owner, _lo: usize, _hi: usize) -> usize {
    0
}

#[must_use]
pub fn threads_of(_owner: Owner, _lo: usize, _hi: usize) -> Vec<Tid> {
    Vec::new()
}

#[must_use]
pub fn used_by(_owner: Owner) -> (Duration, usize) {
    (Duration::ZERO, 0)
}

#[must_use]
pub fn unknown_threads() -> Vec<UnknownThread> {
    Vec::new()
}

pub fn delete_timers_of(_owner: Owner) -> Option<usize> {
    Some(0)
}

pub fn capture_signals() {}

pub fn on_refused_signal(_tell: fn(Owner, i32)) {}

pub fn put_back_hosts() -> Vec<(i32, usize)> {
    Vec::new()
}

pub fn verify_signals(_owner: Owner, _images: &[(usize, usize)]) -> Vec<TakenSignal> {
    Vec::new()
}

pub fn release_signals_of(_owner: Owner) -> Option<Vec<i32>> {
    Some(Vec::new())
}

#[must_use]
pub fn opened_by(_owner: Owner) -> Vec<OsString> {
    Vec::new()
}

#[must_use]
pub fn opened_by_others(_owner: Owner) -> Vec<OsString> {
    Vec::new()
}

pub fn forget_opened_by(_owner: Owner) {}

pub fn while_closing<T>(close: impl FnOnce() -> T) -> T {
    close()
}
