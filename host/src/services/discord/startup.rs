//! What is asked before anything else goes on: it is asked until it is answered, since a machine may start before its network,
//! and Discord has its bad minutes.

use std::time::Duration;

use serde_json::Value;

use super::Discord;
use crate::services::Failure;

/// From the first pause to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

impl Discord {
    /// Asks Discord, again and again while it is out of reach or has trouble; the log says so.
    ///
    /// # Errors
    ///
    /// Discord has refused: no later try goes better.
    pub async fn ask_until_answered(&self, path: &str) -> Result<Value, Failure> {
        let mut pause = PAUSES.0;
        loop {
            let failure = match self.json("GET", path.to_owned(), &Value::Null, false).await {
                Ok(answer) => return Ok(answer),
                Err(failure) if is_final(&failure) => return Err(failure),
                Err(failure) => failure,
            };
            tracing::warn!(
                "can't ask Discord for `{path}` yet: {failure}; trying again in {pause:?}"
            );
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}

fn is_final(failure: &Failure) -> bool {
    match failure {
        Failure::Discord { status, .. } => *status < 500 && *status != 429,
        // What is no JSON comes from somewhere on the way.
        Failure::Transport(_) | Failure::Lost(_) | Failure::Limited(_) | Failure::Params(_) => {
            false
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_final_and_trouble_is_not() {
        let discord = |status| {
            is_final(&Failure::Discord {
                status,
                code: 0,
                message: String::new(),
                places: Vec::new(),
            })
        };
        assert!(discord(401) && discord(403) && discord(404));
        assert!(!discord(500) && !discord(503) && !discord(429));
        assert!(!is_final(&Failure::Transport("no route to host".into())));
        assert!(!is_final(&Failure::Lost("connection reset".into())));
    }
}
