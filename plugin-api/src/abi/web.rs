//! JSON heads of the host calls `web.request` and `web.download`. Bodies are the call's and the completion's.

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

/// Parameters of `web.download`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DownloadCall {
    /// The request. Its `max_bytes` is the largest file that is taken; absent: the host's limit, which is never exceeded.
    #[serde(flatten)]
    pub request: WebCall,
    /// The file, as a path in the plugin's own folder.
    pub file: String,
    /// The SHA-256 that it is to have, in hex digits; absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Head of the completion of `web.download`: the file is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DownloadReply {
    /// The response, whose status is one of success.
    #[serde(flatten)]
    pub response: WebReply,
    /// Bytes of the file.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hex digits.
    pub sha256: String,
}

/// Head of the completion of `web.request`.
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
