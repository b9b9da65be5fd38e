//! All routes that are served now, as an [OpenAPI](https://spec.openapis.org/oas/v3.1.0) document made from what plugins declare.

use std::sync::Arc;

use axum::{
    Json,
    extract::State as Extract,
    response::{IntoResponse, Response},
};
use plugin_api::manifest::{Manifest, RouteManifest};
use serde_json::{Map, Value, json};

use super::visitor::Visitor;
use crate::{invoke, state::State};

/// The document.
pub(super) async fn describe(Extract(state): Extract<Arc<State>>, _visitor: Visitor) -> Response {
    let generations = state.site.generations();
    let mut paths = Map::new();
    for generation in &generations {
        let manifest = &generation.manifest;
        for route in &manifest.pages.routes {
            let path = format!("/p/{}{}", manifest.name, route.path);
            let operations = paths.entry(path).or_insert_with(|| json!({}));
            operations[route.method.to_ascii_lowercase()] = operation(manifest, route);
        }
    }
    Json(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Pages of this bot",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every request needs a session's cookie; whatever changes something needs `x-csrf` and `Origin` besides."
        },
        "paths": paths,
    }))
    .into_response()
}

fn operation(manifest: &Manifest, route: &RouteManifest) -> Value {
    let names = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Vec<Value> = names
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let right = match route.right.is_empty() {
        true => "Needs a session alone.".to_owned(),
        false => format!("Needs `{}`.", invoke::right_of(manifest, &route.right)),
    };
    let answer = |words: &str| json!({"description": words});
    let mut operation = json!({
        "summary": route.words,
        "description": right,
        "tags": [manifest.name],
        "parameters": parameters,
        "responses": {
            "200": answer("Done"), "303": answer("See elsewhere"), "400": answer("Not possible, and why"),
            "401": answer("Nobody is logged in"), "403": answer("Not allowed, and why"), "404": answer("Nothing is there"),
            "413": answer("Too large"), "429": answer("Too much"),
        },
    });
    if route.method != "GET" {
        let kind = match route.upload {
            true => "application/octet-stream",
            false => "application/json",
        };
        operation["requestBody"] = json!({"content": {kind: {"schema": {}}}});
    }
    operation
}
