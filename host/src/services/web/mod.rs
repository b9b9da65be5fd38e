//! Web requests of plugins, through one HTTP client: hosts that a plugin declares or the owner grants it, with limits.
//!
//! Addresses of the local network are refused, where they come from a name as well as where they stand in the URL: see
//! `address.rs`. Redirects are followed here (`hop.rs`), so that each is looked at as the first address was.

mod address;
mod allowed;
mod client;
mod download;
mod hop;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, places};
use host_loader::{Caller, Completion, Places, Unserved};
use host_ops::config::{self, Live};
use plugin_api::{
    abi::{DownloadCall, WebCall, WebReply},
    manifest::Manifest,
};
use reqwest::{Client, Response, header::HeaderValue};
use serde_json::Value;
use tokio::sync::Semaphore;

use self::{
    address::{AnyAddress, PublicAddress},
    allowed::{Allowed, Verdict},
    client::failed,
    hop::{Hop, shown, without_query},
};
pub(crate) use self::{allowed::problems, client::authorities};
use crate::services::Services;

/// As many redirects as browsers follow, about.
const REDIRECTS: usize = 10;

/// Other servers on the web.
pub struct Web {
    live: Live,
    /// Connects to public addresses alone.
    public: Client,
    /// Connects to any address: for hosts that the owner has granted by name.
    any: Client,
    generations: Mutex<HashMap<Caller, Arc<Generation>>>,
}

/// Declared hosts of a generation, and its requests on their way.
struct Generation {
    declared: Vec<String>,
    /// As many places as are configured, and how many those were.
    places: Mutex<(usize, Arc<Semaphore>)>,
}

impl Generation {
    /// The places for requests that are on their way at once. Those who have one when their number is changed keep it.
    fn places(&self, most: usize) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.0 != most {
            *places = (most, Arc::new(Semaphore::new(most)));
        }
        Arc::clone(&places.1)
    }
}

impl Web {
    /// The web, as the owner allows it. A file of authorities that can't be used is logged, and costs what they vouch
    /// for alone.
    #[must_use]
    pub fn new(live: Live) -> Self {
        let config = live.now();
        let own = config.web.ca_file.as_deref().map(authorities);
        let own = own.transpose().unwrap_or_else(|why| {
            tracing::error!("{why}; until then servers that it vouches for are not trusted");
            None
        });
        let own = own.unwrap_or_default();
        Self {
            live,
            public: client::new(PublicAddress, &own),
            any: client::new(AnyAddress, &own),
            generations: Mutex::default(),
        }
    }

    /// A generation is about to start, with this manifest.
    pub fn generation_starts(&self, caller: &Caller, manifest: &Manifest) {
        let generation = Generation {
            declared: manifest.web_hosts.clone(),
            places: Mutex::new((0, Arc::new(Semaphore::new(0)))),
        };
        self.generations()
            .insert(caller.clone(), Arc::new(generation));
    }

    /// Takes a generation out that is over. Its requests end as all host calls do (`host_call.rs`).
    pub fn generation_ended(&self, caller: &Caller) {
        self.generations().remove(caller);
    }

    /// How many generations may send requests.
    #[must_use]
    pub fn generation_count(&self) -> usize {
        self.generations().len()
    }

    /// The host call `web.request`.
    ///
    /// # Errors
    ///
    /// The host is not allowed, or the request failed.
    pub async fn serve(
        &self,
        caller: &Caller,
        params: Value,
        body: Vec<u8>,
    ) -> Result<Completion, Failure> {
        let call: WebCall = serde_json::from_value(params)?;
        let (settings, url) = (self.live.now(), call.url.clone());
        let limit = time_limit(&settings.web, &call);
        let asked = async |allowed: &Allowed<'_>| {
            let response = self.reach(allowed, &call, body).await?;
            answer(&settings.web, &call, response).await
        };
        self.in_turn(caller, limit, &url, asked).await
    }

    /// Has a generation ask when one of its places is free, with what it may reach, for no longer than `limit`.
    async fn in_turn(
        &self,
        caller: &Caller,
        limit: Duration,
        url: &str,
        ask: impl AsyncFnOnce(&Allowed<'_>) -> Result<Completion, Failure>,
    ) -> Result<Completion, Failure> {
        let generation = self.generations().get(caller).cloned();
        let Some(generation) = generation else {
            return Err(refused("the plugin has not started, or is over"));
        };
        let config = self.live.now();
        let settings = &config.web;
        let allowed = Allowed {
            declared: if settings.require_grants {
                &[]
            } else {
                &generation.declared
            },
            granted: config
                .grants
                .get(&caller.plugin)
                .map_or(&[][..], |it| &it.web),
        };
        let sent = async {
            let _turn = generation
                .places(settings.max_concurrent)
                .acquire_owned()
                .await;
            ask(&allowed).await
        };
        tokio::time::timeout(limit, sent).await.unwrap_or_else(|_| {
            Err(Failure::Web(format!(
                "{}: no answer within {} ms",
                without_query(url),
                limit.as_millis()
            )))
        })
    }

    /// The response at the end of all redirects.
    async fn reach(
        &self,
        allowed: &Allowed<'_>,
        call: &WebCall,
        body: Vec<u8>,
    ) -> Result<Response, Failure> {
        let mut hop = Hop::of(call, body)?;
        for _ in 0..=REDIRECTS {
            let client = match allowed.judge(&hop.url) {
                Verdict::Declared => &self.public,
                Verdict::Granted => &self.any,
                Verdict::Refused(why) => return Err(refused(why)),
            };
            let request = client
                .request(hop.method.clone(), hop.url.clone())
                .headers(hop.headers.clone())
                .body(hop.body.clone());
            let response = hop.on_the_wire(request.send()).await;
            let response = response.map_err(|error| failed(&hop.url, error))?;
            match hop.next(&response)? {
                Some(next) => hop = next,
                None => return Ok(response),
            }
        }
        Err(Failure::Web(format!(
            "{}: more than {REDIRECTS} redirects",
            without_query(&call.url)
        )))
    }

    fn generations(&self) -> MutexGuard<'_, HashMap<Caller, Arc<Generation>>> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web")
            .field("generations", &self.generations().len())
            .finish_non_exhaustive()
    }
}

fn time_limit(settings: &config::Web, call: &WebCall) -> Duration {
    let asked = call.timeout_ms.unwrap_or(settings.timeout_ms);
    Duration::from_millis(asked.min(settings.max_timeout_ms))
}

async fn answer(
    settings: &config::Web,
    call: &WebCall,
    mut response: Response,
) -> Result<Completion, Failure> {
    let most = settings.max_response_bytes;
    let limit = call.max_bytes.map_or(most, |asked| asked.min(most));
    let url = response.url().clone();
    let too_large = || {
        Failure::Web(format!(
            "{}: the response has more than {limit} bytes; ask for less, or raise `[web] max_response_bytes`",
            shown(&url)
        ))
    };
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(too_large());
    }
    let head = head_of(&response);
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| failed(&url, error))?
    {
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Completion {
        head: serde_json::to_vec(&head)?,
        body,
        ..Completion::default()
    })
}

fn head_of(response: &Response) -> WebReply {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter();
    WebReply {
        status: response.status().as_u16(),
        url: response.url().to_string(),
        headers: headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
    }
}

fn refused(why: impl Into<String>) -> Failure {
    Failure::Refused(why.into())
}

impl Capability<Services> for Web {
    const CALLS: &'static [CallRule] = &[
        CallRule::free("web.download"),
        CallRule::free("web.request"),
    ];
    const PLACES: Places = places("web", 1_024);
    const LEAVES: Leaves = Leaves::WebRequest;

    fn problems(_: &PluginName, manifest: &Manifest, problems: &mut Vec<String>) {
        self::problems(manifest, problems);
    }

    async fn generation_starts(
        &self,
        caller: &Caller,
        manifest: &Manifest,
    ) -> Result<(), Unserved> {
        Self::generation_starts(self, caller, manifest);
        Ok(())
    }

    async fn serve(
        &self,
        services: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        match &*call.name {
            "web.download" => {
                let wanted: DownloadCall = serde_json::from_value(call.params)?;
                services.secrets.may_be_shown(&wanted.file)?;
                self.download(&services.files, caller, wanted, call.body)
                    .await
            }
            _ => Self::serve(self, caller, call.params, call.body).await,
        }
    }

    fn generation_ended(&self, caller: &Caller) {
        Self::generation_ended(self, caller);
    }

    fn registries(&self) -> Vec<(&'static str, usize)> {
        vec![("web, generations", self.generation_count())]
    }
}
