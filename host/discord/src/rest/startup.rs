//! Requests of the start, repeated until they are answered, since a machine may start before its network, and Discord
//! has its bad minutes.

use std::time::Duration;

use host_capability::Failure;
use plugin_api::abi::RequestCall;

use super::{Call, Discord};
use crate::lenient::Fields;

/// From the first pause to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

impl Discord {
    /// Asks Discord for an object, again and again while it is out of reach or has trouble; the log says so. Its JSON, of which
    /// the fields alone were looked at: what is odd in one of them ends no start.
    ///
    /// # Errors
    ///
    /// Discord has refused: no later try goes better.
    pub async fn ask_until_answered(&self, path: &str) -> Result<String, Failure> {
        let mut pause = PAUSES.0;
        loop {
            let failure = match self.object(path).await {
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

    async fn object(&self, path: &str) -> Result<String, Failure> {
        let request = RequestCall {
            method: "GET".to_owned(),
            path: path.to_owned(),
            ..RequestCall::default()
        };
        let call = Call {
            request,
            ..Call::default()
        };
        let (_, body) = self.send(call).await?;
        let body = String::from_utf8(body).ok();
        body.filter(|body| Fields::read(body).is_some())
            .ok_or_else(|| Failure::Transport("its answer is no JSON object".to_owned()))
    }
}

fn is_final(failure: &Failure) -> bool {
    match failure {
        // A redirect comes from somewhere on the way, such as the page of a network that wants a login first.
        Failure::Discord { status, .. } => {
            (400..500).contains(status) && !matches!(status, 408 | 425 | 429)
        }
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
        assert!(!discord(302) && !discord(307) && !discord(408));
        assert!(!is_final(&Failure::Transport("no route to host".into())));
        assert!(!is_final(&Failure::Lost("connection reset".into())));
    }
}
