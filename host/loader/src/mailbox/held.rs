//! Packets that a plugin holds: its frames point into them until it gives their tokens back.

use std::{collections::HashMap, sync::Arc, time::Instant};

use plugin_api::abi::{Bytes, EventHeader, Frame, Record};

use super::fair_queue::{FairQueue, Lane};
use crate::{
    crumbs::{Doing, doing},
    packet::{Packet, handler},
};

/// The packets that a plugin holds, by token.
#[derive(Debug, Default)]
pub(super) struct HeldPackets {
    last_token: u64,
    // In an `Arc`, since frames point into it: a `Box` promises to be the only way there whenever it is moved.
    pub(super) packets: HashMap<u64, HeldPacket>,
}

/// A packet that the plugin has taken.
#[derive(Debug)]
pub(super) struct HeldPacket {
    pub(super) packet: Arc<(Packet, EventHeader)>,
    pub(super) at: Instant,
    /// Whose it is, if it is work.
    lane: Option<Lane>,
    /// Whether a handler runs for it.
    runs: bool,
}

impl HeldPacket {
    /// Counts whether a handler runs for it in the queue that it came from.
    pub(super) fn runs(&mut self, runs: bool, work: &mut FairQueue) {
        if let Some(lane) = self.lane
            && std::mem::replace(&mut self.runs, runs) != runs
        {
            match runs {
                true => work.begins(lane),
                false => work.ends(lane),
            }
        }
    }
}

impl HeldPackets {
    /// Holds a packet; the frame that points into it.
    pub(super) fn hold(&mut self, packet: Packet, now: Instant) -> Frame {
        self.last_token += 1;
        let token = self.last_token;
        let header = packet.header();
        let held = self.packets.entry(token).or_insert_with(|| HeldPacket {
            lane: packet.is_work().then(|| Lane::of(&packet)),
            packet: Arc::new((packet, header)),
            at: now,
            runs: true,
        });
        let (packet, header) = &*held.packet;
        Frame {
            token,
            id: packet.id,
            kind: packet.kind,
            status: packet.status,
            header_bytes: size_of::<EventHeader>() as u16,
            header: (&raw const *header).cast(),
            head: Bytes::of(&packet.head),
            body: Bytes::of(packet.body()),
            ..Frame::EMPTY
        }
    }

    /// The ids of all that is work.
    pub(super) fn work(&self) -> Vec<u64> {
        let packets = self.packets.values().map(|held| &held.packet.0);
        packets
            .filter(|packet| packet.is_work() && packet.id != 0)
            .map(|packet| packet.id)
            .collect()
    }

    /// What serves the frame `id`, in words.
    pub(super) fn handler_of(&self, id: u64) -> Option<String> {
        let (packet, header) = self.held(id)?;
        Some(handler(packet.kind, header.kind, &packet.name))
    }

    /// What the frame `id` is about, and for whom.
    pub(super) fn doing(&self, id: u64) -> Option<Doing> {
        self.held(id).map(|(packet, _)| doing(packet))
    }

    fn held(&self, id: u64) -> Option<&(Packet, EventHeader)> {
        let mut packets = self.packets.values().map(|held| &held.packet);
        packets.find(|held| held.0.id == id).map(|held| &**held)
    }
}
