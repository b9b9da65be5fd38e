//! Operations on the plugins and on the bot, and what must hold after each.

use std::{fs, sync::atomic::Ordering::Relaxed, time::Instant};

use super::{PLUGINS, Torture, command, fixture, name, start};
use crate::support::{self, PATIENCE};

/// What the log says of a state that could not be saved.
const LOST: &str = "its state may be lost";

/// What is done, as often as it stands here.
pub const OPERATIONS: &[&str] = &[
    "load",
    "load",
    "reload",
    "reload",
    "reload",
    "unload",
    "unload",
    "force",
    "rewrite",
    "delete",
    "kill",
    "terminate",
    "exit",
    "abort",
    "signal_bot",
    "signal",
    "signal",
    "hosts_signal",
    "leak",
    "panic",
    "panic_early",
    "short_thread",
    "long_thread",
    "block 300",
    "block 1500",
];

impl Torture {
    pub(super) async fn load(&mut self, name: &str) {
        let was_loaded = self.shared.model().plugins[name].loaded;
        let said = self.order(&format!("load {name}")).await;
        assert_eq!(
            was_loaded,
            !said.starts_with("Loaded"),
            "load {name}, which was loaded: {was_loaded}: {said}"
        );
        if !was_loaded {
            self.shared.model().plugins.get_mut(name).unwrap().clings = false;
            self.end_operation(name, true);
        }
    }

    pub(super) async fn reload(&mut self, name: &str) {
        let said = self.order(&format!("reload {name}")).await;
        assert!(
            said.starts_with("Reloaded") || said.contains("save did not return"),
            "reload {name}: {said}"
        );
    }

    pub(super) async fn unload(&mut self, name: &str, force: bool) {
        self.begin_operation(name);
        let lost_before = self.bot().count(LOST, name);
        let force = if force { " force" } else { "" };
        let said = self.order(&format!("unload {name}{force}")).await;
        if said.starts_with("Not unloaded") {
            assert!(
                force.is_empty() && said.contains("save did not return"),
                "{said}"
            );
            self.end_operation(name, true);
            return;
        }
        self.look();
        self.check_report(name, &said);
        let lost = self.bot().count(LOST, name) > lost_before;
        self.gone(name, lost);
    }

    /// A plugin is no longer there.
    fn gone(&self, name: &str, lost: bool) {
        let mut model = self.shared.model();
        if lost {
            model.lost(name);
        } else {
            model.saved(name);
        }
    }

    /// What the host says of an unload, and what the kernel says.
    fn check_report(&mut self, name: &str, said: &str) {
        let generation: u64 = said
            .split_once("generation ")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("no generation in {said}"));
        let (copy, thread) = (
            format!("{name}-{generation}"),
            format!("{name}#{generation}"),
        );
        let stays = said.contains("stays mapped");
        let (mapped, threads) = (self.bot().mapped(), self.bot().threads());
        assert_eq!(mapped.contains(&copy), stays, "{said}\n{mapped:?}");
        if !stays {
            assert!(!threads.contains(&thread), "{said}\n{threads:?}");
        }
    }

    /// The same file once more, as a build leaves it: nothing that is loaded has changed.
    pub(super) async fn rewrite(&mut self, name: &str) {
        let extensions = self.folder.path().join("extensions");
        support::drop_in(&fixture(name), &extensions, name);
    }

    /// The file goes, and comes back.
    pub(super) async fn delete(&mut self, name: &str) {
        self.begin_operation(name);
        let lost_before = self.bot().count(LOST, name);
        let file = self.folder.path().join(format!("extensions/lib{name}.so"));
        fs::remove_file(&file).unwrap();
        self.until_extensions(name, false).await;
        self.look();
        let lost = self.bot().count(LOST, name) > lost_before;
        self.gone(name, lost);
        support::drop_in(&fixture(name), file.parent().unwrap(), name);
        self.until_extensions(name, true).await;
        self.shared.model().plugins.get_mut(name).unwrap().clings = false;
        self.end_operation(name, true);
    }

    /// Until `extensions` lists the plugin among those that serve, or no longer.
    async fn until_extensions(&mut self, name: &str, serves: bool) {
        let begun = Instant::now();
        loop {
            let said = self.order("extensions").await;
            let lines: Vec<&str> = said.lines().collect();
            let at = lines.iter().position(|line| *line == name);
            let version = at.and_then(|at| lines.get(at + 1));
            if version.is_some_and(|line| line.starts_with("version")) == serves {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{name} serves: {serves}? {said}"
            );
        }
    }

    pub(super) async fn misbehave(&mut self, name: &str, what: &str) {
        if what == "long_thread" {
            self.shared.model().plugins.get_mut(name).unwrap().clings = true;
        }
        let line = format!("{} {name} {what}", self.mention);
        let epoch = self.shared.model().plugins[name].epoch;
        let waits = !what.starts_with("block");
        let said = if waits {
            command(&self.owner, &self.shared, &line, Some((name, epoch))).await
        } else {
            let sent = self.owner.says("general", &line).await.unwrap();
            self.shared.model().sent(&sent, Some((name, epoch)));
            None
        };
        self.done.extend(said);
    }

    /// The plugin's thread ends by itself: its members are told, and it is started anew.
    pub(super) async fn ends(&mut self, name: &str, how: &str) {
        self.begin_operation(name);
        let line = format!("{} {name} {how}", self.mention);
        let said = command(&self.owner, &self.shared, &line, None).await;
        self.done.extend(said);
        // It is told before the next one is started, which begins with what was saved last.
        self.look();
        self.gone(name, true);
        self.until_extensions(name, true).await;
        self.end_operation(name, true);
    }

    pub(super) async fn kill(&mut self) {
        let loaded = self.begin_operations();
        self.shared.meant.store(true, Relaxed);
        self.bot().kill().await;
        self.look();
        for number in 0..PLUGINS as u64 {
            self.gone(&name(number), true);
        }
        self.start_again(loaded).await;
    }

    pub(super) async fn terminate(&mut self) {
        let loaded = self.begin_operations();
        self.shared.meant.store(true, Relaxed);
        let bot = self.bot.take().unwrap();
        let names: Vec<String> = (0..PLUGINS as u64).map(name).collect();
        let before: Vec<usize> = names.iter().map(|name| bot.count(LOST, name)).collect();
        let ended = bot.terminate().await;
        self.look();
        for (name, before) in names.iter().zip(before) {
            self.gone(name, ended.count(LOST, name) > before);
        }
        self.start_again(loaded).await;
    }

    /// Each plugin meets what comes; those that are loaded are again, afterwards. What was unloaded stays so.
    fn begin_operations(&self) -> Vec<String> {
        let names = (0..PLUGINS as u64).map(name);
        let loaded = names.filter(|name| self.shared.model().plugins[name].loaded);
        let loaded: Vec<String> = loaded.collect();
        for number in 0..PLUGINS as u64 {
            self.begin_operation(&name(number));
        }
        loaded
    }

    async fn start_again(&mut self, loaded: Vec<String>) {
        self.starts += 1;
        let started = start(self.folder.path(), &self.sandbox, self.starts).await;
        self.bot = Some(started);
        self.watch_over();
        for number in 0..PLUGINS as u64 {
            let name = name(number);
            self.shared.model().plugins.get_mut(&name).unwrap().clings = false;
            self.end_operation(&name, loaded.contains(&name));
        }
    }
}
