//! Probe calls of the victim, and how long each waits.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use host::services::Services;
use host_loader::Caller;
use sandbox::Sandbox;

use crate::{AT_ONCE, PATIENCE, calls::Call};

/// The plugin in whose name it asks.
pub const VICTIM: &str = "hello";

/// What is measured.
pub enum Probe<'a> {
    /// A call of the victim's.
    Call(&'a Call),
    /// A member's command to another plugin.
    Command,
}

/// What came of it.
pub struct Measured {
    /// In order of size.
    took: Vec<Duration>,
    span: Duration,
    /// Why the first one failed that did.
    pub failed: Option<String>,
}

impl Probe<'_> {
    pub fn name(&self) -> &str {
        match self {
            Self::Call(call) => call.name,
            Self::Command => "a command, `!hello`",
        }
    }

    pub fn call(&self) -> Option<&Call> {
        match self {
            Self::Call(call) => Some(call),
            Self::Command => None,
        }
    }

    /// How long each asker waits from one call to the next. What Discord hears of stays below the share that the governor
    /// gives to one of two, of Discord's 50 requests a second: else it would be that limit that is measured.
    fn pace(&self) -> Duration {
        match self {
            Self::Call(call) if call.name != "discord.request" => Duration::ZERO,
            _ => Duration::from_millis(400),
        }
    }

    /// Asks for so long, several at once.
    pub async fn measure(
        &self,
        sandbox: &Sandbox,
        services: &Arc<Services>,
        span: Duration,
    ) -> Result<Measured, String> {
        let (began, mut askers) = (Instant::now(), Vec::new());
        for _ in 0..AT_ONCE {
            let (services, sandbox) = (Arc::clone(services), sandbox.clone());
            let call = self.call().map(|call| call.by(VICTIM));
            let pace = self.pace();
            askers.push(tokio::spawn(async move {
                let (mut took, mut failed) = (Vec::new(), None);
                let caller = Caller::new(VICTIM, 1);
                while began.elapsed() < span {
                    let asked = Instant::now();
                    let answer = match &call {
                        Some(call) => call.make(&services, &caller).await.map(drop),
                        None => greet(&sandbox).await,
                    };
                    took.push(asked.elapsed());
                    failed = failed.or(answer.err());
                    if !pace.is_zero() {
                        tokio::time::sleep_until((asked + pace).into()).await;
                    }
                }
                (took, failed)
            }));
        }
        let mut measured = Measured {
            took: Vec::new(),
            span: Duration::ZERO,
            failed: None,
        };
        for asker in askers {
            let (took, failed) = asker.await.map_err(|error| error.to_string())?;
            measured.took.extend(took);
            measured.failed = measured.failed.or(failed);
        }
        measured.span = began.elapsed();
        measured.took.sort_unstable();
        Ok(measured)
    }
}

async fn greet(sandbox: &Sandbox) -> Result<(), String> {
    let member = sandbox.actor("member").map_err(|it| it.to_string())?;
    let sent = member.says("general", "!hello").await;
    let sent = sent.map_err(|it| it.to_string())?;
    let answer = tokio::time::timeout(PATIENCE, member.expects_reply_to(&sent)).await;
    let answer = answer.map_err(|_| "no answer to `!hello`".to_owned())?;
    answer.map(drop).map_err(|it| it.to_string())
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share: f64| {
            let last = self.took.len().saturating_sub(1) as f64;
            self.took
                .get((last * share) as usize)
                .copied()
                .unwrap_or_default()
        };
        let rate = self.took.len() as f64 / self.span.as_secs_f64();
        write!(f, "{:.2?}, {:.2?}, {rate:.0}", at(0.5), at(0.99))?;
        if self.failed.is_some() {
            write!(f, " (failed)")?;
        }
        Ok(())
    }
}
