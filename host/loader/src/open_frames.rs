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
        rights: None,
    }))
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::EventHeader;
    use tokio::sync::oneshot;

    use super::*;
    use crate::EventRecord;

    #[test]
    fn a_call_is_for_whoever_stands_behind_an_open_frame_of_the_same_generation_and_for_nobody_else()
     {
        let record = |user_id| {
            Arc::new(EventRecord {
                header: EventHeader {
                    user_id,
                    ..EventHeader::EMPTY
                },
                content: String::new(),
                user_name: String::new(),
                json: "{}".into(),
            })
        };
        let (ours, theirs) = (OpenFrames::default(), OpenFrames::default());
        let open = |frames: &OpenFrames, packet: &Packet| {
            let frame = OpenFrames::frame(&"tea".into(), packet, oneshot::channel().0);
            frames.lock().insert(packet.id, frame);
        };
        let command = Packet::bare(frame_kind::COMMAND, 7)
            .with_event(record(5))
            .named("brew");
        open(&ours, &command);
        open(
            &theirs,
            &Packet::bare(frame_kind::COMMAND, 8).with_event(record(6)),
        );
        // A schedule's, a start's, an event that says of nobody.
        open(&ours, &Packet::bare(frame_kind::INVOKE, 9));
        open(
            &ours,
            &Packet::bare(frame_kind::COMPONENT, 10).with_event(record(0)),
        );
        let Behalf::Somebody(invocation) = ours.behalf(Some(7)) else {
            panic!("the frame is open");
        };
        assert_eq!(
            (invocation.event.header.user_id, &*invocation.what),
            (5, "brew")
        );
        for over in [0, 8, 11, u64::MAX] {
            assert!(matches!(ours.behalf(Some(over)), Behalf::Over), "{over}");
        }
        for alone in [None, Some(9), Some(10)] {
            assert!(matches!(ours.behalf(alone), Behalf::Plugin), "{alone:?}");
        }
        ours.lock().remove(&7);
        assert!(
            matches!(ours.behalf(Some(7)), Behalf::Over),
            "it is answered"
        );
        // What another plugin is called for says who has handed it on.
        let handed = invocation.handed_on(&"shop".into());
        let packet = Packet::bare(frame_kind::INVOKE, 12).on_behalf_of(Some(handed));
        open(&theirs, &packet);
        let Behalf::Somebody(handed) = theirs.behalf(Some(12)) else {
            panic!("it is for somebody");
        };
        assert_eq!((handed.id, &*handed.via), (7, &["shop".into()][..]));
    }
}
