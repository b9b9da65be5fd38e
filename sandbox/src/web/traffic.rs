//! Inspector: what crossed, and what the bot reports of its parts.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::Ask;
use crate::{Report, context::Context};

/// Crossings in one answer; the page asks again for those after them.
const PAGE: usize = 500;

/// What crossed since a number, oldest first, without the bodies.
pub(super) async fn traffic(State(context): State<Context>, Query(ask): Query<Ask>) -> Json<Value> {
    Json(context.shared.read(|state| {
        let items: Vec<_> = state.traffic.lines(ask.since).take(PAGE).collect();
        json!({"items": items})
    }))
}

/// One crossing with all that is known of it; `null` if it was forgotten.
pub(super) async fn crossing(
    State(context): State<Context>,
    Query(ask): Query<Ask>,
) -> Json<Value> {
    Json(context.shared.read(|state| {
        let found = state.traffic.since(ask.since).next();
        json!(found.filter(|crossing| crossing.number == ask.since))
    }))
}

/// The bot's parts, each with its last report, and the reports, newest first.
pub(super) async fn reports(State(context): State<Context>) -> Json<Value> {
    Json(context.shared.read(|state| {
        let parts: Vec<_> = state.reports.parts().collect();
        let newest: Vec<_> = state.reports.newest().take(200).collect();
        json!({"parts": parts, "newest": newest})
    }))
}

/// Takes a report of a bot that is no part of this process.
pub(super) async fn report(
    State(context): State<Context>,
    Json(report): Json<Report>,
) -> StatusCode {
    context.shared.change(|state| state.reports.note(report));
    StatusCode::NO_CONTENT
}
