//! Manifest rules of the bot: Discord's, and those of the services.

use std::collections::{HashMap, HashSet};

use host_base::PluginName;
use host_commands::manifest_check;
use host_loader::Neighbour;
use plugin_api::{
    EventKind,
    abi::HandlerNumber,
    hook::{EVERY_EVENT, FRAMEWORK_EVENTS},
    manifest::Manifest,
};

use crate::{owner, services};

/// The rules of this host.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

impl host_loader::Rules for Rules {
    fn calls(&self) -> Vec<&'static str> {
        services::calls().map(|call| call.name).collect()
    }

    fn problems(
        &self,
        plugin: &PluginName,
        manifest: &Manifest,
        neighbours: &[Neighbour<'_>],
        problems: &mut Vec<String>,
    ) {
        manifest_check::problems(manifest, neighbours, owner::NAMES, problems);
        for listener in &manifest.listeners {
            if EventKind::named(&listener.event).is_none() {
                problems.push(format!(
                    "this host ({}) does not know the event `{}`: update the host",
                    env!("CARGO_PKG_VERSION"),
                    listener.event
                ));
            }
        }
        for hook in &manifest.hooks {
            let event = &*hook.event;
            let is_known = FRAMEWORK_EVENTS.contains(&event) || event == EVERY_EVENT;
            if !event.contains('.') && !is_known {
                problems.push(format!(
                    "this host ({}) does not know the hook `{event}`: update the host, or name the plugin that emits it, as in `shop.{event}`",
                    env!("CARGO_PKG_VERSION")
                ));
            }
        }
        let mut handlers = HashSet::new();
        for hook in &manifest.hooks {
            let (event, name) = (&hook.event, &hook.handler);
            if !handlers.insert((event, name)) {
                problems.push(format!(
                    "hook `{event}` has two handlers called `{name}`: give one of them another name"
                ));
            }
            if name.is_empty() || name.contains(|c: char| c == ':' || c.is_whitespace()) {
                problems.push(format!(
                    "handler `{name}` of hook `{event}`: a name has no colon and no blanks, and is not empty"
                ));
            }
        }
        let mut components = HashMap::new();
        for component in &manifest.components {
            match components.insert(HandlerNumber::of(component), component) {
                Some(other) if other == component => {
                    problems.push(format!("component handler `{component}` is declared twice"));
                }
                Some(other) => problems.push(format!(
                    "component handlers `{other}` and `{component}` have the same number in custom ids: give one of them another name"
                )),
                None => {}
            }
            if component.is_empty() || component.contains([':', '~']) || component.starts_with('.')
            {
                problems.push(format!(
                    "component handler `{component}`: a name has no colon and no tilde, does not begin with a dot, and is not empty"
                ));
            }
        }
        let call = |name: &str| services::calls().find(|call| call.name == name);
        host_pages::problems(&manifest.pages, call, problems);
        let home = neighbours.iter().find(|it| it.manifest.pages.home);
        if let (true, Some(home)) = (manifest.pages.home, home) {
            problems.push(format!(
                "it shows the web pages' first page, and so does the plugin `{}`: unload that one first",
                home.manifest.name
            ));
        }
        services::problems(plugin, manifest, problems);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use host_loader::manifest_problems;

    use super::*;

    fn manifest(json: serde_json::Value) -> Manifest {
        let mut manifest: Manifest = serde_json::from_value(json).unwrap();
        manifest.name = "shop".into();
        manifest.version = "1.0.0".into();
        manifest
    }

    fn check(json: serde_json::Value, expect: &[&str]) {
        let found = manifest_problems(&Rules, &"shop".into(), &manifest(json), &BTreeMap::new());
        assert_eq!(found.len(), expect.len(), "{found:#?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.contains(expect), "{found} does not say {expect}");
        }
    }

    fn command(name: &str) -> serde_json::Value {
        serde_json::json!({"name": name, "description": "d", "prefix": true})
    }

    #[test]
    fn a_hook_that_nobody_tells_is_named() {
        check(
            serde_json::json!({"hooks": [
                {"event": "bot_ready", "handler": "a"},
                {"event": "shop.sold", "handler": "b"},
                {"event": "*", "handler": "d"},
                {"event": "sold", "handler": "c"},
            ]}),
            &[
                "does not know the hook `sold`: update the host, or name the plugin that emits it, as in `shop.sold`",
            ],
        );
    }

    #[test]
    fn two_handlers_of_a_hook_with_one_name_are_refused() {
        check(
            serde_json::json!({"hooks": [
                {"event": "bot_ready", "handler": "greet"},
                {"event": "bot_ready", "handler": "greet"},
                {"event": "shop.sold", "handler": "greet"},
                {"event": "shop.sold", "handler": "a:b"},
            ]}),
            &[
                "hook `bot_ready` has two handlers called `greet`: give one of them another name",
                "handler `a:b` of hook `shop.sold`: a name has no colon",
            ],
        );
    }

    #[test]
    fn two_component_handlers_with_one_number_are_refused() {
        // Found by trying: some ten thousand names have two with the same number.
        let mut numbers = HashMap::new();
        let (one, other) = (0..)
            .find_map(|n| {
                let name = format!("handler-{n}");
                let number = HandlerNumber::of(&name);
                numbers.insert(number, name.clone()).map(|one| (one, name))
            })
            .unwrap();
        check(
            serde_json::json!({"components": ["buy", one, other]}),
            &[&format!(
                "component handlers `{one}` and `{other}` have the same number in custom ids: give one of them another name"
            )],
        );
    }

    #[test]
    fn a_good_manifest_has_no_problems() {
        check(
            serde_json::json!({"commands": [command("buy")], "components": ["cart"]}),
            &[],
        );
    }

    #[test]
    fn a_commands_alias_that_differs_in_case_alone_is_the_same() {
        check(
            serde_json::json!({"commands": [
                {"name": "buy", "description": "d", "prefix": true, "aliases": ["b"]},
                {"name": "sell", "description": "d", "prefix": true, "aliases": ["B"]},
            ]}),
            &["command `B` is declared twice"],
        );
    }

    #[test]
    fn each_problem_is_named() {
        check(
            serde_json::json!({"commands": [command("buy"), command("buy")]}),
            &["command `buy` is declared twice"],
        );
        check(
            serde_json::json!({"commands": [command("reload")]}),
            &["the host's own"],
        );
        check(
            serde_json::json!({"commands": [command("Buy It")]}),
            &["lower-case"],
        );
        check(
            serde_json::json!({"listeners": [{"event": "MOON_RISE"}]}),
            &["`MOON_RISE`"],
        );
        check(
            serde_json::json!({"requires": ["timer.create"]}),
            &["`timer.create`"],
        );
        check(serde_json::json!({"components": ["a:b"]}), &["no colon"]);
    }

    #[test]
    fn neighbours_own_their_commands() {
        let other = manifest(serde_json::json!({"commands": [command("buy")]}));
        let ours = manifest(serde_json::json!({"commands": [command("buy")]}));
        let others = BTreeMap::from([("market".into(), other)]);
        let found = manifest_problems(&Rules, &"shop".into(), &ours, &others);
        assert!(
            found[0].contains("taken by the plugin `market`"),
            "{found:?}"
        );
    }
}
