//! `[commands]`.

use super::{
    document::Table,
    values::{integer, seconds},
};

/// `[commands]`: commands of members.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commands {
    /// Uses within the period for each user, of commands that declare no cooldown; 0: as many as one likes.
    pub cooldown_uses: u32,
    /// The period.
    pub cooldown_s: u64,
}

impl Default for Commands {
    fn default() -> Self {
        Self {
            cooldown_uses: 0,
            cooldown_s: 10,
        }
    }
}

impl Commands {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut commands = Self::default();
        table.read("cooldown_uses", &mut commands.cooldown_uses, |item| {
            integer(item, 0..=1_000, "uses").map(|uses| u32::try_from(uses).unwrap_or(u32::MAX))
        });
        table.read("cooldown_s", &mut commands.cooldown_s, |item| {
            seconds(item, 1..=86_400)
        });
        commands
    }
}
