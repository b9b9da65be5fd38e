//! Outages of Discord, or of the way there: what they are, and how they are waited out.

use std::time::Duration;

use plugin_api::prelude::*;

/// How often something is tried while Discord is out of order: waiting twice as long each time, that is about 8 minutes.
const TRIES: u32 = 9;

/// Asks again where Discord is out of order, after twice as long each time.
pub(super) async fn patiently<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let mut tries = 0;
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        tries += 1;
        if tries >= TRIES || !is_outage(&error) {
            return Err(error);
        }
        let wait = Duration::from_secs(1 << tries);
        tracing::warn!("{what}: tried again in {wait:?}: {error}");
        tokio::time::sleep(wait).await;
    }
}

/// Whether Discord, or the way there, is out of order.
pub(super) fn is_outage(error: &Error) -> bool {
    let out_of_order = |status| status >= 500 || status == 429;
    error.user_message().is_none() && error.http_status().is_none_or(out_of_order)
}
