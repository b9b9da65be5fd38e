//! Discord's REST API: any route, through the one governor.
//!
//! | file | what it does |
//! | --- | --- |
//! | `governor/` | no request goes out but when Discord wants it |
//! | `transport.rs` | one request, one answer |
//! | `repeat.rs` | what may be sent twice, should the answer be lost |
//! | `request.rs` | from a call to a request |
//! | `body.rs` | a message inside a body, changed |
//! | `path.rs` | a path, read once |
//! | `message.rs` | what holds of every message |
//! | `seal.rs` | which modals were opened by the host |
//! | `startup.rs` | what is asked before anything else goes on, until it is answered |

mod body;
mod governor;
mod message;
mod path;
mod repeat;
mod request;
mod seal;
mod startup;
mod transport;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use host_base::{redact, shown};
use host_capability::Failure;
use host_loader::host_call::{self, on_the_wire};
use host_ops::config;
use http::StatusCode;
use plugin_api::abi::RequestCall;
use serde_json::Value;

pub(crate) use self::{
    body::edited,
    transport::{Answer, Lost, Outgoing, Transport},
};
use self::{
    governor::{
        BAN, Bounds, Fate, Governor, Notice, PendingRequest, RateLimitInfo, Refused, RequestClass,
        Route, Rules, Stopped, Ticket,
    },
    repeat::{PAUSE, Repeat, may_pass},
    request::build,
    seal::Seals,
    transport::Http,
};
pub use self::{message::writes_message, path::canonical};
use crate::figures::Figures;

/// Message flag: for the invoker's eyes alone
/// ([reference](https://discord.com/developers/docs/resources/message#message-object-message-flags)).
pub const EPHEMERAL: u64 = 64;

/// How long Discord honours an interaction's token.
pub const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

/// Discord's REST API.
pub struct Discord {
    transport: Box<dyn Transport>,
    governor: Arc<Governor>,
    longest_wait: Duration,
    /// What is waited before the second try.
    pause: Duration,
    pub(super) seals: Seals,
    pub(super) figures: Arc<Figures>,
}

/// One request: what [`Discord::send`] takes.
#[derive(Debug, Default)]
pub struct Call {
    /// As in [`RequestCall`].
    pub request: RequestCall,
    /// The body.
    pub body: Vec<u8>,
    /// The number of a new message, by which Discord knows it when it comes twice; 25 characters at most. `None`: any. One that the body has
    /// goes before ([reference](https://docs.discord.com/developers/resources/message#create-message)).
    pub number: Option<String>,
    /// Whether the path itself carries the right to it (interactions and webhooks), and no token is sent.
    pub without_token: bool,
    /// Whether it is an alert to the owner: it goes out when nothing else does any more.
    pub is_alert: bool,
    /// For how long an answer is waited, where it is of no use any later.
    pub answer_within: Option<Duration>,
}

/// Options of sending a request.
#[derive(Debug, Clone, Copy)]
struct How {
    is_alert: bool,
    answer_within: Option<Duration>,
}

impl Discord {
    /// The API as it is configured, with the bot's token; requests are counted in `figures`.
    #[must_use]
    pub fn new(config: &config::Discord, token: Option<&str>, figures: Arc<Figures>) -> Self {
        Self {
            seals: Seals::new(token),
            ..Self::over(Box::new(Http::new(config, token)), config, figures)
        }
    }

    fn over(
        transport: Box<dyn Transport>,
        config: &config::Discord,
        figures: Arc<Figures>,
    ) -> Self {
        let longest_wait = Duration::from_secs(config.longest_wait_s);
        let rules = Rules {
            per_second: config.requests_per_second as usize,
            longest_wait,
        };
        Self {
            transport,
            governor: Governor::new(rules, config.http_proxy.is_some()),
            longest_wait,
            pause: PAUSE,
            seals: Seals::new(None),
            figures,
        }
    }

    /// Another's API, without limits, and without a pause before the second try.
    #[cfg(test)]
    pub(super) fn simulated(transport: Box<dyn Transport>) -> Self {
        let config = config::Discord {
            http_proxy: Some("simulated".into()),
            ..config::Discord::default()
        };
        Self {
            pause: Duration::ZERO,
            ..Self::over(transport, &config, Arc::default())
        }
    }

    /// Calls `raise` with whose they are and a text when requests are stopped because too many were invalid, and when there are half as many.
    pub fn tell(&self, raise: impl Fn(&str, &str) + Send + Sync + 'static) {
        self.governor.tell(move |notice| {
            let whose = notice.plugin.as_deref().unwrap_or("the bot");
            let about = match notice.until {
                Some(_) => format!("invalid requests of {whose}"),
                None => format!("many invalid requests of {whose}"),
            };
            raise(&about, &words_of_notice(notice));
        });
    }

    /// From now on so many invalid requests are enough, as `[limits]` says.
    pub fn bound_invalid(&self, limits: &config::Limits) {
        self.governor.bound_invalid(Bounds::of_percent(
            limits.invalid_requests_percent,
            limits.plugin_invalid_requests_percent,
        ));
    }

    /// Sends JSON and reads JSON; `Null` for an empty response.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach.
    pub async fn json(
        &self,
        method: &str,
        path: String,
        body: &Value,
        without_token: bool,
    ) -> Result<Value, Failure> {
        let request = RequestCall {
            method: method.to_owned(),
            path,
            ..RequestCall::default()
        };
        let body = match body {
            Value::Null => Vec::new(),
            body => serde_json::to_vec(body)?,
        };
        let (_, body) = self
            .send(Call {
                request,
                body,
                without_token,
                ..Call::default()
            })
            .await?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&body)?)
    }

    /// Sends a request; HTTP status and body of the response.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach; or the wait for a rate limit would be too long.
    pub async fn send(&self, mut call: Call) -> Result<(u16, Vec<u8>), Failure> {
        // Whoever says it, and whatever it looks like by now: people read it.
        call.body = redact::clean(call.body).await;
        if let Some(reason) = &mut call.request.reason {
            *reason = shown::line(&redact::text(reason)).into_owned();
        }
        let method = call.request.method.clone();
        let how = How {
            is_alert: call.is_alert,
            answer_within: call.answer_within,
        };
        let (outgoing, repeat) = build(call, &self.seals)?;
        let path = outgoing.path();
        let began = Instant::now();
        let result = self.exchange(&outgoing, repeat, how).await;
        let status = match &result {
            Ok((status, _)) | Err(Failure::Discord { status, .. }) => *status,
            // It never left the host.
            Err(Failure::Refused(_)) => return result,
            Err(_) => 0,
        };
        self.figures
            .rest
            .ended(&method, path, status, began.elapsed());
        result
    }

    /// As often as it takes, and as Discord allows.
    async fn exchange(
        &self,
        outgoing: &Outgoing,
        mut repeat: Repeat,
        how: How,
    ) -> Result<(u16, Vec<u8>), Failure> {
        let pending = PendingRequest {
            plugin: host_call::caller().map(|caller| caller.plugin),
            route: Route::of(outgoing.method().as_str(), outgoing.path()),
            class: match RequestClass::of(outgoing.path()) {
                _ if how.is_alert => RequestClass::Alert,
                // A webhook that a plugin sends by is no answer to an interaction.
                RequestClass::Token if outgoing.has_token() => RequestClass::Bot,
                class => class,
            },
        };
        let mut again: Option<Ticket> = None;
        let mut is_second = false;
        let mut may_be_done = false;
        loop {
            let permit = self.governor.permit(&pending, again.take()).await;
            let permit = permit.map_err(|refused| self.refused(outgoing, refused))?;
            let answer = match self.on_the_wire(outgoing, how.answer_within).await {
                Ok(answer) => answer,
                Err(lost) => {
                    drop(permit);
                    may_be_done |= !lost.is_unsent;
                    if repeat == Repeat::Never && !lost.is_unsent || is_second {
                        return Err(match may_be_done {
                            true => Failure::Lost(lost.why),
                            false => Failure::Transport(lost.why),
                        });
                    }
                    (repeat, is_second) = (Repeat::Never, true);
                    tokio::time::sleep(self.pause).await;
                    continue;
                }
            };
            let headers =
                RateLimitInfo::read(answer.status.as_u16(), &answer.headers, &answer.body);
            match permit.answered(&headers) {
                Fate::Again(ticket) => {
                    let method = outgoing.method();
                    self.figures.rest.limited(method.as_str(), outgoing.path());
                    again = Some(ticket);
                    continue;
                }
                Fate::TooLong(wait) => {
                    return Err(self.refused(outgoing, Refused::TooLong(wait)));
                }
                Fate::Done => {}
            }
            if may_pass(answer.status) && repeat == Repeat::Once {
                may_be_done = true;
                (repeat, is_second) = (Repeat::Never, true);
                tokio::time::sleep(self.pause).await;
                continue;
            }
            return read(outgoing, answer, is_second);
        }
    }

    /// Sends it once. What changes something is not called back when its plugin goes meanwhile.
    async fn on_the_wire(
        &self,
        outgoing: &Outgoing,
        answer_within: Option<Duration>,
    ) -> Result<Answer, Lost> {
        let sending = self.send_once(outgoing, answer_within);
        if outgoing.method().is_safe() {
            return sending.await;
        }
        let wire = on_the_wire(format_args!("{outgoing}"));
        let answer = sending.await;
        match &answer {
            Ok(answer) => wire.came_back(answer.status),
            Err(lost) => wire.came_back(&lost.why),
        }
        answer
    }

    async fn send_once(
        &self,
        outgoing: &Outgoing,
        answer_within: Option<Duration>,
    ) -> Result<Answer, Lost> {
        let sending = self.transport.send(outgoing);
        let Some(within) = answer_within else {
            return sending.await;
        };
        let answer = tokio::time::timeout(within, sending).await;
        answer.unwrap_or_else(|_| {
            Err(Lost {
                is_unsent: false,
                why: format!("no answer within {within:?}"),
            })
        })
    }

    /// Why it does not go out, in words.
    fn refused(&self, outgoing: &Outgoing, refused: Refused) -> Failure {
        Failure::Limited(match refused {
            Refused::TooLong(wait) => format!(
                "Discord's rate limit lets `{outgoing}` through in {wait:.0?} at the earliest, and more than {:?} is not waited \
                 (`discord.longest_wait_s`): try again then",
                self.longest_wait
            ),
            Refused::Stopped(stopped) => {
                format!("`{outgoing}` was not sent: {}", words_of(&stopped))
            }
            Refused::Crowded(most) => format!(
                "`{outgoing}` was not sent: {most} requests of the plugin wait for their turn already; await them before others"
            ),
        })
    }
}

fn words_of(stopped: &Stopped) -> String {
    let minutes = minutes_until(stopped.until);
    let (count, ban) = (stopped.count, shown::number(BAN));
    match &stopped.plugin {
        Some(plugin) => format!(
            "{count} requests of the plugin `{plugin}` in ten minutes were refused (401, 403, 429), and Discord bans a bot with \
             {ban}: it sends nothing but answers to interactions for {minutes} min; the log at level `debug` has what it tried"
        ),
        None => format!(
            "{count} requests in ten minutes were refused (401, 403, 429), and Discord bans a bot with {ban}: nothing but answers \
             to interactions goes out for {minutes} min; `/metrics` shows the routes"
        ),
    }
}

/// The same for the owner, who is told before anything is stopped, and where most of it comes from.
fn words_of_notice(notice: &Notice) -> String {
    let Notice { plugin, count, .. } = notice;
    let most = &notice.most;
    let whose = match (plugin, &most.plugin) {
        (None, Some(plugin)) => format!(" of the plugin `{plugin}`"),
        (None, None) => " of the bot itself".to_owned(),
        (Some(_), _) => String::new(),
    };
    let most = format!(
        "most were `{}`{whose} with status {} ({} of them)",
        most.route, most.status, most.count
    );
    if let Some(until) = notice.until {
        let stopped = Stopped {
            plugin: plugin.clone(),
            count: *count,
            until,
        };
        return format!("{}; {most}", words_of(&stopped));
    }
    let (bound, ban) = (shown::number(notice.bound), shown::number(BAN));
    let (whose, stops, setting) = match plugin {
        Some(plugin) => (
            format!(" of the plugin `{plugin}`"),
            "it sends nothing but answers to interactions",
            "plugin_invalid_requests_percent",
        ),
        None => (
            String::new(),
            "nothing but answers to interactions goes out",
            "invalid_requests_percent",
        ),
    };
    format!(
        "{count} requests{whose} in ten minutes were refused (401, 403, 429), {most}. From {bound} on {stops} (`limits.{setting}`): \
         Discord bans a bot with {ban}"
    )
}

fn minutes_until(until: Instant) -> u64 {
    let left = until.saturating_duration_since(Instant::now());
    left.as_secs().div_ceil(60)
}

/// What an answer says.
fn read(outgoing: &Outgoing, answer: Answer, is_second: bool) -> Result<(u16, Vec<u8>), Failure> {
    let Answer { status, body, .. } = answer;
    if status.is_success() {
        return Ok((status.as_u16(), body));
    }
    // The first try had deleted it, and its answer was lost.
    if is_second && outgoing.method() == http::Method::DELETE && status == StatusCode::NOT_FOUND {
        return Ok((StatusCode::NO_CONTENT.as_u16(), Vec::new()));
    }
    let failure = Failure::of_answer(status, &body);
    tracing::debug!("{outgoing}: {failure}");
    Err(failure)
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord")
            .field("governor", &self.governor)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
