//! REST API of the simulated Discord: as much as bots need for their start and their answers. No limits, and no headers about limits.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::BTreeSet,
    convert::Infallible,
    rc::Rc,
    time::Instant,
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use crate::{Outcome, world};

/// A bot's answer to a message or an interaction.
#[derive(Debug)]
pub struct Answer {
    /// The message or the interaction.
    pub to: u64,
    /// When it was here whole.
    pub at: Instant,
    /// What it says.
    pub content: String,
}

/// The API.
pub struct Rest {
    address: String,
    gateway: String,
    answers: mpsc::UnboundedSender<Answer>,
    commands: RefCell<Vec<Value>>,
    next: Cell<u64>,
    unknown: RefCell<BTreeSet<String>>,
}

/// The body of what a bot says.
#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow, default)]
    content: Cow<'a, str>,
    #[serde(borrow)]
    message_reference: Option<Reference<'a>>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    message_id: Id<'a>,
}

/// An id as clients write it: as a text, or, in Python, as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id<'a> {
    Number(u64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

impl Id<'_> {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Number(id) => Some(*id),
            Self::Text(id) => id.parse().ok(),
        }
    }
}

/// The body of an interaction's response.
#[derive(Deserialize)]
struct Callback<'a> {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(borrow)]
    data: Option<Sent<'a>>,
}

impl Rest {
    /// Listens on a port of loopback; tells what bots answer.
    pub async fn start(gateway: &str) -> Outcome<(Rc<Self>, mpsc::UnboundedReceiver<Answer>)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (answers, received) = mpsc::unbounded_channel();
        let rest = Rc::new(Self {
            address: listener.local_addr()?.to_string(),
            gateway: gateway.to_owned(),
            answers,
            commands: RefCell::default(),
            next: Cell::new(1_500_000_000_000_000_000),
            unknown: RefCell::default(),
        });
        let serving = Rc::clone(&rest);
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let rest = Rc::clone(&serving);
                // Without it answers wait for the other side's acknowledgement; there is nothing to do about a failure.
                let _ = stream.set_nodelay(true);
                let service = service_fn(move |request| {
                    let rest = Rc::clone(&rest);
                    async move { Ok::<_, Infallible>(rest.answer(request).await) }
                });
                tokio::task::spawn_local(async move {
                    // A bot that is killed ends its connections in the middle.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok((rest, received))
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The id of a registered command.
    pub fn command(&self, name: &str) -> Option<String> {
        let commands = self.commands.borrow();
        let found = commands.iter().find(|it| it["name"] == name)?;
        Some(found["id"].as_str()?.to_owned())
    }

    /// Another bot comes: no commands are registered.
    pub fn forget(&self) {
        self.commands.borrow_mut().clear();
    }

    fn id(&self) -> u64 {
        self.next.set(self.next.get() + 1);
        self.next.get()
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return empty(StatusCode::BAD_REQUEST);
        };
        let (at, body) = (Instant::now(), body.to_bytes());
        let path = head.uri.path();
        let path = path.strip_prefix("/api/v10/").unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        let with_response = head
            .uri
            .query()
            .is_some_and(|it| it.contains("with_response"));
        let method = &head.method;
        match parts.as_slice() {
            ["channels", channel, "messages"] if method == Method::POST => {
                self.message(channel, at, &body)
            }
            ["interactions", id, _, "callback"] if method == Method::POST => {
                self.callback(id, at, &body, with_response)
            }
            ["users", "@me"] => found(&world::bot()),
            ["applications", "@me"] | ["oauth2", "applications", "@me"] => {
                found(&world::application())
            }
            ["gateway"] => found(&json!({"url": self.gateway})),
            ["gateway", "bot"] => found(&json!({
                "url": self.gateway, "shards": 1,
                "session_start_limit": {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1},
            })),
            ["applications", _, "commands"] => self.registered(method, &body),
            ["applications", _, "guilds", _, "commands"] if method == Method::GET => {
                found(&json!([]))
            }
            _ => {
                let what = format!("{method} {path}");
                if self.unknown.borrow_mut().insert(what.clone()) {
                    eprintln!("a bot asks for what is not here: {what}");
                }
                let error = json!({"message": "404: Not Found", "code": 0});
                with(StatusCode::NOT_FOUND, &error)
            }
        }
    }

    fn message(&self, channel: &str, at: Instant, body: &[u8]) -> Response<Full<Bytes>> {
        let Ok(sent) = serde_json::from_slice::<Sent<'_>>(body) else {
            return empty(StatusCode::BAD_REQUEST);
        };
        let to = sent.message_reference.as_ref();
        if let Some(to) = to.and_then(|it| it.message_id.number()) {
            self.tell(to, at, &sent.content);
        }
        found(&world::sent(channel, self.id(), &sent.content))
    }

    fn callback(
        &self,
        id: &str,
        at: Instant,
        body: &[u8],
        with_response: bool,
    ) -> Response<Full<Bytes>> {
        let (Ok(to), Ok(callback)) = (id.parse(), serde_json::from_slice::<Callback<'_>>(body))
        else {
            return empty(StatusCode::BAD_REQUEST);
        };
        let content = callback.data.map(|it| it.content).unwrap_or_default();
        // Another kind, such as "is thinking…", is no answer.
        if callback.kind == 4 {
            self.tell(to, at, &content);
        }
        if !with_response {
            return empty(StatusCode::NO_CONTENT);
        }
        let message = self.id();
        let channel = world::channel_id(0).to_string();
        found(&json!({
            "interaction": {
                "id": id, "type": 2, "response_message_id": message.to_string(), "response_message_loading": false,
                "response_message_ephemeral": false, "channel_id": channel,
            },
            "resource": {"type": 4, "message": world::sent(&channel, message, &content)},
        }))
    }

    fn tell(&self, to: u64, at: Instant, content: &str) {
        let content = content.to_owned();
        // Nobody listens when a run is over.
        let _ = self.answers.send(Answer { to, at, content });
    }

    fn registered(&self, method: &Method, body: &[u8]) -> Response<Full<Bytes>> {
        let mut commands = self.commands.borrow_mut();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        match (method, body) {
            (&Method::GET, _) => {}
            (&Method::PUT, Value::Array(all)) => {
                *commands = all.into_iter().map(|it| self.with_id(it)).collect();
            }
            (&Method::POST, one @ Value::Object(_)) => {
                let one = self.with_id(one);
                commands.push(one.clone());
                return with(StatusCode::CREATED, &one);
            }
            _ => return empty(StatusCode::BAD_REQUEST),
        }
        found(&Value::Array(commands.clone()))
    }

    fn with_id(&self, mut command: Value) -> Value {
        command["id"] = json!(self.id().to_string());
        command["application_id"] = json!(world::BOT.to_string());
        command["version"] = json!(self.id().to_string());
        if command["type"].is_null() {
            command["type"] = json!(1);
        }
        for absent in ["default_member_permissions", "contexts"] {
            if command.get(absent).is_none() {
                command[absent] = Value::Null;
            }
        }
        command
    }
}

fn found(json: &Value) -> Response<Full<Bytes>> {
    with(StatusCode::OK, json)
}

fn with(status: StatusCode, json: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(json.to_string())));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read_whoever_writes_it() {
        for body in [
            r#"{"content": "a \"word\"", "message_reference": {"message_id": "7", "type": 0}}"#,
            r#"{"content": "a \"word\"", "message_reference": {"message_id": 7}, "tts": false}"#,
        ] {
            let sent: Sent<'_> = serde_json::from_str(body).unwrap();
            assert_eq!(sent.content, "a \"word\"");
            assert_eq!(sent.message_reference.unwrap().message_id.number(), Some(7));
        }
    }

    #[test]
    fn only_a_message_answers_an_interaction() {
        let body = r#"{"type": 5, "data": {"flags": 64}}"#;
        let callback: Callback<'_> = serde_json::from_str(body).unwrap();
        assert_eq!(
            (callback.kind, callback.data.unwrap().content),
            (5, "".into())
        );
    }
}
