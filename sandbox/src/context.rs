//! Context of the server's handlers.

use std::sync::Arc;

use tokio::sync::watch;

use crate::state::Shared;

/// What requests are handled with.
#[derive(Clone)]
pub(crate) struct Context {
    pub shared: Arc<Shared>,
    pub down: watch::Receiver<bool>,
}
