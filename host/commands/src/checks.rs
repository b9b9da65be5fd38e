//! Plugins' own checks of a command, asked before a use is counted, and by `why`.

use std::time::Duration;

use host_loader::{Packet, Refused, interrupted, next_id};
use plugin_api::abi::{CheckCall, CheckReply, EntryKind, ErrorHead, InvokeHead, frame_kind};

use crate::router::CommandRoute;

/// How long they may take: whoever waits for an answer does not wait longer.
const DEADLINE: Duration = Duration::from_secs(30);

/// Reason for which the checks' result is not known.
#[derive(Debug)]
pub enum NotChecked {
    /// The plugin takes no work right now.
    Refused(Refused),
    /// A check failed.
    Failed(ErrorHead),
}

/// What the plugin's own checks say: the refusal, if they refuse.
pub async fn ask(route: &CommandRoute, call: &CheckCall) -> Result<Option<String>, NotChecked> {
    if !route.command.access.checked {
        return Ok(None);
    }
    let head = InvokeHead {
        kind: EntryKind::Check,
        entry: route.path.to_string(),
        from: None,
        deadline_ms: Some(DEADLINE.as_millis().try_into().unwrap_or(u64::MAX)),
        event: None,
    };
    let failed = |error: serde_json::Error| {
        NotChecked::Failed(ErrorHead {
            message: error.to_string(),
            ..ErrorHead::default()
        })
    };
    let payload = serde_json::to_vec(call).map_err(failed)?;
    let packet = Packet::new(frame_kind::INVOKE, next_id(), &head).with_payload(payload);
    let guild_id = call.guild_id.unwrap_or_default();
    let answer = route.slot.invoke_in(guild_id, packet);
    let answer = answer.map_err(NotChecked::Refused)?;
    let answer = answer
        .await
        .map_err(|_| NotChecked::Failed(interrupted()))?;
    if let Some(error) = answer.error() {
        return Err(NotChecked::Failed(error));
    }
    let reply: CheckReply = serde_json::from_slice(&answer.body).map_err(failed)?;
    Ok(reply.refusal)
}
