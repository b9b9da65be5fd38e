//! How much plugins have registered with the host, by registry: after a reload as much as before it.

use std::collections::BTreeMap;

use super::Services;

impl Services {
    /// How many entries each registry has that plugins fill, by registry.
    #[must_use]
    pub fn registries(&self) -> BTreeMap<&'static str, usize> {
        let storage = self.storage.numbers();
        let families = self.metrics.families();
        let samples = families.iter().map(|family| family.samples.len()).sum();
        let files = self.files.figures();
        let services = [
            ("databases, open", storage.map_or(0, |it| it.open)),
            ("figures, families", families.len()),
            ("figures, generations", self.metrics.generation_count()),
            ("figures, plugins", self.figures.plugins.plugin_count()),
            ("figures, samples", samples),
            ("files, cached", files.cached),
            ("files, locks", files.locks),
            (
                "generations alive",
                self.figures.plugins.generations_alive(),
            ),
            ("hooks, desks", self.hooks.desk_count()),
            ("interactions, open", self.replies.open_count()),
            ("messages, watched", self.later.watched_count()),
            ("schedules, generations", self.schedules.declared_count()),
            ("settings, generations", self.settings.declared_count()),
            ("storage, fences", self.storage.fence_count()),
            ("web, generations", self.web.generation_count()),
        ];
        let routes = self.functions.routes().counts();
        let commands = self.commands.get().map(|commands| commands.count());
        services.into_iter().chain(routes).chain(commands).collect()
    }
}
