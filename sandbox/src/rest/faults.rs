//! Faults of REST requests.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    extract::ws::Utf8Bytes,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, SERVER, VIA},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{error_of, handle};
use crate::{
    fault::{Effect, ErrorBody, Forestaller},
    limit::{Refusal, Scope},
    state::Shared,
    wire::Line,
    world::EPHEMERAL,
};

/// Answers a request to the API, or does not, as the faults have it.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    request: Request,
    path: String,
    line: Line,
) -> Response {
    if !shared.any_fault.is_on() {
        return handle(shared, request, path).await;
    }
    let method = request.method().as_str().to_owned();
    let effects = shared.change(|state| {
        state
            .faults
            .strike_request(&method, &path, &mut state.traffic)
    });
    let (mut answer_is_lost, mut instead) = (false, None);
    for effect in effects {
        match effect {
            Effect::Delay { ms, by_clock } => {
                delay(&shared, Duration::from_millis(ms), by_clock).await;
            }
            Effect::LoseRequest => return line.cut(),
            Effect::LoseAnswer => answer_is_lost = true,
            Effect::FailAnswer { status, body } => instead = Some((status, body)),
            Effect::Refuse { code } => return refused(&shared, &method, &path, code),
            Effect::Forestall { by } => {
                let other = another(&request, by);
                handle(Arc::clone(&shared), other, path.clone()).await;
            }
            Effect::RateLimit {
                scope,
                retry_after_ms,
            } => {
                let left = Duration::from_millis(retry_after_ms);
                return rate_limited(&shared, &method, &path, scope, left);
            }
            Effect::Answer { body } => return answered(&shared, &method, &path, body),
            Effect::Status { status, body } => {
                return failed(&shared, &method, &path, status, body);
            }
        }
    }
    let response = handle(Arc::clone(&shared), request, path.clone()).await;
    match instead {
        _ if answer_is_lost => line.cut(),
        Some((status, body)) => failed(&shared, &method, &path, status, body),
        None => response,
    }
}

/// Somebody else's response to the interaction that this request responds to.
fn another(request: &Request, by: Forestaller) -> Request {
    let response = match by {
        Forestaller::Thinking => json!({"type": 5}),
        Forestaller::PrivateThinking => json!({"type": 5, "data": {"flags": EPHEMERAL}}),
        Forestaller::Message => {
            json!({"type": 4, "data": {"content": "Somebody else was faster."}})
        }
        Forestaller::Update => json!({"type": 6}),
    };
    let mut other = Request::new(Body::from(response.to_string()));
    *other.method_mut() = request.method().clone();
    *other.uri_mut() = request.uri().clone();
    let json = HeaderValue::from_static("application/json");
    other.headers_mut().insert(CONTENT_TYPE, json);
    other
}

fn refused(shared: &Shared, method: &str, path: &str, code: u32) -> Response {
    let (status, body) = error_of(code);
    note(shared, method, path, status, &body);
    (
        status,
        [(CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

async fn delay(shared: &Shared, time: Duration, by_clock: bool) {
    let clock = shared.read(|state| state.world.clock.clone());
    if by_clock {
        clock.reaches(clock.after_us(time)).await;
    } else {
        tokio::time::sleep(time).await;
    }
}

fn rate_limited(
    shared: &Shared,
    method: &str,
    path: &str,
    scope: Scope,
    left: Duration,
) -> Response {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let clock = shared.read(|state| state.world.clock.clone());
    let refusal = Refusal::on_request(scope, path, left, &clock);
    let Some(body) = refusal.body() else {
        let mut response = page(shared, method, path, status);
        refusal.headers(response.headers_mut());
        return response;
    };
    note(shared, method, path, status, &body);
    let mut response = (
        status,
        [(CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response();
    refusal.headers(response.headers_mut());
    let google = HeaderValue::from_static("1.1 google");
    response.headers_mut().insert(VIA, google);
    response
}

fn answered(shared: &Shared, method: &str, path: &str, body: String) -> Response {
    let shown = serde_json::from_str(&body).unwrap_or_else(|_| json!(body));
    note(shared, method, path, StatusCode::OK, &shown);
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn failed(shared: &Shared, method: &str, path: &str, status: u16, body: ErrorBody) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match body {
        ErrorBody::Json => {
            let body = json!({"message": status.to_string().replacen(' ', ": ", 1), "code": 0});
            note(shared, method, path, status, &body);
            (
                status,
                [(CONTENT_TYPE, "application/json")],
                body.to_string(),
            )
                .into_response()
        }
        ErrorBody::Empty => {
            note(shared, method, path, status, &Value::Null);
            status.into_response()
        }
        ErrorBody::Html => page(shared, method, path, status),
    }
}

/// What Cloudflare puts in front of an API that is down, or before somebody whom it has banned.
fn page(shared: &Shared, method: &str, path: &str, status: StatusCode) -> Response {
    let page = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
         <hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
    );
    note(shared, method, path, status, &json!(page));
    let headers = [(CONTENT_TYPE, "text/html"), (SERVER, "cloudflare")];
    (status, headers, page).into_response()
}

/// The inspector shows the answer, too, not only the strike.
fn note(shared: &Shared, method: &str, path: &str, status: StatusCode, answer: &Value) {
    let what = format!("{method} /{path}");
    let answer = answer.to_string().into();
    shared.change(|state| {
        state
            .traffic
            .rest(what, status.as_u16(), Utf8Bytes::default(), answer, false);
    });
}
