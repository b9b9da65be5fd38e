//! Parts of the bot that exist before it connects to the gateway.

use std::{sync::Arc, time::Instant};

use host_loader::Plugins;
use host_ops::config::Live;
use tokio::sync::{mpsc, watch};

use super::heart::Question;
use crate::services::Services;
use host_commands::{Pipeline, router::Routes};

/// Parts that exist before the gateway connects.
pub(super) struct Core {
    pub(super) config: Live,
    pub(super) services: Arc<Services>,
    pub(super) routes: Arc<Routes>,
    pub(super) commands: Arc<Pipeline>,
    pub(super) plugins: Arc<Plugins>,
    /// When the start began.
    pub(super) began: Instant,
    /// Whether the process before this one has crashed.
    pub(super) is_after_crash: bool,
    /// Told when all shards have a session.
    pub(super) ready: watch::Sender<bool>,
    /// Asked whether the main loop goes on.
    pub(super) questions: mpsc::Receiver<Question>,
}
