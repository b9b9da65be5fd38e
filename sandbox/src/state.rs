//! Shared state, the one owner of everything that changes: one mutex, held for a few lines and never across an
//! `.await`.

use std::{sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout_at},
};

use crate::{
    bells::{Awaited, Bells},
    fault::{AnyFault, FaultSet},
    hub::Hub,
    limit::Limits,
    options::GatewayLimits,
    report::Reports,
    traffic::Traffic,
    world::{Alarm, World},
};

/// What the server, the actors and the page share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Counts the changes: whoever waits for something looks again at each.
    changed: watch::Sender<u64>,
    /// Rung when another alarm is the next one.
    alarms_set: Notify,
    pub any_fault: AnyFault,
    pub settings: Settings,
}

/// What does not change after the start.
#[derive(Debug)]
pub(crate) struct Settings {
    pub port: u16,
    pub token: String,
    pub deadline: Duration,
    pub interaction_token_life: Duration,
    pub gateway_limits: GatewayLimits,
}

/// What changes.
#[derive(Debug)]
pub(crate) struct State {
    pub world: World,
    pub hub: Hub,
    pub traffic: Traffic,
    pub limits: Limits,
    pub faults: FaultSet,
    pub bells: Bells,
    pub reports: Reports,
}

impl State {
    /// A storm's next wave, and the alarm for the one after it.
    fn storm(&mut self, id: u64) {
        let Some((every, order)) = self.faults.strike_storm(id, &mut self.traffic) else {
            return;
        };
        self.hub.order_all(&order);
        let due = self.world.clock.after_us(every);
        self.world.alarms.set(due, Alarm::Storm(id));
    }
}

impl Shared {
    pub(crate) fn new(world: World, limits: Limits, settings: Settings) -> Arc<Self> {
        let state = State {
            traffic: Traffic::new(world.clock.clone()),
            reports: Reports::new(world.clock.clone()),
            world,
            hub: Hub::default(),
            limits,
            faults: FaultSet::default(),
            bells: Bells::default(),
        };
        Arc::new(Self {
            any_fault: state.faults.any(),
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            alarms_set: Notify::new(),
            settings,
        })
    }

    /// Looks at the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes what nobody waits for, and wakes nobody.
    pub(crate) fn note<T>(&self, note: impl FnOnce(&mut State) -> T) -> T {
        note(&mut self.lock())
    }

    /// The state, which a panic does not make worse than it was.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Changes the state, hands what the world tells to the gateway, and wakes whoever waits.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let next_alarm = state.world.alarms.next_us();
        let next_sighting = state.world.next_sighting;
        let result = change(&mut state);
        let State {
            world,
            hub,
            traffic,
            bells,
            faults,
            ..
        } = &mut *state;
        let mut outbox = std::mem::take(&mut world.outbox);
        for event in &outbox {
            for _ in 0..faults.copies(&event.name, traffic) {
                hub.dispatch(world, traffic, event);
            }
        }
        outbox.clear();
        world.outbox = outbox;
        for sighting in world.sightings_from(next_sighting) {
            bells.ring(sighting);
        }
        let alarm_set = world.alarms.next_us() != next_alarm;
        drop(state);
        if alarm_set {
            self.alarms_set.notify_one();
        }
        // Whoever begins to wait after this has yet to look, and will see the change.
        if self.changed.receiver_count() > 0 {
            self.changed.send_modify(|changes| *changes += 1);
        }
        result
    }

    /// Lets the world's alarms ring when they are due by the clock. Never ends; runs for as long as the server does.
    pub(crate) async fn ring_alarms(&self) {
        loop {
            let (clock, next) =
                self.read(|state| (state.world.clock.clone(), state.world.alarms.next_us()));
            let due = async {
                match next {
                    Some(next) => clock.reaches(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.change(|state| {
                    for alarm in state.world.ring_alarms() {
                        if let Alarm::Storm(fault) = alarm {
                            state.storm(fault);
                        }
                    }
                }),
                () = self.alarms_set.notified() => {}
            }
        }
    }

    /// A view of the count of changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Looks at the state now and whenever the bell for this rings, until there is a result; `None` after the
    /// deadline.
    pub(crate) async fn wait_for<T>(
        &self,
        awaited: Awaited,
        within: Duration,
        mut look: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + within;
        let bell;
        // Made under the lock: from then on, also before it is first polled, what happens rings it.
        let mut rung = {
            let mut state = self.lock();
            if let Some(found) = look(&mut state) {
                return Some(found);
            }
            bell = state.bells.hang(awaited);
            bell.notified()
        };
        loop {
            let over = timeout_at(deadline, rung).await.is_err();
            rung = {
                let mut state = self.lock();
                let found = look(&mut state);
                if found.is_some() || over {
                    return found;
                }
                bell.notified()
            };
        }
    }

    /// Looks at the state after each change until there is a result; `None` after the deadline.
    pub(crate) async fn wait<T>(
        &self,
        within: Duration,
        mut look: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + within;
        let mut changes = self.changed.subscribe();
        loop {
            changes.mark_unchanged();
            // Looking may note what was consumed, but is not a change that anybody waits for.
            let found = look(&mut self.lock());
            if found.is_some() {
                return found;
            }
            match timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return None,
            }
        }
    }
}
