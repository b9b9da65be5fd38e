//! Open frames of a generation: who waits for the answer, and for whom the work is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use host_base::PluginName;
use plugin_api::abi::frame_kind;

use super::{
    answer::Waiter,
    invocation::{Behalf, Invocation},
    packet::Packet,
};

/// A frame that the plugin has not answered.
#[derive(Debug)]
pub struct OpenFrame {
    /// Who waits for the answer.
    pub waiter: Waiter,
    /// For whom it is.
    invocation: Option<Arc<Invocation>>,
}

/// The frames of one generation that are not answered yet.
#[derive(Debug, Default)]
pub struct OpenFrames(Mutex<HashMap<u64, OpenFrame>>);

impl OpenFrames {
    /// What is to be kept of a packet until it is answered.
    #[must_use]
    pub fn frame(plugin: &PluginName, packet: &Packet, waiter: Waiter) -> OpenFrame {
        OpenFrame {
            waiter,
            invocation: begun(plugin, packet),
        }
    }

    /// For whom a call is that was made for the frame `id`; without one for the plugin alone.
    #[must_use]
    pub fn behalf(&self, id: Option<u64>) -> Behalf {
        let Some(id) = id else {
            return Behalf::Plugin;
        };
        match self.lock().get(&id) {
            None => Behalf::Over,
            Some(OpenFrame {
                invocation: None, ..
            }) => Behalf::Plugin,
            Some(OpenFrame {
                invocation: Some(it),
                ..
            }) => Behalf::Somebody(Arc::clone(it)),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<u64, OpenFrame>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a packet for `plugin` begins, if somebody stands behind it.
fn begun(plugin: &PluginName, packet: &Packet) -> Option<Arc<Invocation>> {
    if let Some(invocation) = &packet.invocation {
        return Some(Arc::clone(invocation));
    }
    let way = match packet.kind {
        frame_kind::COMMAND => "command",
        frame_kind::COMPONENT => "component",
        _ => return None,
    };
    let event = packet.event.as_ref()?;
    event.header.user()?;
    Some(Arc::new(Invocation {
        id: packet.id,
        way,
        what: packet.name.clone(),
        plugin: plugin.clone(),
        event: Arc::clone(event),
        via: Vec::new(),
    }))
}
