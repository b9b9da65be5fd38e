//! Tests that the host's signals stay the host's, and that what was there before a plugin took another comes back.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use super::{Hostile, alone, build, in_cells, is_logged, logged, nothing_stays, stays, until};

static TERMINATED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn on_sigterm(_: i32) {
    TERMINATED.fetch_add(1, SeqCst);
}

/// As `cogwright run` does, before it starts the bot.
fn handle_sigterm() {
    use std::mem;
    // SAFETY: a handler that adds to a number.
    #[allow(unsafe_code, reason = "what the test is about")]
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = on_sigterm as *const () as usize;
        assert_eq!(
            libc::sigaction(libc::SIGTERM, &raw const action, std::ptr::null_mut()),
            0
        );
    }
}

fn send(signal: i32) {
    // SAFETY: a signal to this process, which handles it.
    #[allow(unsafe_code, reason = "what the test is about")]
    unsafe {
        assert_eq!(libc::kill(libc::getpid(), signal), 0);
    }
}

fn is_terminated(times: usize) {
    let before = TERMINATED.load(SeqCst);
    for _ in 0..times {
        send(libc::SIGTERM);
        until("the host's handler was called", || {
            TERMINATED.load(SeqCst) > before
        });
    }
}

/// Handler of a signal as the kernel has it, whatever libc says.
fn caught() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .unwrap();
    u64::from_str_radix(line.trim(), 16).unwrap()
}

fn is_caught(signal: i32) -> bool {
    caught() & (1 << (signal - 1)) != 0
}

#[test]
fn the_hosts_signals_stay_the_hosts() {
    alone(
        module_path!(),
        "the_hosts_signals_stay_the_hosts",
        async || {
            handle_sigterm();
            let host = Hostile::with(&[build::hostile()]).await;
            let none = Path::new("none");
            let invalid = libc::EINVAL.to_string();
            for deed in ["sigterm", "signal_term", "sigsegv", "sigpipe"] {
                let answer = host.deed(deed, none).await;
                // The signals of its own process are nobody's concern.
                assert!(
                    in_cells() || answer == format!("{deed}: {invalid}"),
                    "{answer}"
                );
                is_terminated(1);
            }
            for signal in ["SIGTERM", "SIGSEGV", "SIGPIPE"] {
                let told = format!("it wanted to take {signal}, which is the host's");
                let is_told = is_logged(&["plugin=\"hostile\"", &told]);
                assert_eq!(is_told, !in_cells(), "{signal}");
            }
            // What is in force already is no taking.
            assert_eq!(host.deed("ignore_sigpipe", none).await, "ignore_sigpipe: 0");
            let report = host.unload("hostile").await;
            nothing_stays(&report);
            is_terminated(1);
            // By a bare system call it is swallowed for a second at most.
            host.load("hostile").await;
            let told = &[
                "plugin=\"hostile\"",
                "it wanted to take SIGTERM, which is the host's",
            ];
            let before = logged(told);
            assert_eq!(host.deed("bare_sigterm", none).await, "bare_sigterm: 0");
            until("it was told", || in_cells() || logged(told) > before);
            is_terminated(1);
            let report = host.unload("hostile").await;
            assert!(report.unmapped, "{report:?}");
            is_terminated(1);
            host.bot.close().await;
        },
    );
}

#[test]
fn what_was_there_before_comes_back_in_any_order() {
    alone(
        module_path!(),
        "what_was_there_before_comes_back_in_any_order",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            let none = Path::new("none");
            let before = caught();
            for deed in ["sigusr1", "bare_sigusr1"] {
                assert_eq!(host.deed(deed, none).await, format!("{deed}: 0"));
                assert_eq!(is_caught(libc::SIGUSR1), !in_cells());
                let report = host.unload("hostile").await;
                stays(
                    &report,
                    true,
                    "its handling of SIGUSR1: what was in force before is again",
                );
                assert!(report.stayed.len() <= 1, "{report:?}");
                assert_eq!(caught(), before);
                host.load("hostile").await;
            }
            if in_cells() {
                // A signal to this process is none to the plugin's.
                return host.bot.close().await;
            }
            // The old generation's handler lies below the new one's, and goes first.
            assert_eq!(host.deed("sigusr1", none).await, "sigusr1: 0");
            send(libc::SIGUSR1);
            host.bot.plugins().reload("hostile").await.unwrap();
            assert_eq!(host.deed("sigusr1", none).await, "sigusr1: 0");
            until("the old generation is gone", || {
                host.generations("hostile") == 1
            });
            send(libc::SIGUSR1);
            while host.deed("ticks", none).await != "ticks: 1" {}
            let report = host.unload("hostile").await;
            assert!(report.unmapped, "{report:?}");
            assert_eq!(caught(), before);
            host.load("hostile").await;
            assert_eq!(host.deed("borrow", none).await, "borrow: 0");
            let report = host.unload("hostile").await;
            assert!(report.unmapped && report.stayed.is_empty(), "{report:?}");
            host.bot.close().await;
        },
    );
}
