//! Emission of hook events.

use super::Host;
use crate::{
    abi::{CallHead, EmitCall, EmitHead},
    error::Result,
    hook::Hook,
};

impl Host {
    /// Tells every plugin that handles this event, and waits until it is queued for all of them (5 s at most; what does
    /// not fit then is dropped and counted), not until they have handled it. How many that are, is the result's business.
    ///
    /// # Errors
    ///
    /// The event's name does not begin with `<this plugin's name>.`, or the payload is no JSON.
    pub async fn emit<H: Hook>(&self, payload: &H) -> Result<EmitHead> {
        let head = CallHead {
            call: "hooks.emit".into(),
            params: serde_json::to_value(EmitCall {
                event: H::EVENT.to_owned(),
            })?,
        };
        let reply = self.0.call(head, serde_json::to_vec(payload)?).await?;
        Ok(serde_json::from_slice(&reply.head)?)
    }
}
