//! Unknown declarations: what a newer plugin declares and this host does not know. Left out where the rest does without it, refused where it doesn't.
//!
//! | declared | what happens |
//! | --- | --- |
//! | a command's kind, an option's kind, by whom a cooldown or a maximum of uses is shared | the command is left out, with a warning: served without it, it would be another command |
//! | how state is handed over | as strictly as this host can |
//! | a migration's scope, a setting's kind | the plugin is refused: its tables and settings are what the rest of it works with |
//! | an event, a hook, a host call that it requires | refused as well (`manifest_check.rs`) |
//! | fields | ignored |
//!
//! What comes in a host call and is not known (how to answer, a figure's kind, a value for the database) fails that call.

use plugin_api::manifest::{
    CommandKind, CommandManifest, Handoff, Manifest, OptionKind, Per, Scope, SettingKind,
};

/// Leaves out what this host can't serve, and says what: a sentence each.
pub fn leave_out(manifest: &mut Manifest) -> Vec<String> {
    let mut left_out = Vec::new();
    commands(&mut manifest.commands, "", &mut left_out);
    if manifest.handoff == Handoff::Unknown {
        manifest.handoff = Handoff::Strict;
        left_out.push(format!(
            "it hands its state over in a way that this host ({HOST}) does not know: handlers are waited for instead; update the host"
        ));
    }
    left_out
}

/// What the plugin can't be served without.
pub fn problems(manifest: &Manifest, problems: &mut Vec<String>) {
    for migration in &manifest.migrations {
        if migration.scope == Scope::Unknown {
            problems.push(format!(
                "migration {} is for databases that this host ({HOST}) does not know: update the host",
                migration.number
            ));
        }
    }
    for setting in &manifest.settings {
        if [setting.kind, setting.items].contains(&SettingKind::Unknown) {
            problems.push(format!(
                "setting `{}` is of a kind that this host ({HOST}) does not know: update the host",
                setting.name
            ));
        }
    }
}

const HOST: &str = env!("CARGO_PKG_VERSION");

fn commands(commands: &mut Vec<CommandManifest>, above: &str, left_out: &mut Vec<String>) {
    commands.retain_mut(|command| {
        let path = if above.is_empty() {
            command.name.clone()
        } else {
            format!("{above} {}", command.name)
        };
        if let Some(what) = unknown_of(command) {
            left_out.push(format!(
                "command `{path}` is left out: this host ({HOST}) does not know {what}; update the host"
            ));
            return false;
        }
        let is_group = !command.subcommands.is_empty();
        self::commands(&mut command.subcommands, &path, left_out);
        // A group of nothing is no command.
        !is_group || !command.subcommands.is_empty()
    });
}

/// What of a command this host does not know.
fn unknown_of(command: &CommandManifest) -> Option<String> {
    if command.kind == CommandKind::Unknown {
        return Some("commands of its kind".into());
    }
    let cooldown = command.cooldown.as_ref().map(|cooldown| cooldown.per);
    let at_once = command.concurrency.as_ref().map(|at_once| at_once.per);
    if cooldown == Some(Per::Unknown) || at_once == Some(Per::Unknown) {
        return Some("by whom its limits are shared".into());
    }
    let mut options = command.options.iter();
    let option = options.find(|option| option.kind == OptionKind::Unknown)?;
    Some(format!("the kind of its option `{}`", option.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(json: serde_json::Value) -> Manifest {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn commands_with_something_unknown_are_left_out_and_the_rest_is_served() {
        let mut manifest = manifest(json!({"name": "shop", "commands": [
            {"name": "buy"},
            {"name": "launch", "kind": "entry_point"},
            {"name": "bet", "cooldown": {"uses": 1, "period_ms": 5, "per": "guild_role"}},
            {"name": "paint", "concurrency": {"uses": 1, "per": {"role": 7}}},
            {"name": "tint", "options": [{"name": "how", "kind": "colour"}]},
            {"name": "tag", "subcommands": [
                {"name": "add"},
                {"name": "style", "options": [{"name": "in", "kind": "colour"}]},
            ]},
            {"name": "draw", "subcommands": [{"name": "line", "kind": "stroke"}]},
        ]}));
        let left_out = leave_out(&mut manifest);
        let names: Vec<_> = manifest.commands.iter().map(|it| &*it.name).collect();
        assert_eq!(names, ["buy", "tag"]);
        assert_eq!(manifest.commands[1].subcommands.len(), 1);
        for (said, words) in left_out.iter().zip([
            ["command `launch` is left out", "commands of its kind"],
            ["command `bet` is left out", "by whom its limits are shared"],
            [
                "command `paint` is left out",
                "by whom its limits are shared",
            ],
            ["command `tint` is left out", "the kind of its option `how`"],
            [
                "command `tag style` is left out",
                "the kind of its option `in`",
            ],
            ["command `draw line` is left out", "commands of its kind"],
        ]) {
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
            assert!(said.ends_with("update the host"), "{said}");
        }
        assert_eq!(left_out.len(), 6, "{left_out:#?}");
    }

    #[test]
    fn an_unknown_way_to_hand_over_is_a_strict_one() {
        let mut manifest = manifest(json!({"handoff": "stream"}));
        assert_eq!(leave_out(&mut manifest).len(), 1);
        assert_eq!(manifest.handoff, Handoff::Strict);
        assert!(leave_out(&mut manifest).is_empty());
    }

    #[test]
    fn what_the_rest_works_with_is_refused() {
        let mut found = Vec::new();
        let manifest = manifest(json!({
            "migrations": [{"number": 1, "scope": "shard", "sql": ""}],
            "settings": [{"name": "tint", "kind": {"colour": "rgb"}}],
        }));
        problems(&manifest, &mut found);
        assert!(found[0].contains("migration 1 is for databases that this host"));
        assert!(found[1].contains("setting `tint` is of a kind that this host"));
        assert_eq!(found.len(), 2);
    }
}
