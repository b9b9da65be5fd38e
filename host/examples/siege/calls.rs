//! Calls of the siege: of each service what a plugin does all day.

use std::{io, sync::Arc};

use axum::{Router, routing::get};
use host::services::Services;
use host_loader::{Behalf, Caller};
use plugin_api::abi::{CallHead, ErrorHead, status};
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One call.
#[derive(Clone)]
pub struct Call {
    pub name: &'static str,
    pub params: Value,
    pub body: String,
}

impl Call {
    fn new(name: &'static str, params: Value, body: impl Into<String>) -> Self {
        Self {
            name,
            params,
            body: body.into(),
        }
    }

    /// As the besieger is told of it.
    pub fn described(&self) -> Value {
        json!({"name": self.name, "params": self.params, "body": self.body})
    }

    /// The same by another plugin: `PLUGIN` in a name is the plugin's.
    pub fn by(&self, plugin: &str) -> Self {
        let mut call = self.clone();
        if let Some(Value::String(event)) = call.params.get_mut("event") {
            *event = event.replace("PLUGIN", plugin);
        }
        call
    }

    /// Makes it.
    pub async fn make(&self, services: &Arc<Services>, caller: &Caller) -> Result<Vec<u8>, String> {
        let head = CallHead::new(self.name, self.params.clone());
        let answer = services
            .call(caller, Behalf::Plugin, head, self.body.clone().into())
            .await;
        if answer.status == status::OK {
            return Ok(answer.body);
        }
        let error: ErrorHead = serde_json::from_slice(&answer.head).unwrap_or_default();
        Err(format!("{}: {}", self.name, error.message))
    }
}

/// A page on the web; its address.
pub async fn page() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/tea", get(async || "sencha"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}/tea"))
}

/// All of them.
pub fn all(sandbox: &Sandbox, page: &str) -> Vec<Call> {
    let guild = sandbox.guild_id().to_string();
    let row = "x".repeat(200);
    vec![
        Call::new(
            "cache.permissions",
            json!({"guild_id": guild, "user_id": sandbox.owner_id().to_string()}),
            "",
        ),
        Call::new("commands.list", json!({"guild_id": guild}), ""),
        Call::new(
            "discord.request",
            json!({"method": "GET", "path": "users/@me"}),
            "",
        ),
        Call::new("files.write", json!({"path": "tea.txt"}), row.clone()),
        Call::new("files.read", json!({"path": "tea.txt"}), ""),
        Call::new("hooks.emit", json!({"event": "PLUGIN.tea"}), "{}"),
        Call::new(
            "metrics.record",
            json!({"name": "cups", "kind": "counter", "help": "Cups", "value": 1.0}),
            "",
        ),
        Call::new("schedules.list", json!({"name": "due"}), ""),
        Call::new("secrets.get", json!({"name": "key"}), ""),
        Call::new(
            "storage.set",
            json!({"shelf": "cups", "key": "k"}),
            format!("\"{row}\""),
        ),
        Call::new("storage.get", json!({"shelf": "cups", "key": "k"}), ""),
        Call::new(
            "storage.query",
            json!({"steps": [{"sql": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT sum(i) FROM n"}]}),
            "",
        ),
        Call::new("web.request", json!({"method": "GET", "url": page}), ""),
    ]
}
