//! Connection to a dashboard on another machine: kept while the configuration names one, and requests that come by it.
//!
//! They are served by the router that the port has, with the guards, sessions and rights of the port; only the way is told ([`Way`]), by
//! which nobody may more than `[remote] role` says.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Method, Uri},
    response::Response,
};
use futures_util::{StreamExt, stream};
use host_remote::{
    AnswerHead, Broken, Channel, Cut, Keys, Link, PublicKey, RequestHead, Sender, Stream, crossed,
    crossing, dial,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tower::ServiceExt;

use crate::{
    state::State,
    way::{Arrived, Relayed, Way},
};

/// The file of the bot's key, in the folder of the pages.
const KEY_FILE: &str = "remote.key";

/// What is waited before the first attempt after a loss, on the average; each time twice as much, up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_secs(1);

/// What is waited at most, on the average.
const LONGEST: Duration = Duration::from_secs(60);

/// A relay that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    url: String,
    key: PublicKey,
}

/// Keeps the connection that the configuration wants, until this is dropped.
pub(crate) async fn follow(state: Arc<State>, router: Router) {
    let mut config = state.config.follow();
    let mut access = state.access.follow();
    let mut role = state.config.now().remote.role.clone();
    loop {
        let wanted = wanted(&state);
        let config_now = state.config.now();
        if config_now.remote.url.is_some() && config_now.remote.key.is_none() {
            tracing::warn!(
                "`[remote] url` is set, and `key` is not: `cogwright dashboard key` prints it on the machine of the dashboard"
            );
        }
        drop(config_now);
        let staying = async {
            match &wanted {
                Some(wanted) => stay(&state, &router, wanted).await,
                None => std::future::pending().await,
            }
        };
        let changed = async {
            loop {
                tokio::select! {
                    changed = config.changed() => if changed.is_err() { return false },
                    changed = access.changed() => if changed.is_err() { return false },
                }
                let now = state.config.now();
                if now.remote.role != role {
                    role.clone_from(&now.remote.role);
                    // Pages that are open may no more than that from now on.
                    state.access.touch();
                }
                if self::wanted(&state) != wanted {
                    return true;
                }
            }
        };
        let goes_on = tokio::select! {
            () = staying => true,
            goes_on = changed => goes_on,
        };
        state.set_remote(None, None);
        if !goes_on {
            return;
        }
    }
}

fn wanted(state: &State) -> Option<Wanted> {
    let config = state.config.now();
    let url = config.remote.url.clone().filter(|_| state.enabled())?;
    let key = config.remote.key.as_deref()?.parse().ok()?;
    Some(Wanted { url, key })
}

/// Connects, and again when the connection is lost.
async fn stay(state: &Arc<State>, router: &Router, wanted: &Wanted) {
    let keys = {
        let file = state.folder().join(KEY_FILE);
        tokio::task::spawn_blocking(move || Keys::open(&file)).await
    };
    let keys = match keys {
        Ok(Ok(keys)) => keys,
        Ok(Err(error)) => return gave_up(state, &error.to_string()).await,
        Err(error) => return gave_up(state, &error.to_string()).await,
    };
    tracing::info!(
        "this bot's public key, for the bots.toml of the dashboard at {}: {}",
        wanted.url,
        keys.public()
    );
    let mut pause = SHORTEST;
    let mut said = String::new();
    loop {
        let begun = Instant::now();
        let broken = match dial(&wanted.url, &keys, &wanted.key).await {
            Ok(greeted) => {
                said.clear();
                let relayed = Relayed {
                    key: wanted.key.to_string(),
                    url: greeted.hello.url.clone(),
                };
                tracing::info!(
                    "pages at {}, too, through the dashboard at {}: for the role {} at most",
                    relayed.url,
                    wanted.url,
                    state.config.now().remote.role
                );
                let words = format!("connected: {}", relayed.url);
                let relayed = Arc::new(relayed);
                state.set_remote(Some(Arc::clone(&relayed)), Some(words));
                serve(greeted.channel, router, &Way::Remote(relayed)).await
            }
            Err(broken) => broken,
        };
        let text = format!("{broken} (this bot's public key: {})", keys.public());
        state.set_remote(None, Some(format!("not connected: {text}")));
        // The same words again and again would fill the log.
        if text != said {
            tracing::warn!("no connection to the dashboard at {}: {text}", wanted.url);
            said = text;
        }
        if begun.elapsed() >= LONGEST {
            pause = SHORTEST;
        }
        sleep(spread(pause)).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// What no attempt helps against; it is tried again when the configuration changes.
async fn gave_up(state: &State, why: &str) {
    tracing::error!("no connection to a dashboard on another machine: {why}");
    state.set_remote(None, Some(format!("not connected: {why}")));
    std::future::pending().await
}

/// Half to one and a half times as much: bots that have lost their relay together don't come back together.
fn spread(pause: Duration) -> Duration {
    let mut bytes = [0; 2];
    // Without random bytes they do.
    let _ = getrandom::fill(&mut bytes);
    let share = f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX);
    pause.mul_f64(0.5 + share)
}

/// Serves what comes by a connection, until it is over; requests that are under way end with it.
async fn serve(channel: Channel, router: &Router, way: &Way) -> Broken {
    let link = Link::new();
    let mut requests = JoinSet::new();
    let mut accept = |stream: Stream, head: Bytes| {
        while requests.try_join_next().is_some() {}
        requests.spawn(answer(stream, head, router.clone(), way.clone()));
    };
    link.run(channel, Some(&mut accept)).await
}

async fn answer(stream: Stream, head: Bytes, router: Router, way: Way) {
    let Stream { sender, receiver } = stream;
    let request = match request(&head, way) {
        Ok(request) => request,
        Err(why) => return sender.cut(why),
    };
    let body = stream::unfold(receiver, |mut receiver| async move {
        let piece: Result<Bytes, Cut> = receiver.data().await?;
        Some((piece, receiver))
    });
    let request = request.map(|()| Body::from_stream(body));
    let stopped = sender.stopped();
    let answering = async {
        match router.oneshot(request).await {
            Ok(response) => send(sender, response).await,
            Err(never) => match never {},
        }
    };
    // A page that was closed is waited for no longer.
    tokio::select! {
        () = answering => {}
        () = stopped => {}
    }
}

fn request(head: &[u8], way: Way) -> Result<http::Request<()>, &'static str> {
    let head: RequestHead =
        serde_json::from_slice(head).map_err(|_| "the request's head can't be read")?;
    let method: Method = head.method.parse().map_err(|_| "the method is none")?;
    // A path alone: what stands before it would be another name than the header's.
    let uri: Uri = match head.target.starts_with('/') {
        true => head.target.parse().map_err(|_| "the address is none")?,
        false => return Err("the address is none"),
    };
    let mut request = http::Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = crossed(&head.headers);
    let said: String = head.address.chars().take(64).collect();
    request.extensions_mut().insert(Arrived {
        way,
        // Not to be mixed up, in limits and in the journal, with addresses that this machine has seen itself.
        address: format!("{said}, says the remote dashboard"),
    });
    Ok(request)
}

async fn send(sender: Sender, response: Response) {
    let (parts, body) = response.into_parts();
    let head = AnswerHead {
        status: parts.status.as_u16(),
        headers: crossing(&parts.headers),
    };
    let head = serde_json::to_vec(&head).unwrap_or_default();
    if let Err(cut) = sender.head(head) {
        return sender.cut(&cut.to_string());
    }
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let Ok(piece) = piece else {
            return sender.cut("the bot's answer broke off");
        };
        if let Err(cut) = sender.data(piece).await {
            return sender.cut(&cut.to_string());
        }
    }
    sender.end();
}
