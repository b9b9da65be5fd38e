//! Downloads into a plugin's own folder: larger than a response that is handed over, never half under their name.

use std::time::Duration;

use host_capability::Failure;
use host_loader::{Caller, Completion};
use host_store::Files;
use plugin_api::abi::{DownloadCall, DownloadReply};
use reqwest::Response;

use super::{Web, client::failed, head_of, hop::shown, refused};

impl Web {
    /// The host call `web.download`.
    ///
    /// # Errors
    ///
    /// The host is not allowed, the request failed or its status is none of success, the file is too large, or is not the one that
    /// was wanted. What was at its path before is untouched.
    pub async fn download(
        &self,
        files: &Files,
        caller: &Caller,
        call: DownloadCall,
        body: Vec<u8>,
    ) -> Result<Completion, Failure> {
        if let Some(sha256) = &call.sha256
            && !(sha256.len() == 64 && sha256.chars().all(|c| c.is_ascii_hexdigit()))
        {
            return Err(refused("a SHA-256 has 64 hex digits"));
        }
        let config = self.live.now();
        let settings = &config.web;
        let longest = settings.max_timeout_ms;
        let asked = call.request.timeout_ms.unwrap_or(longest).min(longest);
        let most = settings.max_download_bytes;
        let most = call.request.max_bytes.map_or(most, |asked| asked.min(most));
        let url = call.request.url.clone();
        let ask = async |allowed: &super::Allowed<'_>| {
            let response = self.reach(allowed, &call.request, body).await?;
            kept(files, caller, &call, most, response).await
        };
        self.in_turn(caller, Duration::from_millis(asked), &url, ask)
            .await
    }
}

async fn kept(
    files: &Files,
    caller: &Caller,
    call: &DownloadCall,
    most: u64,
    mut response: Response,
) -> Result<Completion, Failure> {
    let url = response.url().clone();
    let status = response.status();
    if !status.is_success() {
        return Err(Failure::Web(format!(
            "{} answered {}",
            shown(&url),
            status.as_u16()
        )));
    }
    let too_large = || {
        Failure::Web(format!(
            "{}: the file has more than {most} bytes; allow more, or raise `[web] max_download_bytes`",
            shown(&url)
        ))
    };
    let length = response.content_length();
    if length.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let incoming = files
        .receive(
            caller,
            &call.file,
            length.unwrap_or(most),
            call.sha256.clone(),
        )
        .await?;
    let mut bytes = 0;
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| failed(&url, error))?
    {
        bytes += piece.len() as u64;
        if bytes > most {
            return Err(too_large());
        }
        if !incoming.push(piece.into()).await {
            break;
        }
    }
    let arrived = incoming.end().await?;
    let mut reply = DownloadReply::default();
    reply.response = head_of(&response);
    (reply.bytes, reply.sha256) = (arrived.bytes, arrived.sha256);
    Ok(Completion::json(&reply))
}
