//! JSON heads of the host call `web.request`. Bodies are the call's and the completion's.

use serde::{Deserialize, Serialize};

/// Parameters of `web.request`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebCall {
    /// HTTP method.
    pub method: String,
    /// `http://` or `https://`.
    pub url: String,
    /// Added to the address's query, to be encoded by the host.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// How long it may take, redirects and body included; absent: the host's default.
    pub timeout_ms: Option<u64>,
    /// The largest body that is taken; absent: the host's limit, which is never exceeded.
    pub max_bytes: Option<u64>,
}

/// Head of the completion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebReply {
    /// HTTP status.
    pub status: u16,
    /// Where it came from in the end, after redirects.
    pub url: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
}
