//! Registration counts of plugins, by registry: after a reload as much as before it.

use std::collections::BTreeMap;

use super::Services;

impl Services {
    /// How many entries each registry has that plugins fill, by registry.
    #[must_use]
    pub fn registries(&self) -> BTreeMap<&'static str, usize> {
        let others = [
            ("figures, plugins", self.figures.plugins.plugin_count()),
            (
                "generations alive",
                self.figures.plugins.generations_alive(),
            ),
            ("messages, watched", self.later.watched_count()),
        ];
        self.of_capabilities().into_iter().chain(others).collect()
    }
}
