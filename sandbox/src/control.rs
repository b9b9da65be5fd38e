//! Control API over HTTP, for tests in any language: JSON in and out below `/sandbox/`.
//!
//! Users act by `POST /sandbox/act`, as the page's do, or by whole scripts; what concerns the sandbox itself is
//! [`Control`], which script lines are made of, too. Foreign `Origin`s and `Host`s are
//! refused ([`crate::origin`]).

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{actor::Actor, context::Context, error::Error, order::Control, script};

/// The routes.
pub(crate) fn router() -> Router<Context> {
    Router::new()
        .route("/sandbox/control", get(read).post(apply))
        .route("/sandbox/expect", post(expect))
        .route("/sandbox/script", post(play))
}

type Body<T> = Result<Json<T>, JsonRejection>;

/// How the sandbox is set at present.
async fn read(State(context): State<Context>) -> Json<Value> {
    Json(Control::settings(&context.shared))
}

/// Does one thing, and answers how the sandbox is set then.
async fn apply(State(context): State<Context>, body: Body<Control>) -> Response {
    let Json(control) = match body {
        Ok(body) => body,
        Err(rejection) => return unreadable(&rejection),
    };
    match control.apply(&context.shared) {
        Ok(()) => Json(Control::settings(&context.shared)).into_response(),
        Err(error) => failed(&error),
    }
}

/// What a user waits for; see [`Actor::expects`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    user: String,
    channel: String,
    /// Part of the text; any text fits the empty one.
    #[serde(default)]
    contains: String,
    /// Only what this user alone sees.
    #[serde(default)]
    ephemeral: bool,
    /// The id of the message that it replies to.
    #[serde(default)]
    reply_to: Option<String>,
}

/// Waits for a message of the bot, uses it up, and answers with it.
async fn expect(State(context): State<Context>, body: Body<Expectation>) -> Response {
    let Json(wanted) = match body {
        Ok(body) => body,
        Err(rejection) => return unreadable(&rejection),
    };
    let found = async {
        let actor = Actor::named(&context.shared, &wanted.user)?;
        let reply = wanted.reply_to.as_ref();
        let words = format!(
            "{} in #{} with {:?}{}",
            if wanted.ephemeral {
                "an ephemeral message"
            } else {
                "a message"
            },
            wanted.channel,
            wanted.contains,
            reply
                .map(|id| format!(" that replies to {id}"))
                .unwrap_or_default(),
        );
        actor
            .expects_where(&wanted.channel, &words, |view| {
                view.text().contains(&wanted.contains)
                    && (view.ephemeral || !wanted.ephemeral)
                    && reply.is_none_or(|id| view.reply_to.is_some_and(|to| to.to_string() == *id))
            })
            .await
    };
    match found.await {
        Ok(message) => {
            let mut answer = json!(message);
            answer["text"] = json!(message.text());
            Json(answer).into_response()
        }
        Err(error) => failed(&error),
    }
}

/// A script in the grammar of [`crate::script`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    script: String,
}

/// Plays a script, and answers with its transcript.
async fn play(State(context): State<Context>, body: Body<Script>) -> Response {
    let Json(given) = match body {
        Ok(body) => body,
        Err(rejection) => return unreadable(&rejection),
    };
    let mut transcript = Vec::new();
    let mut out = |line: &str| transcript.push(line.to_owned());
    match script::play(&context.shared, &given.script, &mut out).await {
        Ok(()) => Json(json!({"transcript": transcript})).into_response(),
        Err(error) => {
            let body = json!({"error": error.to_string(), "transcript": transcript});
            (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
        }
    }
}

fn unreadable(rejection: &JsonRejection) -> Response {
    let body = json!({"error": rejection.body_text()});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// 408 for what did not happen in time, 400 for what cannot be done.
fn failed(error: &Error) -> Response {
    let status = match error {
        Error::Deadline { .. } | Error::NotAnswered { .. } => StatusCode::REQUEST_TIMEOUT,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, Json(json!({"error": error.to_string()}))).into_response()
}
