//! Linux: all that the interface in [`super`] names.

pub(crate) mod cells;
pub(crate) mod cgroups;
pub(crate) mod child;
pub(crate) mod crash;
pub(crate) mod elf;
pub(crate) mod files;
#[cfg(interposed)]
pub mod interpose;
pub mod memory;
pub(crate) mod process;
pub(crate) mod sandbox;
pub(crate) mod signals;
pub(crate) mod stack;
#[cfg(target_env = "gnu")]
pub(crate) mod threads;
pub(crate) mod wake;

pub(crate) use self::elf as library_files;
#[cfg(not(target_env = "gnu"))]
pub(crate) use super::finished_threads as threads;
