//! Server-sent events: the page is notified whenever something changes.

use std::convert::Infallible;

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use tokio::sync::watch;

use crate::context::Context;

/// The count of changes, whenever it grows; the page then asks for what it shows.
///
/// The count is the event's id. Whoever comes with another `Last-Event-ID`, or with none, is told the present count at
/// once: a page that was cut off misses nothing.
pub(super) async fn events(
    State(context): State<Context>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let mut changes = context.shared.changes();
    if last != Some(*changes.borrow()) {
        changes.mark_changed();
    }
    let changes = stream::unfold(
        (changes, context.down),
        |(mut changes, mut down): (watch::Receiver<u64>, watch::Receiver<bool>)| async {
            tokio::select! {
                changed = changes.changed() => changed.ok()?,
                () = async { _ = down.wait_for(|down| *down).await; } => return None,
            }
            let number = changes.borrow_and_update().to_string();
            let event = Event::default().id(number.as_str()).data(number);
            Some((Ok(event), (changes, down)))
        },
    );
    Sse::new(changes).keep_alive(KeepAlive::default())
}
