//! Check of a canary beside the present generation: one serves some servers, the other the rest, and all servers show the same commands.

use plugin_api::manifest::{CommandManifest, Manifest};
use serde_json::json;

/// Whether one generation can serve some servers while another serves the rest, of whose commands the users are told and whose tables both
/// use: what there is to know, or what stands in the way.
pub(super) fn fits_beside(present: &Manifest, next: &Manifest) -> Result<Vec<String>, Vec<String>> {
    let mut problems = Vec::new();
    let find = |of: &CommandManifest| {
        let mut all = next.commands.iter();
        all.find(|it| it.kind == of.kind && it.name == of.name)
    };
    for command in &present.commands {
        match find(command) {
            None => problems.push(format!(
                "it has no command `{}`, which all servers show",
                command.name
            )),
            Some(next) if asks(next) != asks(command) => problems.push(format!(
                "its command `{}` has other options or commands than all servers show",
                command.name
            )),
            Some(_) => {}
        }
    }
    if json!(present.migrations) != json!(next.migrations) {
        problems.push("its migrations differ, and both would use the same tables".to_owned());
    }
    if !problems.is_empty() {
        problems.push(format!(
            "`reload {}` swaps it for all servers",
            present.name
        ));
        return Err(problems);
    }
    let is_new = |it: &&CommandManifest| {
        let mut all = present.commands.iter();
        !all.any(|old| old.kind == it.kind && old.name == it.name)
    };
    let new: Vec<_> = next.commands.iter().filter(is_new).collect();
    let names: Vec<_> = new.iter().map(|it| format!("`{}`", it.name)).collect();
    Ok(match &*names {
        [] => Vec::new(),
        names => vec![format!(
            "{} can be used when it is promoted: until then all servers have the same commands",
            names.join(", ")
        )],
    })
}

/// What a command asks of whoever uses it, with those in it.
fn asks(command: &CommandManifest) -> serde_json::Value {
    let inside: Vec<_> = command.subcommands.iter().map(asks).collect();
    json!([command.name, command.kind, command.options, inside])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_servers_show_and_what_both_use_must_be_the_same() {
        let manifest = |json| serde_json::from_value::<Manifest>(json).unwrap();
        let command = |name: &str, option: &str| json!({"name": name, "description": "Tea", "options": [{"name": option, "description": "Tea", "kind": "text"}]});
        let present = manifest(json!({"name": "tea", "commands": [command("brew", "kind")]}));
        let says = |next| fits_beside(&present, &manifest(next));
        assert_eq!(says(json!(present)), Ok(vec![]));
        let more =
            json!({"name": "tea", "commands": [command("brew", "kind"), command("pour", "to")]});
        assert!(says(more).unwrap()[0].starts_with("`pour` can be used when it is promoted"));
        let group =
            json!({"name": "brew", "description": "Tea", "subcommands": [command("brew", "kind")]});
        for (next, why) in [
            (json!({"name": "tea"}), "no command `brew`"),
            (
                json!({"name": "tea", "commands": [command("brew", "sort")]}),
                "other options",
            ),
            (
                json!({"name": "tea", "commands": [group]}),
                "other options or commands",
            ),
            (
                json!({"name": "tea", "commands": [command("brew", "kind")], "migrations": [{"number": 1, "sql": "CREATE TABLE a(b)"}]}),
                "migrations differ",
            ),
        ] {
            let problems = says(next).unwrap_err().join("; ");
            assert!(
                problems.contains(why) && problems.contains("`reload tea`"),
                "{problems}"
            );
        }
    }
}
