//! Interposers: functions of libc that the executable puts itself in front of, to know what a plugin leaves in the process.
//!
//! | file | functions | why |
//! | --- | --- | --- |
//! | `exit.rs` | `abort`, `exit`, `_exit`, `_Exit`, `quick_exit`, `__assert_fail`, `pthread_exit` | a plugin would end the process |
//! | `threads.rs` | `pthread_create`, `thrd_create` | unmapping a library while a thread runs in it ends the process |
//! | `timers.rs` | `timer_create`, `timer_delete`, `setitimer`, `alarm`, `ualarm` | a timer goes off after its library is gone |
//! | `signals.rs` | `sigaction`, `signal` and the like | the host's handlers stay in force, and what was there before comes back |
//! | `keys.rs` | `pthread_key_create`, `tss_create`, and their opposites | every copy of std makes a key and never deletes it (rust-lang/rust#91979); a process has 1,024, and would abort at about the thousandth load |
//! | `opened.rs` | `dlopen` | which libraries a plugin has brought |
//! | `finalisers.rs` | `__cxa_thread_atexit_impl` | a destructor that is registered while its library is being unmapped |
//!
//! `hooks.rs` is the table of them, `next_symbol.rs` finds libc's own. Whose something is says `platform/owner.rs`: every thread runs on
//! somebody's behalf.
//!
//! A library that is opened finds the executable's functions before libc's, because the executable exports them
//! (`build.rs`). The host's own keys and threads come through here as well. So these functions allocate nothing (but `dlopen`), use no
//! thread-local with a destructor, hold no lock during which anything else could be waited for, and work before `main`.
//!
//! Linux with glibc on x86_64 and aarch64; elsewhere nothing is interposed, and [`supported`] says so: what a plugin
//! leaves there stays. Invariant: plugins are opened without `RTLD_DEEPBIND`, which would search libc first.

#[cfg(test)]
mod cost;
mod exit;
mod finalisers;
mod hooks;
mod keys;
mod next_symbol;
mod opened;
mod signals;
mod spent;
mod threads;
mod timers;

pub use self::{
    exit::{let_plugins_end_it, on_exit, report_exit},
    finalisers::while_closing,
    hooks::{install, supported},
    keys::{Key, keys_of, reap_keys},
    opened::{forget_opened_by, opened_by, opened_by_others},
    signals::{
        capture_signals, on_refused_signal, put_back_hosts, release_signals_of, verify_signals,
    },
    threads::{threads_of, unknown as unknown_threads, used_by},
    timers::delete_timers_of,
};
