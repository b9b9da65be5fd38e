//! Fair queue of work: each server has a lane of its own, and the lanes take turns.
//!
//! Within a lane everything stays in order, so a server's events come as they happened. Between lanes there is no order: a server that
//! sends a thousand events is one of those that have a turn, as is one that sends a single one. When the queue is full, room is made
//! at the cost of the longest lane.
//!
//! Turns alone do not help against handlers that take long: one server's would hold all places in the end. So a lane with fewer handlers that
//! run goes first, and what a lane may hold depends on how many places are free ([`Places`]).

use std::collections::{HashMap, VecDeque, hash_map::Entry};

use plugin_api::abi::frame_kind;

use crate::packet::Packet;

/// Empty lanes whose memory is kept for the next ones.
const SPARE: usize = 32;

/// Whose work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Of a server.
    Guild(u64),
    /// Of a channel outside of any server: direct messages.
    Direct(u64),
    /// What other plugins ask for on behalf of somebody in a server, or (0) of nobody in one: it does not stand before the server's own.
    Asked(u64),
    /// Of nobody outside: schedules, hooks, events of the bot itself.
    Bot,
}

impl Lane {
    /// The lane of a packet: by its event, or by that of whoever has begun it.
    #[must_use]
    pub fn of(packet: &Packet) -> Self {
        let begun_by = packet.invocation.as_ref().map(|it| &it.event);
        let event = packet.event.as_ref().or(begun_by);
        if packet.is_asked {
            return Self::Asked(event.map_or(0, |it| it.header.guild_id));
        }
        let Some(event) = event else {
            return Self::Bot;
        };
        match (event.header.guild_id, event.header.channel_id) {
            (0, 0) => Self::Bot,
            (0, channel) => Self::Direct(channel),
            (guild, _) => Self::Guild(guild),
        }
    }
}

/// There is no room for a packet, and its lane is the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// How many of a kind of packets wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events.
    pub events: usize,
    /// All others: what somebody waits for.
    pub calls: usize,
}

impl Counts {
    const fn of(&mut self, kind: u16) -> &mut usize {
        match kind {
            frame_kind::EVENT => &mut self.events,
            _ => &mut self.calls,
        }
    }
}

/// Places of a plugin's handlers, when a packet is taken.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// How many there are.
    pub all: usize,
    /// How many are free.
    pub free: usize,
}

impl Places {
    /// How many handlers of a lane run at most for it to get one of the places that are free, and one more: the last quarter of all places
    /// is for lanes of which none runs, and of the others a lane may hold twice as many as are free. So one lane alone has half of all, the next
    /// one half of what is left to it, and whoever has none yet finds a place.
    fn limit(self) -> usize {
        let open = self.free.saturating_sub(self.all / 4);
        if self.free == 0 {
            return 0;
        }
        open.saturating_mul(2).max(1)
    }
}

/// Work that waits.
#[derive(Debug, Default)]
pub struct FairQueue {
    lanes: HashMap<Lane, Waiting>,
    /// Lanes in which something waits, in the order of their turns.
    turns: VecDeque<Lane>,
    counts: Counts,
    /// How many handlers run, by lane; no zeros.
    running: HashMap<Lane, usize>,
    spare: Vec<VecDeque<Packet>>,
}

/// What waits in a lane; never empty.
#[derive(Debug, Default)]
struct Waiting {
    packets: VecDeque<Packet>,
    counts: Counts,
}

impl FairQueue {
    /// Queues a packet behind the others of its lane, without a bound.
    pub fn push(&mut self, packet: Packet) {
        let lane = Lane::of(&packet);
        let waiting = self.lanes.entry(lane).or_insert_with(|| {
            self.turns.push_back(lane);
            Waiting {
                packets: self.spare.pop().unwrap_or_default(),
                counts: Counts::default(),
            }
        });
        *waiting.counts.of(packet.kind) += 1;
        *self.counts.of(packet.kind) += 1;
        waiting.packets.push_back(packet);
    }

    /// Queues a packet, where `most` of its kind may wait. When that many do, the newest of the longest lane makes room, and is given
    /// back.
    ///
    /// # Errors
    ///
    /// The packet's own lane is the longest.
    pub fn push_within(&mut self, packet: Packet, most: usize) -> Result<Option<Packet>, Full> {
        let kind = packet.kind;
        if *self.counts.of(kind) < most {
            self.push(packet);
            return Ok(None);
        }
        let own = Lane::of(&packet);
        let own = self.lanes.get_mut(&own);
        let own = own.map_or(0, |waiting| *waiting.counts.of(kind));
        let lengths = self.lanes.iter_mut();
        let longest = lengths
            .map(|(lane, waiting)| (*waiting.counts.of(kind), *lane))
            .max();
        // One that would be as long with it gains nobody anything.
        let Some((_, lane)) = longest.filter(|(length, _)| *length > own + 1) else {
            return Err(Full);
        };
        let displaced = self.take_newest(lane, kind);
        self.push(packet);
        Ok(displaced)
    }

    /// The next packet, whose handler runs from now on: the oldest of the lane with the fewest that run, if that may have a place; among those with
    /// as few, of the one whose turn it is.
    pub fn pop(&mut self, places: Places) -> Option<Packet> {
        let (mut found, mut fewest) = (None, places.limit());
        for (at, lane) in self.turns.iter().enumerate() {
            let running = self.running.get(lane).copied().unwrap_or(0);
            if running < fewest {
                (found, fewest) = (Some(at), running);
            }
            // No more lanes than there are places have some that run.
            if fewest == 0 {
                break;
            }
        }
        let lane = self.turns.remove(found?)?;
        let packet = self.take_from(lane)?;
        self.begins(lane);
        Some(packet)
    }

    /// A handler of that lane runs, or runs again.
    pub fn begins(&mut self, lane: Lane) {
        *self.running.entry(lane).or_default() += 1;
    }

    /// A handler of that lane has ended, or waits for a member.
    pub fn ends(&mut self, lane: Lane) {
        if let Entry::Occupied(mut running) = self.running.entry(lane) {
            *running.get_mut() -= 1;
            if *running.get() == 0 {
                running.remove();
            }
        }
    }

    /// The oldest of a lane that has just had its turn.
    fn take_from(&mut self, lane: Lane) -> Option<Packet> {
        let waiting = self.lanes.get_mut(&lane)?;
        let packet = waiting.packets.pop_front()?;
        *waiting.counts.of(packet.kind) -= 1;
        *self.counts.of(packet.kind) -= 1;
        if waiting.packets.is_empty() {
            self.close(lane);
        } else {
            self.turns.push_back(lane);
        }
        Some(packet)
    }

    /// All that waits, in the order in which it would be served.
    pub fn take_all(&mut self) -> VecDeque<Packet> {
        let next = || {
            let lane = self.turns.pop_front()?;
            self.take_from(lane)
        };
        std::iter::from_fn(next).collect()
    }

    /// How many packets wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.counts.events + self.counts.calls
    }

    /// Whether none does.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn take_newest(&mut self, lane: Lane, kind: u16) -> Option<Packet> {
        let is_event = |kind: u16| kind == frame_kind::EVENT;
        let waiting = self.lanes.get_mut(&lane)?;
        let mut packets = waiting.packets.iter();
        let at = packets.rposition(|packet| is_event(packet.kind) == is_event(kind))?;
        let packet = waiting.packets.remove(at)?;
        *waiting.counts.of(kind) -= 1;
        *self.counts.of(kind) -= 1;
        if waiting.packets.is_empty() {
            self.turns.retain(|other| *other != lane);
            self.close(lane);
        }
        Some(packet)
    }

    fn close(&mut self, lane: Lane) {
        if let Some(waiting) = self.lanes.remove(&lane)
            && self.spare.len() < SPARE
        {
            self.spare.push(waiting.packets);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use plugin_api::abi::EventHeader;

    use super::*;
    use crate::EventRecord;

    fn packet(kind: u16, id: u64, guild_id: u64, channel_id: u64) -> Packet {
        Packet::bare(kind, id).with_event(Arc::new(EventRecord {
            header: EventHeader {
                guild_id,
                channel_id,
                ..EventHeader::EMPTY
            },
            content: String::new(),
            user_name: String::new(),
            json: String::new(),
        }))
    }

    fn event(id: u64, guild: u64) -> Packet {
        packet(frame_kind::EVENT, id, guild, 1)
    }

    fn ids(packets: VecDeque<Packet>) -> Vec<u64> {
        packets.into_iter().map(|packet| packet.id).collect()
    }

    #[test]
    fn servers_take_turns_and_each_stays_in_order() {
        let mut queue = FairQueue::default();
        for id in 0..5 {
            queue.push(event(id, 1));
        }
        queue.push(event(10, 2));
        queue.push(event(11, 2));
        queue.push(event(20, 3));
        assert_eq!(ids(queue.take_all()), [0, 10, 20, 1, 11, 2, 3, 4]);
        assert!(queue.is_empty() && queue.lanes.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn direct_messages_have_a_lane_for_each_channel_and_the_bots_own_work_has_one() {
        let of = |guild, channel| Lane::of(&packet(frame_kind::EVENT, 1, guild, channel));
        assert_eq!(of(0, 7), Lane::Direct(7));
        assert_eq!(of(3, 7), Lane::Guild(3));
        assert_eq!(of(0, 0), Lane::Bot);
        assert_eq!(Lane::of(&Packet::bare(frame_kind::INVOKE, 1)), Lane::Bot);
        let asked = |guild| Lane::of(&packet(frame_kind::INVOKE, 1, guild, 7).asked_by_plugin());
        assert_eq!((asked(3), asked(0)), (Lane::Asked(3), Lane::Asked(0)));
    }

    #[test]
    fn when_it_is_full_the_longest_lane_makes_room_and_its_own_newest_is_what_goes() {
        let mut queue = FairQueue::default();
        for id in 0..8 {
            queue.push_within(event(id, 1), 8).unwrap();
        }
        assert_eq!(queue.push_within(event(8, 1), 8).unwrap_err(), Full);
        let displaced = queue.push_within(event(20, 2), 8).unwrap().unwrap();
        assert_eq!(displaced.id, 7);
        // Commands have a bound of their own.
        let command = packet(frame_kind::COMMAND, 30, 1, 1);
        assert!(queue.push_within(command, 1).unwrap().is_none());
        let command = packet(frame_kind::COMMAND, 31, 2, 1);
        assert_eq!(queue.push_within(command, 1).unwrap_err(), Full);
        assert_eq!(ids(queue.take_all()), [0, 20, 1, 2, 3, 4, 5, 6, 30]);
    }

    /// Numbers without a pattern, the same in each run.
    fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
        move |below| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        }
    }

    #[test]
    fn whatever_comes_each_lane_stays_in_order_nobody_waits_for_two_turns_of_another_and_all_is_counted()
     {
        for seed in 1..=200 {
            let (mut number, mut queue) = (numbers(seed), FairQueue::default());
            let most = 1 + number(40) as usize;
            // What waits, as it should: by lane, in order.
            let mut model: BTreeMap<u64, VecDeque<u64>> = BTreeMap::new();
            // How often others were served since a lane's first has waited.
            let mut served: BTreeMap<u64, BTreeMap<u64, usize>> = BTreeMap::new();
            for id in 1..=600 {
                if number(5) < 3 {
                    // The first server is busier than all others together.
                    let guild = 1 + number(6).saturating_sub(2);
                    let longest = model.values().map(VecDeque::len).max().unwrap_or(0);
                    let (own, all) = (
                        model.get(&guild).map_or(0, VecDeque::len),
                        model.values().map(VecDeque::len).sum::<usize>(),
                    );
                    match queue.push_within(event(id, guild), most) {
                        Ok(None) => assert!(all < most),
                        Ok(Some(displaced)) => {
                            let lane = displaced.header().guild_id;
                            let of_it = model.get_mut(&lane).unwrap();
                            assert_eq!(
                                (of_it.len(), of_it.pop_back()),
                                (longest, Some(displaced.id))
                            );
                        }
                        Err(Full) => {
                            assert!(all == most && own + 1 >= longest);
                            continue;
                        }
                    }
                    model.entry(guild).or_default().push_back(id);
                } else if let Some(packet) = queue.pop(Places { all: 1, free: 1 }) {
                    let guild = packet.header().guild_id;
                    queue.ends(Lane::Guild(guild));
                    assert_eq!(model.get_mut(&guild).unwrap().pop_front(), Some(packet.id));
                    served.remove(&guild);
                    for (other, waiting) in &model {
                        if *other != guild && !waiting.is_empty() {
                            let times = served.entry(*other).or_default().entry(guild).or_default();
                            *times += 1;
                            assert!(*times <= 1, "{guild} twice while {other} waits");
                        } else {
                            served.remove(other);
                        }
                    }
                } else {
                    assert!(model.values().all(VecDeque::is_empty));
                }
                let waiting = model.values().map(VecDeque::len).sum::<usize>();
                assert_eq!(queue.len(), waiting);
                assert!(waiting <= most);
            }
            for packet in queue.take_all() {
                let guild = packet.header().guild_id;
                assert_eq!(model.get_mut(&guild).unwrap().pop_front(), Some(packet.id));
            }
            assert!(model.values().all(VecDeque::is_empty));
        }
    }

    /// Places, some of which are taken by handlers that take their time.
    #[derive(Debug)]
    struct Handlers {
        all: usize,
        running: BTreeMap<u64, usize>,
    }

    impl Handlers {
        fn free(&self) -> usize {
            self.all - self.running.values().sum::<usize>()
        }

        /// Takes as much as there is room for; of whom.
        fn take(&mut self, queue: &mut FairQueue) -> Vec<u64> {
            let next = || {
                let places = Places {
                    all: self.all,
                    free: self.free(),
                };
                let guild = queue.pop(places)?.header().guild_id;
                *self.running.entry(guild).or_default() += 1;
                Some(guild)
            };
            std::iter::from_fn(next).collect()
        }

        fn end(&mut self, queue: &mut FairQueue, guild: u64) {
            *self.running.get_mut(&guild).unwrap() -= 1;
            self.running.retain(|_, running| *running > 0);
            queue.ends(Lane::Guild(guild));
        }
    }

    #[test]
    fn a_crowd_of_slow_handlers_holds_half_of_the_places_and_each_other_server_finds_one() {
        let (mut queue, mut handlers) = (
            FairQueue::default(),
            Handlers {
                all: 64,
                running: BTreeMap::new(),
            },
        );
        for id in 0..1_000 {
            queue.push(event(id, 1));
        }
        assert_eq!(handlers.take(&mut queue).len(), 32);
        // Another crowd gets a part of what is left, and whoever has none yet has one at once.
        for id in 0..1_000 {
            queue.push(event(id, 2));
        }
        assert_eq!(handlers.take(&mut queue).len(), 11);
        for guild in 3..=30 {
            queue.push(event(1, guild));
        }
        let taken = handlers.take(&mut queue);
        assert_eq!(taken, (3..24).collect::<Vec<_>>(), "as many as there were");
        // Who is done makes room for those who have none, and not for the crowds.
        handlers.end(&mut queue, 1);
        handlers.end(&mut queue, 2);
        assert_eq!(handlers.take(&mut queue), [24, 25]);
        // One that rests gives its place to whoever comes.
        queue.ends(Lane::Guild(1));
        *handlers.running.get_mut(&1).unwrap() -= 1;
        assert_eq!(handlers.take(&mut queue), [26]);
    }

    #[test]
    fn however_long_handlers_take_no_server_is_kept_from_its_first_place_by_another_that_has_more()
    {
        for seed in 1..=300 {
            let (mut number, mut queue) = (numbers(seed), FairQueue::default());
            let all = 1 + number(80) as usize;
            let mut handlers = Handlers {
                all,
                running: BTreeMap::new(),
            };
            let mut waiting: BTreeMap<u64, usize> = BTreeMap::new();
            let kept = all / 4;
            for id in 1..=800 {
                match number(8) {
                    0..4 => {
                        // The first server is busier than all others together, and slower.
                        let guild = 1 + number(40).saturating_sub(20);
                        queue.push(event(id, guild));
                        *waiting.entry(guild).or_default() += 1;
                    }
                    4..6 => {
                        let running: Vec<u64> = handlers.running.keys().copied().collect();
                        if !running.is_empty() {
                            let guild = running[number(running.len() as u64) as usize];
                            if guild != 1 || number(10) == 0 {
                                handlers.end(&mut queue, guild);
                            }
                        }
                    }
                    _ => {}
                }
                let taken = handlers.take(&mut queue);
                for guild in &taken {
                    let waits = waiting.get_mut(guild).unwrap();
                    *waits -= 1;
                }
                waiting.retain(|_, waits| *waits > 0);
                let has = |guild: &u64| handlers.running.contains_key(guild);
                // Whoever has none and waits does so because all places are taken, which then are of many servers.
                if waiting.keys().any(|guild| !has(guild)) {
                    assert_eq!(handlers.free(), 0);
                    assert!(handlers.running.len() > kept, "{:?}", handlers.running);
                }
                // What was not taken would have been too much for its server.
                let open = handlers.free().saturating_sub(kept);
                for guild in waiting.keys().filter(|guild| has(guild)) {
                    assert!(handlers.free() == 0 || handlers.running[guild] >= (2 * open).max(1));
                }
                for guild in &taken {
                    let most = (2 * (all - kept)).div_ceil(3).max(1);
                    assert!(handlers.running[guild] <= most, "{handlers:?}");
                }
                let mut of_queue: Vec<(u64, usize)> = queue
                    .running
                    .iter()
                    .map(|(lane, running)| match lane {
                        Lane::Guild(guild) => (*guild, *running),
                        _ => unreachable!(),
                    })
                    .collect();
                of_queue.sort_unstable();
                assert!(of_queue.into_iter().eq(handlers.running.clone()));
            }
        }
    }
}
