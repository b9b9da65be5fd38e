//! Servers at which something is under way: one snapshot, restore or import at a time.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use plugin_api::prelude::*;

use crate::store::Guild;

/// What is under way, by server.
#[derive(Debug, Default, Clone)]
pub(crate) struct Busy(Rc<RefCell<BTreeMap<Guild, Doing>>>);

#[derive(Debug, Clone)]
struct Doing {
    what: &'static str,
    stop: Rc<Cell<bool>>,
}

/// A place among them, until it is dropped: before the answer, which may be slow, and behind which the next command comes.
#[derive(Debug)]
pub(crate) struct Place {
    busy: Busy,
    guild: Guild,
    stop: Rc<Cell<bool>>,
}

impl Busy {
    pub(crate) fn enter(&self, guild: Guild, what: &'static str) -> Result<Place> {
        let mut all = self.0.borrow_mut();
        if let Some(doing) = all.get(&guild) {
            return Err(Error::user(format!(
                "Another {} is under way in this server. Try again when it is over.",
                doing.what
            )));
        }
        let stop = Rc::new(Cell::new(false));
        let doing = Doing {
            what,
            stop: Rc::clone(&stop),
        };
        all.insert(guild, doing);
        let busy = self.clone();
        Ok(Place { busy, guild, stop })
    }

    /// The same, but waits a second for what is about to end: who reads of its end is sometimes quicker than its last write.
    pub(crate) async fn enter_soon(&self, guild: Guild, what: &'static str) -> Result<Place> {
        for _ in 0..20 {
            if let Ok(place) = self.enter(guild, what) {
                return Ok(place);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.enter(guild, what)
    }

    /// What is under way there.
    pub(crate) fn what(&self, guild: Guild) -> Option<&'static str> {
        self.0.borrow().get(&guild).map(|doing| doing.what)
    }

    /// Asks a restore to stop behind the step that it is at; `false`: there is none.
    pub(crate) fn stop(&self, guild: Guild) -> bool {
        let all = self.0.borrow();
        let doing = all.get(&guild).filter(|doing| doing.what == "restore");
        doing.inspect(|doing| doing.stop.set(true)).is_some()
    }
}

impl Place {
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.get()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.busy.0.borrow_mut().remove(&self.guild);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_in_each_server() {
        let (busy, tea) = (Busy::default(), Guild::new(1));
        let place = busy.enter(tea, "restore").unwrap();
        let refused = busy.enter(tea, "snapshot").unwrap_err();
        assert!(refused.user_message().unwrap().contains("Another restore"));
        assert_eq!(
            (busy.what(tea), busy.what(Guild::new(2))),
            (Some("restore"), None)
        );
        assert!(busy.enter(Guild::new(2), "snapshot").is_ok());
        assert!(busy.stop(tea) && place.is_stopped());
        drop(place);
        assert!(!busy.stop(tea));
        let _snapshot = busy.enter(tea, "snapshot").unwrap();
        assert!(!busy.stop(tea));
    }
}
