//! Server that a restore works on: requests to it, and what is in reach.

use plugin_api::{
    prelude::*,
    text::{clip, plain},
};
use serde_json::{Value, json};

use super::{job::Job, outage::is_outage};
use crate::{
    archive::Whole,
    form,
    model::{Contents, Item},
    pictures,
    store::Guild,
};

/// What stands in the server's audit log.
const REASON: &str = "Restore of a snapshot";

/// What a step is done in.
pub(super) struct World<'a> {
    pub(super) host: &'a Host,
    pub(super) guild: Guild,
    pub(super) job: &'a Job,
    /// Of the snapshot's file.
    pub(super) path: &'a str,
    pub(super) whole: &'a Whole,
}

/// A request's end: the answer's body, or why Discord does not do it.
pub(super) type Answer = std::result::Result<Vec<u8>, String>;

impl World<'_> {
    /// Whether a role that is there is below whoever restores.
    pub(super) fn reaches(&self, live: &Contents, role: &Item) -> bool {
        let Some(below) = self.job.below else {
            return true;
        };
        let top = live.roles.iter().find(|it| it.id == below);
        top.is_some_and(|top| role.rank() < top.rank())
    }

    /// Sends a request. An error: Discord is out of order.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let mut request = self.host.discord().request(method, path).reason(REASON);
        if let Some(body) = body {
            request = request.json(body)?;
        }
        answered(
            request
                .send()
                .await
                .map(|response| response.bytes().to_vec()),
        )
    }

    /// A sticker is a form with a file.
    pub(super) async fn send_sticker(&self, path: &str, body: &Value, uri: &str) -> Result<Answer> {
        let Some((bytes, name)) = pictures::from_uri(uri) else {
            return Ok(Err("its picture can't be read".into()));
        };
        let (form, boundary) = form::write(body, name, &bytes);
        let params = json!({"method": "POST", "path": path, "reason": REASON, "multipart_boundary": boundary});
        let sent = self.host.call("discord.request", params, form).await;
        answered(sent.map(|(_, body)| body))
    }
}

/// How the words begin by which a thing that is not there is told.
pub(super) const GONE: &str = "it is not there";

fn answered(sent: Result<Vec<u8>>) -> Result<Answer> {
    match sent {
        Ok(body) => Ok(Ok(body)),
        Err(error) if is_outage(&error) => Err(error),
        Err(error) => Ok(Err(in_words(&error))),
    }
}

fn in_words(error: &Error) -> String {
    match (error.http_status(), error.discord_code()) {
        (_, Some(50_001 | 50_013)) => {
            "Discord does not let the bot: it lacks a permission there".to_owned()
        }
        (_, Some(code @ 10_009)) => format!("it names somebody who is not there ({code})"),
        (Some(404), _) => GONE.to_owned(),
        (_, Some(30_005 | 30_008 | 30_013 | 30_018 | 30_039)) => {
            "there is no more room for one".to_owned()
        }
        _ => clip(&plain(&error.to_string()), 300),
    }
}
