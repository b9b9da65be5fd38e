//! Threads where the system does not tell when their destructors of thread-locals are done.

use std::{
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};

use super::JOIN_PAUSE;

/// Waits until a thread's function has returned; false when it has not within `limit`. Destructors of thread-locals may run behind that.
pub fn join_within(thread: JoinHandle<()>, limit: Duration) -> bool {
    let began = Instant::now();
    while !thread.is_finished() {
        if began.elapsed() > limit {
            return false;
        }
        sleep(JOIN_PAUSE);
    }
    thread.join().is_ok()
}
