//! Tests that timers go with the plugin that made them.

use super::{Hostile, alone, build, nothing_stays, stays};

const DEEDS: [&str; 5] = [
    "calling_timer",
    "signalling_timer",
    "interval",
    "alarm",
    "ualarm",
];

#[test]
fn timers_are_deleted_and_told_of() {
    alone(
        module_path!(),
        "timers_are_deleted_and_told_of",
        async || {
            let host = Hostile::with(&[build::hostile()]).await;
            for round in 0..20 {
                let deed = DEEDS[round % DEEDS.len()];
                assert_eq!(
                    host.deed(deed, &host.place("none")).await,
                    format!("{deed}: 0")
                );
                let report = host.unload("hostile").await;
                stays(&report, true, "1 timer(s), which were deleted");
                // It would end the process: nobody handles its signal any more.
                assert_eq!(seconds_to_alarm(), 0);
                host.load("hostile").await;
            }
            let report = host.unload("hostile").await;
            nothing_stays(&report);
            host.bot.close().await;
        },
    );
}

/// What is left of the process's alarm.
#[allow(unsafe_code, reason = "what the test is about")]
fn seconds_to_alarm() -> u32 {
    // SAFETY: no preconditions.
    unsafe { libc::alarm(0) }
}
