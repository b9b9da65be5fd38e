//! Merge of a changed file into the running configuration.

use super::{Config, described::differences};

impl Config {
    /// This configuration with all that can be taken over of what has changed in the file; the rest stays until a restart,
    /// and what the process was started with beside the file stays, too.
    #[must_use]
    pub fn taking_over(&self, next: Self) -> Self {
        let mut config = self.clone();
        for path in differences(&self.source.table(), &next.source.table()) {
            let (table, key) = path.split_once('.').unwrap_or_default();
            if Config::is_live(table, key) {
                config.take_over(table, key, &next);
            }
        }
        config.grants = next.grants;
        config.plugins = next.plugins;
        config.source = next.source;
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_the_file_stays_until_its_key_is_changed() {
        let mut running = Config::parse("[bot]\nprefix = '?'", "c").unwrap();
        running.metrics.listen = None;
        let next = |text| Config::parse(text, "c").unwrap();
        let now = running.taking_over(next("[bot]\nprefix = '+'"));
        assert_eq!((&*now.bot.prefix, now.metrics.listen), ("+", None));
        let now = now.taking_over(next("[metrics]\nlisten = '127.0.0.1:1'"));
        assert_eq!(now.bot.prefix, "!");
        assert_eq!(now.metrics.listen, "127.0.0.1:1".parse().ok());
    }

    #[test]
    fn what_needs_a_restart_stays() {
        let running = Config::parse("[data]\nfolder = 'a'\n[bot]\nprefix = '?'", "c").unwrap();
        let next = Config::parse(
            "[data]\nfolder = 'b'\n[bot]\nprefix = '+'\n[plugins.shop]\nlimit = 3",
            "c",
        )
        .unwrap();
        let now = running.taking_over(next);
        assert_eq!(
            (now.data.folder.to_str(), &*now.bot.prefix),
            (Some("a"), "+")
        );
        assert!(now.plugins.contains_key(&"shop".into()));
        assert!(now.source.text.contains("'b'"));
    }
}
