//! Hostile deeds in random order, in one host: `COGWRIGHT_SEED` repeats one.

use std::{
    env,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Hostile, alone, build, nothing_stays, stays};

/// What a deed leaves, and so the report must say.
const DEEDS: &[(&str, bool, &str)] = &[
    ("thread", false, "thread(s) that the plugin started"),
    ("detached", false, "thread(s) that the plugin started"),
    ("chain", false, "thread(s) that the plugin started"),
    ("c11", false, "thread(s) that the plugin started"),
    ("dependent", false, "thread(s) that the plugin started"),
    ("calling_timer", true, "timer(s), which were deleted"),
    ("signalling_timer", true, "timer(s), which were deleted"),
    ("sigusr1", true, "its handling of SIGUSR1"),
    ("bare_sigusr1", true, "its handling of SIGUSR1"),
    ("borrow", true, ""),
    ("finaliser", true, ""),
    ("ignore_sigpipe", true, ""),
];

#[test]
fn deeds_in_any_order_are_told_of_and_crash_nothing() {
    alone(
        module_path!(),
        "deeds_in_any_order_are_told_of_and_crash_nothing",
        async || {
            let mut random = Random::new();
            let host = Hostile::with(&[build::hostile()]).await;
            let mut waiting = Vec::new();
            for round in 0..24 {
                let (deed, unmapped, says) = DEEDS[random.below(DEEDS.len())];
                let place = host.place(&format!("{round}"));
                let answer = host.deed(deed, &place).await;
                assert_eq!(answer, format!("{deed}: 0"));
                let report = host.unload("hostile").await;
                match says {
                    "" => nothing_stays(&report),
                    _ => stays(&report, unmapped, says),
                }
                if !unmapped {
                    waiting.push(place);
                }
                if random.below(3) == 0 {
                    host.reload_others("hello", 1).await;
                }
                // Some threads end while other generations come and go.
                if !waiting.is_empty() && random.below(2) == 0 {
                    let place = waiting.swap_remove(random.below(waiting.len()));
                    host.release(&place);
                    host.until_done(&place);
                }
                host.load("hostile").await;
            }
            for place in waiting {
                host.release(&place);
                host.until_done(&place);
            }
            assert_eq!(host.deed("ticks", Path::new("none")).await, "ticks: 0");
            host.bot.close().await;
        },
    );
}

/// Numbers that a seed determines (xorshift).
struct Random(u64);

impl Random {
    fn new() -> Self {
        let given = env::var("COGWRIGHT_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed: u64 = given.unwrap_or(now.as_nanos() as u64);
        println!("COGWRIGHT_SEED={seed}");
        Self(seed | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
