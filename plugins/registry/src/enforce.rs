//! Command `pr_enforce`: whether the loader refuses a plugin whose dependencies are missing, or beside one that it conflicts with.
//!
//! Both are settings of the host, `[extensions]`, which the loader looks at before anything of a plugin serves: what is switched here
//! is remembered in the configuration and in force at once.

use plugin_api::{
    prelude::*,
    text::{lines, word},
};

use crate::{
    registry::Registry,
    relations::{Need, conflicts, faults, need},
};

/// Characters of a list.
const LIST: usize = 1_000;

#[derive(Choices, Clone, Copy, PartialEq)]
enum What {
    Deps,
    Conflicts,
}

impl What {
    const ALL: [Self; 2] = [Self::Deps, Self::Conflicts];

    const fn setting(self) -> &'static str {
        match self {
            Self::Deps => "extensions.enforce_dependencies",
            Self::Conflicts => "extensions.enforce_conflicts",
        }
    }

    const fn is_on(self, all: &Registry) -> bool {
        match self {
            Self::Deps => all.enforces_dependencies,
            Self::Conflicts => all.enforces_conflicts,
        }
    }

    const fn means(self, is_on: bool) -> &'static str {
        match (self, is_on) {
            (Self::Deps, true) => {
                "Dependencies are enforced: a plugin is loaded only beside those that it needs, in versions that suit it."
            }
            (Self::Deps, false) => {
                "Dependencies are not enforced: a plugin is loaded without those that it needs, and what it asks of them fails."
            }
            (Self::Conflicts, true) => {
                "Conflicts are enforced: a plugin is refused beside one that it conflicts with."
            }
            (Self::Conflicts, false) => {
                "Conflicts are not enforced: plugins that conflict are loaded beside each other."
            }
        }
    }
}

pub(crate) fn command() -> Command {
    Command::new("pr_enforce", "Switches whether dependencies or conflicts are enforced")
        .help("`deps` or `conflicts` is switched to the opposite, at once and over restarts; without a word both are shown. What is loaded stays loaded.")
        .option(CommandOption::of::<Option<What>>("what", "What to switch; left out: shows both"))
        .example("pr_enforce")
        .example("pr_enforce deps")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let what: Option<What> = ctx.option("what")?;
    let all = Registry::read(ctx.host()).await?;
    let Some(what) = what else {
        let state = What::ALL.map(|it| it.means(it.is_on(&all)));
        return ctx
            .reply(embed("Enforcement").description(state.join("\n")).build())
            .await;
    };
    let wanted = !what.is_on(&all);
    let done = ctx
        .host()
        .write_setting(None, what.setting(), wanted)
        .await?;
    let mut card = embed("Enforcement").description(format!(
        "{}\n`{}` was {} before and is {} now.",
        what.means(wanted),
        what.setting(),
        done.before,
        done.after
    ));
    card = if wanted {
        card.success()
    } else {
        card.warning()
    };
    let broken = broken(what, &all);
    if wanted && !broken.is_empty() {
        card = card.field("Stays loaded all the same", lines(&broken, LIST), false);
    }
    ctx.reply(card).await
}

/// The plugins that would not be loaded as they are.
fn broken(what: What, all: &Registry) -> Vec<String> {
    let is_broken = |entry: &&crate::registry::Entry| match what {
        What::Deps => {
            let mut needs = entry.manifest.dependencies.iter();
            needs.any(|it| !matches!(need(entry, it, all), Need::Met(_)))
        }
        What::Conflicts => !conflicts(entry, all).is_empty(),
    };
    let serving = all.plugins.values().filter(|it| it.serves());
    let line = |entry: &crate::registry::Entry| {
        format!(
            "`{}`: {}",
            word(&entry.view.name),
            faults(entry, all).join("; ")
        )
    };
    serving.filter(is_broken).map(line).collect()
}

#[cfg(test)]
mod tests {
    use plugin_api::manifest::Dependency;

    use super::*;
    use crate::relations::tests::registry;

    #[test]
    fn what_was_loaded_meanwhile_is_named_by_what_it_breaks() {
        let mut all = registry(&[
            ("shop", "1.0.0", &[Dependency::any("bank")]),
            ("tea", "1.0.0", &[]),
            ("milk", "1.0.0", &[]),
        ]);
        if let Some(milk) = all.plugins.get_mut("milk") {
            milk.manifest.conflicts = vec!["tea".into()];
        }
        assert_eq!(
            broken(What::Deps, &all),
            ["`shop`: it needs `bank`, which is not loaded"]
        );
        assert_eq!(
            broken(What::Conflicts, &all),
            [
                "`milk`: it conflicts with `tea`, which is loaded",
                "`tea`: it conflicts with `milk`, which is loaded",
            ]
        );
    }
}
