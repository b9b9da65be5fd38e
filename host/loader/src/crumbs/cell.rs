//! Crumbs of a cell, as the bot has them: memory that the cell writes, and the bot reads as it would read a file.
//!
//! What a plugin may have written over decides nothing but what is shown of its own end: which plugin it is, which file, and for whom it
//! was at work the bot knows by itself.

use std::{
    io,
    mem::offset_of,
    path::{Path, PathBuf},
    time::Duration,
};

use plugin_api::abi::Crumb;

use super::{Doing, Polled, Remains, Remnant, lasting};
use crate::{
    crumb_layout::{Layout, Slot},
    platform::crash::SharedCrumbs,
};

/// Where the crumb of the one generation is that a cell has.
const CRUMB: usize = offset_of!(Layout, slots) + offset_of!(Slot, crumb);

/// The crumbs of a cell.
#[derive(Debug)]
pub(crate) struct CellCrumbs(SharedCrumbs);

/// Whose crumbs they are.
#[derive(Debug)]
pub(crate) struct Whose {
    /// The plugin.
    pub(crate) plugin: String,
    /// Which load of it.
    pub(crate) generation: u64,
    /// The private copy.
    pub(crate) file: PathBuf,
    /// The cell's process.
    pub(crate) pid: u32,
    /// What was being polled, where that is a frame that the bot knows.
    pub(crate) doing: Option<Doing>,
}

impl CellCrumbs {
    /// New ones.
    ///
    /// # Errors
    ///
    /// What the system says. A cell does without.
    pub(crate) fn new() -> io::Result<Self> {
        SharedCrumbs::new().map(Self)
    }

    /// The memory, for the cell.
    pub(crate) const fn memory(&self) -> &SharedCrumbs {
        &self.0
    }

    /// What the cell's thread polls: the frame, and for how long; `None` while it polls nothing.
    pub(crate) fn polled(&self) -> Option<(u64, Duration)> {
        let word = |offset: usize| {
            let mut bytes = [0; 8];
            self.0.read(&mut bytes, CRUMB + offset).ok()?;
            Some(u64::from_le_bytes(bytes))
        };
        lasting(
            word(offset_of!(Crumb, frame))?,
            word(offset_of!(Crumb, since_ms))?,
        )
    }

    /// What the cell has left that ran this program; `None` where it is no more to be read.
    pub(crate) fn remains(&self, whose: Whose, program: &Path) -> Option<Remains> {
        let mut bytes = vec![0; Layout::BYTES];
        self.0.read(&mut bytes, 0).ok()?;
        let mut remains = Remains::read(&bytes)?;
        let left = remains.plugins.into_iter().next().unwrap_or_default();
        let polled = left.polled.map(|polled| Polled {
            what: whose.doing.unwrap_or(polled.what),
            ..polled
        });
        remains.plugins = vec![Remnant {
            plugin: whose.plugin,
            generation: whose.generation,
            file: whose.file,
            polled,
            ..left
        }];
        remains.is_cell = true;
        remains.pid = whose.pid.into();
        for library in &mut remains.libraries {
            if library.path.as_os_str().is_empty() {
                program.clone_into(&mut library.path);
            }
        }
        Some(remains)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crumbs::Certainty, platform::Owner};

    fn whose() -> Whose {
        Whose {
            plugin: "tea".into(),
            generation: 3,
            file: "/s/tea-3.so".into(),
            pid: 7,
            doing: None,
        }
    }

    #[test]
    fn what_a_cell_writes_is_read_here_and_whose_it_is_the_bot_says() {
        let crumbs = CellCrumbs::new().unwrap();
        let cell = crumbs.memory().map().unwrap();
        assert!(crumbs.polled().is_none(), "it has not begun");
        super::super::entitle(cell);
        let place =
            super::super::Place::take_in(cell, Owner::next(), "pot", 9, Path::new("/s/pot-9.so"));
        let place = place.unwrap();
        place
            .crumb()
            .begin(5, crate::platform::crash::monotonic_ms());
        assert_eq!(crumbs.polled().unwrap().0, 5);
        let doing = Some(Doing {
            handler: "command `brew`".into(),
            ..Doing::default()
        });
        let whose = Whose { doing, ..whose() };
        let remains = crumbs.remains(whose, Path::new("/bin/bot")).unwrap();
        let [tea] = &*remains.plugins else {
            panic!("{remains:?}")
        };
        assert_eq!((&*tea.plugin, tea.generation), ("tea", 3));
        assert_eq!(tea.polled.as_ref().unwrap().what.handler, "command `brew`");
        assert_eq!(remains.pid, 7);
        let verdict = remains.verdict(&[]);
        assert_eq!(
            (verdict.certainty, verdict.suspects),
            (Certainty::Likely, vec![0])
        );
        place.idle();
        assert!(crumbs.polled().is_none());
    }

    #[test]
    fn memory_of_a_cell_keeps_its_size_whatever_the_cell_does() {
        use std::{fs::File, os::fd::AsFd};
        let crumbs = CellCrumbs::new().unwrap();
        let memory = File::from(crumbs.memory().as_fd().try_clone_to_owned().unwrap());
        for bytes in [0, Layout::BYTES as u64 * 2] {
            assert!(memory.set_len(bytes).is_err());
        }
        let mut bytes = [1; 8];
        crumbs.memory().read(&mut bytes, Layout::BYTES - 8).unwrap();
        assert_eq!(bytes, [0; 8]);
    }
}
