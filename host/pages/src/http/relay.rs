//! Requests to plugins' routes: looked at, passed on as a frame, and answered.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State as Extract},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use futures_util::StreamExt;
use host_base::PluginName;
use host_loader::{Generation, Rights};
use plugin_api::{
    abi::{RouteAnswer, RouteCall, Upload},
    manifest::{Manifest, RouteManifest},
};
use tokio::time::timeout;

use super::{guard::text, refusal::Refusal, visitor::Visitor};
use crate::{
    invoke::{self, About, Missing, Unanswered},
    path::{GUILD, decoded},
    site::Site,
    state::State,
};

/// Bytes of a body where a route says nothing else.
const BODY: u64 = 64 << 10;

/// Bytes of a file where a route says nothing else.
const UPLOAD: u64 = 64 << 20;

/// What a body may take to come, and a file.
const BODY_TIME: Duration = Duration::from_secs(30);
const UPLOAD_TIME: Duration = Duration::from_secs(30 * 60);

/// Headers that plugins are told of.
const TOLD: [&str; 5] = [
    "accept",
    "accept-language",
    "content-type",
    "if-none-match",
    "last-event-id",
];

/// Headers that plugins may set.
const TAKEN: [&str; 5] = [
    "content-type",
    "cache-control",
    "etag",
    "location",
    "content-disposition",
];

/// Nothing is there.
pub(super) async fn nothing(request: Request) -> Response {
    Refusal::nothing().answer(Refusal::wants_page(request.method(), request.headers()))
}

/// Leads to the plugin whose pages are the first that one sees.
pub(super) async fn home(Extract(state): Extract<Arc<State>>, _visitor: Visitor) -> Response {
    let generations = state.site.generations();
    match generations.iter().find(|it| it.manifest.pages.home) {
        Some(home) => Redirect::to(&format!("/p/{}/", home.manifest.name)).into_response(),
        None => Refusal::new(
            StatusCode::NOT_FOUND,
            "No plugin that is loaded shows pages here. The dashboard is one: its file belongs into the bot's extensions folder.",
        )
        .answer(true),
    }
}

/// A request to one of a plugin's paths.
pub(super) async fn route(
    state: Extract<Arc<State>>,
    visitor: Visitor,
    request: Request,
) -> Response {
    // As it was sent: what a parameter holds is decoded in its own place.
    let whole = request.uri().path().to_owned();
    let mut parts = whole.splitn(4, '/').skip(2);
    let (plugin, path) = (parts.next().unwrap_or_default(), parts.next());
    match path {
        Some(path) => serve(state, plugin, &format!("/{path}"), visitor, request).await,
        None => Redirect::permanent(&format!("/p/{plugin}/")).into_response(),
    }
}

async fn serve(
    Extract(state): Extract<Arc<State>>,
    plugin: &str,
    path: &str,
    visitor: Visitor,
    request: Request,
) -> Response {
    let wants_page = Refusal::wants_page(request.method(), request.headers());
    let answered = relay(&state, plugin, path, visitor, request).await;
    answered.unwrap_or_else(|refusal| refusal.answer(wants_page))
}

/// A request that was looked at.
struct Allowed {
    generation: Arc<Generation>,
    route: RouteManifest,
    params: BTreeMap<String, String>,
    rights: Arc<Rights>,
}

/// Which route a request is for, and that whoever asks may use it now.
async fn allowed(
    state: &State,
    name: &PluginName,
    method: &Method,
    path: &str,
    visitor: &Visitor,
) -> Result<Allowed, Refusal> {
    let generation = state.site.generation(name).ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "There is no plugin of that name, or it is not loaded.",
        )
    })?;
    let manifest = &generation.manifest;
    let (route, params) = invoke::find(manifest, method.as_str(), path).map_err(other_methods)?;
    let route = route.clone();
    let mut rights = Arc::clone(&visitor.rights);
    let mut about = About::All;
    if let Some(guild) = params.get(GUILD) {
        rights = in_server(&state.site, visitor, rights, guild).await?;
        about = About::Server;
    }
    may(manifest, &route, &rights, about)?;
    Ok(Allowed {
        generation,
        route,
        params,
        rights,
    })
}

async fn relay(
    state: &Arc<State>,
    plugin: &str,
    path: &str,
    mut visitor: Visitor,
    request: Request,
) -> Result<Response, Refusal> {
    let site = &state.site;
    let name = PluginName::new(plugin);
    let method = match *request.method() {
        Method::HEAD => Method::GET,
        ref method => method.clone(),
    };
    let before = allowed(state, &name, &method, path, &visitor).await?;
    let mut call = RouteCall::default();
    call.path = decoded(path).ok_or_else(Refusal::nothing)?;
    let query = request.uri().query().unwrap_or_default();
    call.query = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    for name in TOLD {
        if let Some(value) = text(request.headers(), &HeaderName::from_static(name)) {
            call.headers.insert(name.to_owned(), value.to_owned());
        }
    }
    let has_body = method != Method::GET;
    let manifest = &before.generation.manifest;
    let taking = take(state, &manifest.name, &before.route, &mut call, request);
    let patience = match before.route.upload {
        true => UPLOAD_TIME,
        false => BODY_TIME,
    };
    let too_slow = |_| {
        Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "The request took too long to come.",
        )
    };
    let (body, kept) = timeout(patience, taking).await.map_err(too_slow)??;
    // What it takes to come is time in which a role may be taken and a plugin swapped.
    let now = match has_body {
        true => {
            visitor.again(state)?;
            allowed(state, &name, &method, path, &visitor).await?
        }
        false => before,
    };
    let manifest = &now.generation.manifest;
    call.params = now.params;
    call.session = visitor.told(state, &manifest.name);
    call.base = format!("/p/{}", manifest.name);
    let entry = format!("{} {}", now.route.method, now.route.path);
    let answered = invoke::ask(site, &name, &entry, now.rights, &call, &body).await;
    drop(kept);
    match answered {
        Ok((answer, body)) => Ok(respond(answer, body)),
        Err(why) => Err(unanswered(
            site,
            &manifest.name,
            &entry,
            call.session.user_id,
            why,
        )),
    }
}

/// The rights of somebody in one server: whoever has theirs for servers of their own needs to own or manage it.
async fn in_server(
    site: &Site,
    visitor: &Visitor,
    rights: Arc<Rights>,
    guild: &str,
) -> Result<Arc<Rights>, Refusal> {
    let guild: u64 = guild
        .parse()
        .ok()
        .filter(|id| *id != 0)
        .ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "That is no server's id."))?;
    if rights.own_servers && !site.manages(visitor.session.user, guild).await {
        let role = &rights.role;
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "Your role here ({role}) is for servers that you own or manage, and this is none of them."
            ),
        ));
    }
    Ok(rights)
}

fn may(
    manifest: &Manifest,
    route: &RouteManifest,
    rights: &Rights,
    about: About,
) -> Result<(), Refusal> {
    let role = &rights.role;
    let why = match invoke::permits(manifest, &route.right, rights, about) {
        Ok(()) => return Ok(()),
        Err(Missing::Right(right)) => format!(
            "Your role here ({role}) does not include `{right}`. The bot's owner can change that, on the page Roles."
        ),
        Err(Missing::Server) => format!(
            "Your role here ({role}) is for servers that you own or manage, and this is about all of them."
        ),
    };
    Err(Refusal::new(StatusCode::FORBIDDEN, why))
}

fn other_methods(methods: Vec<&str>) -> Refusal {
    if methods.is_empty() {
        return Refusal::nothing();
    }
    let mut methods = methods;
    methods.dedup();
    let methods = methods.join(", ");
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("That address takes {methods}."),
    )
    .with(header::ALLOW, &methods)
}

/// A file that is kept while its request is served.
struct Kept(PathBuf);

impl Drop for Kept {
    /// Also when whoever sent it has gone: nothing of it stays.
    fn drop(&mut self) {
        let path = std::mem::take(&mut self.0);
        tokio::task::spawn_blocking(move || fs::remove_file(path));
    }
}

/// Reads a body, or keeps it as a file.
async fn take(
    state: &State,
    plugin: &str,
    route: &RouteManifest,
    call: &mut RouteCall,
    request: Request,
) -> Result<(Vec<u8>, Option<Kept>), Refusal> {
    let config = state.config.now();
    let (default, most) = match route.upload {
        true => (UPLOAD, config.pages.upload_bytes),
        false => (BODY, config.pages.body_bytes),
    };
    let limit = Some(route.body_bytes)
        .filter(|bytes| *bytes > 0)
        .unwrap_or(default)
        .min(most);
    let too_large = || {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "That is larger than the {limit} bytes that are taken here (`[pages]` in config.toml has the bot's own limits)."
            ),
        )
    };
    if !route.upload {
        let body = to_bytes(
            request.into_body(),
            usize::try_from(limit).unwrap_or(usize::MAX),
        );
        return Ok((body.await.map_err(|_| too_large())?.to_vec(), None));
    }
    let name = text(request.headers(), &HeaderName::from_static("x-file-name"));
    let name = name.and_then(decoded).unwrap_or_default();
    let name = name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    if name.is_empty() || name.chars().any(char::is_control) || matches!(&*name, "." | "..") {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "The file has no name (`x-file-name`).",
        ));
    }
    let unkept = |error: std::io::Error| {
        tracing::error!("an upload could not be kept: {error}");
        Refusal::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "The file could not be kept: the bot's log says why.",
        )
    };
    let (file, inside) = state.upload_file(plugin).map_err(unkept)?;
    let kept = Kept(file.clone());
    match stream(request.into_body(), file, limit).await {
        Ok(Some(bytes)) => {
            let mut upload = Upload::default();
            (upload.path, upload.name, upload.bytes) = (inside, name, bytes);
            call.upload = Some(upload);
            Ok((Vec::new(), Some(kept)))
        }
        Ok(None) => Err(too_large()),
        Err(error) => Err(unkept(error)),
    }
}

/// Writes a body into a file; how many bytes it has, or `None` when it has more than it may.
async fn stream(body: Body, path: PathBuf, limit: u64) -> std::io::Result<Option<u64>> {
    let mut pieces = body.into_data_stream();
    let mut bytes = 0;
    let blocking = |work: Result<std::io::Result<File>, tokio::task::JoinError>| {
        work.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    };
    let mut file = blocking(tokio::task::spawn_blocking(move || File::create_new(path)).await)?;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(std::io::Error::other)?;
        bytes += piece.len() as u64;
        if bytes > limit {
            return Ok(None);
        }
        let written = tokio::task::spawn_blocking(move || {
            file.write_all(&piece)?;
            Ok(file)
        });
        file = blocking(written.await)?;
    }
    Ok(Some(bytes))
}

/// A plugin's answer as HTTP, with those of its headers that it may set.
fn respond(answer: RouteAnswer, body: Vec<u8>) -> Response {
    let status = match answer.status {
        0 => StatusCode::OK,
        status => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let headers = answer.headers.iter().filter(|(name, value)| {
        // A plugin leads nobody to another server.
        let leads_away = *name == "location"
            && (!value.starts_with('/')
                || value.starts_with("//")
                || value.starts_with("/\\")
                || value.contains(char::is_control));
        TAKEN.contains(&&***name) && !leads_away
    });
    let headers = headers.filter_map(|(name, value)| {
        let name: HeaderName = name.parse().ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    });
    let headers: Vec<_> = headers.collect();
    let mut response = (status, body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    response
}

fn unanswered(site: &Site, plugin: &str, entry: &str, user: u64, why: Unanswered) -> Refusal {
    match why {
        Unanswered::Away(text) => {
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text).with(header::RETRY_AFTER, "1")
        }
        Unanswered::Busy(text) => {
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, text).with(header::RETRY_AFTER, "1")
        }
        Unanswered::Late(text) => Refusal::new(StatusCode::GATEWAY_TIMEOUT, text),
        Unanswered::Unreadable(text) => {
            tracing::warn!(plugin, route = entry, "the route's answer is none: {text}");
            Refusal::new(
                StatusCode::BAD_GATEWAY,
                "The plugin's answer can't be read.",
            )
        }
        Unanswered::Failed(error) => match &error.user_message {
            Some(words) => {
                let status = match error.denied {
                    true => StatusCode::FORBIDDEN,
                    false => StatusCode::BAD_REQUEST,
                };
                Refusal::new(status, words.clone())
            }
            None => {
                let id = site.bot.failed(plugin, entry, user, &error);
                Refusal::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    format!(
                        "Something went wrong in the plugin `{plugin}`. The bot's log has it as error {id}."
                    ),
                )
            }
        },
    }
}
