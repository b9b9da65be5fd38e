//! Requests to a bot's pages: passed on as they come, and the bot's answers as they are.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use tokio::task::JoinHandle;

use super::{Inner, address};
use crate::{
    head::{AnswerHead, RequestHead, crossed, crossing},
    stream::{Cut, Receiver, Refused, Sender},
};

/// The rest of a request's body on its way, which ends with the answer.
struct Uploading(JoinHandle<()>);

impl Drop for Uploading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Passes a request on to a bot.
pub(super) async fn forward(relay: &Arc<Inner>, bot: &str, request: Request) -> Response {
    // The same words for a bot that is away and for one that there is none of: names are told to whoever has logged in.
    let Some(link) = relay.connected.link(bot) else {
        return refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "No bot of that name is connected now. Please try again in a moment.",
        );
    };
    let target = request.uri().path_and_query();
    let head = RequestHead {
        method: request.method().as_str().to_owned(),
        target: target.map_or("/", |it| it.as_str()).to_owned(),
        headers: crossing(request.headers()),
        address: address(&request),
    };
    let opened = serde_json::to_vec(&head)
        .map_err(|_| Refused::TooLong)
        .and_then(|head| link.open(head));
    let stream = match opened {
        Ok(stream) => stream,
        Err(Refused::Over) => {
            return refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "The connection to the bot was just lost. Please try again in a moment.",
            );
        }
        Err(Refused::Full) => {
            return refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "The bot has as many requests as it takes. Please try again in a moment.",
            );
        }
        Err(Refused::TooLong) => {
            return refused(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The request's head is too long.",
            );
        }
    };
    let uploading = Uploading(tokio::spawn(upload(request.into_body(), stream.sender)));
    match answer(stream.receiver, uploading).await {
        Ok(response) => response,
        Err(cut) => refused(
            StatusCode::BAD_GATEWAY,
            &format!("The bot's answer did not come: {cut}."),
        ),
    }
}

async fn upload(body: Body, sender: Sender) {
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let Ok(piece) = piece else {
            sender.cut("whoever sent it has gone");
            return;
        };
        if sender.data(piece).await.is_err() {
            // The bot has heard enough, and answers all the same.
            return;
        }
    }
    sender.end();
}

async fn answer(mut receiver: Receiver, uploading: Uploading) -> Result<Response, Cut> {
    let head = receiver.head().await?;
    let odd = || Cut::Told("its head can't be read".to_owned());
    let head: AnswerHead = serde_json::from_slice(&head).map_err(|_| odd())?;
    let status = StatusCode::from_u16(head.status).map_err(|_| odd())?;
    // What only connections have, and what a WebSocket would need, passes by no relay.
    if status.is_informational() {
        return Err(odd());
    }
    let mut headers = crossed(&head.headers);
    let cookies: Vec<HeaderValue> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter(|cookie| !is_for_others(cookie))
        .cloned()
        .collect();
    headers.remove(header::SET_COOKIE);
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    let body = stream::unfold(
        (receiver, uploading),
        |(mut receiver, uploading)| async move {
            let piece: Result<Bytes, Cut> = receiver.data().await?;
            Some((piece, (receiver, uploading)))
        },
    );
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Whether a cookie would go to other names too: one bot gives none to another, nor to the relay.
fn is_for_others(cookie: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(cookie.as_bytes()).to_ascii_lowercase();
    let mut attributes = text.split(';').skip(1);
    attributes.any(|it| it.split('=').next().unwrap_or_default().trim() == "domain")
}

fn refused(status: StatusCode, text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::RETRY_AFTER, "2"),
    ];
    (status, headers, format!("{text}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_for_other_names_is_none() {
        let is = |text| is_for_others(&HeaderValue::from_static(text));
        assert!(!is("session-1=domain; HttpOnly; Path=/"));
        assert!(is("a=b; Domain=dash.example.org"));
        assert!(is("a=b; path=/; DOMAIN =dash.example.org"));
    }
}
