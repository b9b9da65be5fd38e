//! Owner commands for plugins: `load`, `unload`, `reload` and `extensions`.

use std::{collections::BTreeMap, fmt::Write as _, time::SystemTime};

use host_base::{PluginName, shown};
use host_discord::figures::MissingIntent;
use host_loader::{LoadReport, Status, UnloadNote, UnloadReport, cell::Cell, resolve::Providers};
use host_ops::config::Config;
use plugin_api::Power;
use serde_json::Value;

use super::{
    By, Owner, embeds,
    line::{CANARY, Unload},
};
use host_commands::{How, Registered, router::count};

impl Owner {
    pub(super) async fn load(&self, line: &str) -> Value {
        if line.is_empty() {
            return embeds::usage(
                "load NAME [again]",
                "Loads a plugin from the extensions folder. With `again` also one that is in quarantine since it has crashed the bot.",
            );
        }
        let before = self.asked_powers();
        let (name, result) = match line.strip_suffix(" again") {
            Some(name) => (name.trim(), self.plugins.load_again(name).await),
            None => (line, self.plugins.load(line).await),
        };
        match result {
            Ok(report) => loaded(&[report], |it| self.new_powers(&before, it)),
            Err(error) => embeds::failed("Not loaded", name, &error.to_string()),
        }
    }

    pub(super) async fn unload(&self, by: &By, line: &str) -> Value {
        let Unload {
            name,
            force,
            reason,
        } = Unload::of(line);
        if name.is_empty() {
            return embeds::usage(
                "unload NAME [force] [REASON]",
                "Saves a plugin's state and unloads it, until `load NAME`: a restart does not load it, nor does another file of it. With \
                 `force` also those that need it, and without its state if it can't be saved.",
            );
        }
        let note = UnloadNote::now(by.who(), reason);
        match self.plugins.unload_for_good(name, force, note).await {
            Ok(report) => unloaded(&report),
            Err(error) => embeds::failed("Not unloaded", name, &error.to_string()),
        }
    }

    pub(super) async fn reload(&self, by: &By, line: &str) -> Value {
        let names: Vec<&str> = line.split_whitespace().collect();
        if let [name, canary, rest @ ..] = &names[..]
            && *canary == CANARY
        {
            return self.canary(by, name, rest).await;
        }
        let before = self.asked_powers();
        let (title, result) = match &names[..] {
            [] => {
                return embeds::usage(
                    "reload NAME… | all | NAME canary …",
                    "Swaps plugins for what their files hold now. They go on serving meanwhile. Several are swapped in one step, or none \
                     is. With `canary` a newer file serves chosen servers first: `reload NAME canary` says how.",
                );
            }
            ["all"] => ("Reloaded all", self.plugins.reload_all().await),
            [name] => ("Reloaded", self.plugins.reload(name).await),
            several => ("Reloaded", self.plugins.reload_together(several).await),
        };
        let beside = |it: &PluginName| self.new_powers(&before, it);
        match result {
            Ok(reports) if names.len() == 1 && line != "all" => loaded(&reports, beside),
            Ok(reports) => reloaded_as_one(title, &reports, beside),
            Err(error) => embeds::failed("Not reloaded", line, &error.to_string()),
        }
    }

    /// The powers that each loaded plugin asks for.
    pub(super) fn asked_powers(&self) -> BTreeMap<PluginName, Vec<String>> {
        let all = self.plugins.status().into_iter();
        all.filter_map(|it| Some((it.plugin, it.serving?.manifest.powers.clone())))
            .collect()
    }

    /// The powers that a plugin asks for now and did not before, and whether it has them.
    pub(super) fn new_powers(
        &self,
        before: &BTreeMap<PluginName, Vec<String>>,
        plugin: &PluginName,
    ) -> Option<String> {
        let asked = self.asked_powers().remove(plugin)?;
        let config = self.services.authority.config();
        let granted = config.grants.get(plugin).map_or(&[][..], |it| &it.powers);
        more_powers(before.get(plugin).map(Vec::as_slice), asked, granted)
    }

    pub(super) fn extensions(&self) -> Value {
        let (all, abandoned) = (self.plugins.status(), self.plugins.abandoned());
        let missing = (self.services.figures).missing_intents(&self.services.routes().intents());
        let (registered, deaf) = (self.registered(), self.deaf());
        let config = self.services.authority.config();
        let restarted = self.services.restarted(SystemTime::now());
        let pinned = self.services.figures.plugins.footprints.pinned().bytes();
        let pinned = (pinned > 0).then(|| {
            let (held, limit) = (pinned / 1_000_000, config.extensions.pinned_limit_mb);
            format!("Ended generations hold {held} MB until the bot is restarted (`extensions.pinned_limit_mb`: {limit}).")
        });
        let remarks = [restarted.map(|it| format!("⚠ {it}")), deaf, pinned];
        extensions(&config, &all, &abandoned, &registered, &remarks, &missing)
    }

    /// Why messages that begin with the prefix are not read, where they are not.
    fn deaf(&self) -> Option<String> {
        let policy = &self.commands.policy;
        let prefix = policy.own_prefix();
        let instead = "a mention of the bot, direct messages and slash commands work";
        if policy.hears_content() {
            return None;
        }
        Some(if self.commands.wants_content() {
            format!(
                "`{prefix}` is not heard in servers: the connection has not got the intent MESSAGE_CONTENT yet. If this stays, switch it \
                 on in the Developer Portal > your application > Bot. Meanwhile {instead}."
            )
        } else {
            format!(
                "`{prefix}` is not heard in servers: no loaded plugin needs the text of messages, so the bot does not ask Discord for it \
                 (MESSAGE_CONTENT). Meanwhile {instead}."
            )
        })
    }
}

/// How a load went, with what there is to say of each plugin beside its version.
fn loaded(reports: &[LoadReport], beside: impl Fn(&PluginName) -> Option<String>) -> Value {
    let replaced = reports.first().is_some_and(|report| report.replaced);
    let fields: Vec<Value> = reports
        .iter()
        .take(embeds::FIELDS)
        .map(|report| load_field(report, &beside))
        .collect();
    embeds::embed(
        if replaced { "Reloaded" } else { "Loaded" },
        embeds::GREEN,
        "",
        &fields,
    )
}

pub(super) fn load_field(
    report: &LoadReport,
    beside: impl Fn(&PluginName) -> Option<String>,
) -> Value {
    let lines = [Some(version_line(report)), beside(&report.plugin)];
    let lines: Vec<_> = lines.into_iter().flatten().collect();
    embeds::field(&report.plugin, &lines.join("\n"))
}

/// How a reload of several went, which all serve from one moment on.
fn reloaded_as_one(
    title: &str,
    reports: &[LoadReport],
    beside: impl Fn(&PluginName) -> Option<String>,
) -> Value {
    let fields: Vec<Value> = reports
        .iter()
        .take(embeds::FIELDS)
        .map(|report| load_field(report, &beside))
        .collect();
    let description = format!("{} reloaded as one", reports.len());
    embeds::embed(title, embeds::GREEN, &description, &fields)
}

fn unloaded(report: &UnloadReport) -> Value {
    let stayed = if report.stayed.is_empty() {
        "nothing".to_owned()
    } else {
        report.stayed.join("\n")
    };
    let line = format!(
        "generation {} · {} · {} KiB returned",
        report.generation,
        embeds::milliseconds(report.took),
        report.returned_bytes / 1024
    );
    let colour = if report.unmapped {
        embeds::GREEN
    } else {
        embeds::RED
    };
    embeds::embed(
        "Unloaded",
        colour,
        "",
        &[
            embeds::field(&report.plugin, &line),
            embeds::field("What stayed", &stayed),
        ],
    )
}

fn extensions(
    config: &Config,
    all: &[Status],
    abandoned: &[String],
    registered: &Registered,
    remarks: &[Option<String>],
    missing: &[MissingIntent],
) -> Value {
    let shown = all.iter().take(embeds::FIELDS - 2);
    let mut fields: Vec<Value> = shown
        .map(|it| {
            let grants = config.grants.get(&it.plugin);
            let granted = grants.map_or(&[][..], |grants| &grants.powers);
            status(it, registered, granted)
        })
        .collect();
    if !missing.is_empty() {
        let lines: Vec<String> = missing.iter().map(|it| format!("⚠ {it}")).collect();
        fields.push(embeds::field("Gateway", &lines.join("\n")));
    }
    if !abandoned.is_empty() {
        fields.push(embeds::field(
            "Abandoned",
            &format!(
                "{}: still mapped, until the host restarts",
                abandoned.join(", ")
            ),
        ));
    }
    let serving = all.iter().filter(|status| status.serving.is_some()).count();
    let description = if all.is_empty() {
        "No plugins. Drop a compiled plugin into the extensions folder.".to_owned()
    } else {
        format!(
            "{serving} loaded, {} with an error",
            all.iter().filter(|status| status.error.is_some()).count()
        )
    };
    let lines: Vec<&str> = [&*description]
        .into_iter()
        .chain(remarks.iter().flatten().map(|remark| &**remark))
        .collect();
    let description = lines.join("\n");
    embeds::embed("Extensions", embeds::BLUE, &description, &fields)
}

/// How a plugin's commands are reached: "3 hybrid, 1 prefix only".
fn kinds(plugin: &str, registered: &Registered) -> String {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for ((of, _), listed) in registered.all().filter(|(_, it)| *it.plugin == *plugin) {
        let kind = match &listed.how {
            How::Grouped(names) => format!("grouped under /{}", names[0]),
            _ => listed.kind(*of),
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let kinds = kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
    kinds.collect::<Vec<_>>().join(", ")
}

/// Which plugins are in use for what a plugin needs, where those have another name.
fn providers(providers: &Providers) -> Option<String> {
    let others = providers.iter().filter(|(need, by)| need != by);
    let others: Vec<String> = others
        .map(|(need, by)| format!("uses `{by}` for `{need}`"))
        .collect();
    (!others.is_empty()).then(|| others.join(" · "))
}

/// The process that a plugin lives in: "in process 4711 · 12.5 MB · closed in".
fn cell_line(cell: &Cell) -> String {
    let mut line = format!("in process {}", cell.pid());
    if let Some(bytes) = cell.memory() {
        let _ = write!(line, " · {:.1} MB", bytes as f64 / 1e6);
    }
    if let Some(why) = cell.unlimited() {
        let _ = write!(
            line,
            " · its processor time is not limited: {}",
            shown::said(why)
        );
    } else if let Some(percent) = cell.limits().processor_percent {
        let _ = write!(line, " · at most {percent} % of a processor");
    }
    match cell.sandbox() {
        None => {}
        Some([]) => line.push_str(" · closed in"),
        Some(lacks) => {
            let _ = write!(
                line,
                " · closed in, but without {}",
                shown::said(&lacks.join("; "))
            );
        }
    }
    line
}

/// Which powers a plugin has, and which it wants.
fn powers(wanted: &[String], granted: &[Power]) -> Option<String> {
    let is_granted = |word: &&String| granted.iter().any(|power| power.word() == **word);
    let (has, lacks): (Vec<_>, Vec<_>) = wanted.iter().partition(is_granted);
    let listed = |what, words: &[&String]| {
        let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        format!("{what} {}", words.join(", "))
    };
    let parts = [("has the powers", &has), ("wants without a grant", &lacks)];
    let parts = parts.iter().filter(|(_, words)| !words.is_empty());
    let said: Vec<_> = parts.map(|(what, words)| listed(*what, words)).collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

/// Which powers a plugin asks for now, and did not before, where it was loaded before.
fn more_powers(
    before: Option<&[String]>,
    mut asked: Vec<String>,
    granted: &[Power],
) -> Option<String> {
    asked.retain(|word| before.is_none_or(|had| !had.contains(word)));
    let said = powers(&asked, granted)?;
    Some(match before {
        Some(_) => format!("more than before, it {said}"),
        None => said,
    })
}

fn status(status: &Status, registered: &Registered, granted: &[Power]) -> Value {
    let mut lines = Vec::new();
    if let Some(serving) = &status.serving {
        let minutes = SystemTime::now()
            .duration_since(serving.since)
            .unwrap_or_default()
            .as_secs()
            / 60;
        lines.push(format!(
            "version {} · generation {} · loaded in {} · {minutes} min ago · {}",
            serving.version,
            serving.generation,
            embeds::milliseconds(serving.load_time),
            embeds::plural(count(&serving.manifest.commands), "command")
        ));
        if !serving.manifest.web_hosts.is_empty() {
            lines.push(format!(
                "asks on the web: {}",
                shown::said(&serving.manifest.web_hosts.join(", "))
            ));
        }
        lines.extend(serving.cell.as_deref().map(cell_line));
        let canary = serving.canary.as_ref();
        lines.extend(canary.map(|it| {
            format!(
                "🐤 canary: {}",
                shown::said(&it.in_words(SystemTime::now()))
            )
        }));
        lines.extend(providers(&serving.providers));
        lines.extend(powers(&serving.manifest.powers, granted));
        let kinds = kinds(&status.plugin, registered);
        if !kinds.is_empty() {
            lines.push(kinds);
        }
        if serving.load.panics > 0 || serving.load.dropped_events > 0 {
            lines.push(format!(
                "{} · {} dropped · {} waiting",
                embeds::plural(serving.load.panics as usize, "panic"),
                embeds::plural(serving.load.dropped_events as usize, "event"),
                serving.load.depth
            ));
        }
    }
    if let Some(error) = &status.error {
        let what = if status.serving.is_some() {
            "its newest file was refused"
        } else {
            "not loaded"
        };
        lines.push(format!("⚠ {what}: {}", shown::said(error)));
    }
    if let Some(note) = &status.unloaded {
        lines.push(format!(
            "⏹ {}; `load {}` loads it",
            shown::said(&note.in_words(SystemTime::now())),
            status.plugin
        ));
    }
    if let Some(crash) = &status.crashed {
        lines.push(format!(
            "💥 {}",
            shown::said(&crash.in_words(SystemTime::now()))
        ));
    }
    embeds::field(&status.plugin, &lines.join("\n"))
}

fn version_line(report: &LoadReport) -> String {
    format!(
        "version {} · generation {} · {}",
        report.version,
        report.generation,
        embeds::milliseconds(report.load_time)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_says_which_powers_are_new_and_which_of_them_are_granted() {
        let words = |of: &[Power]| of.iter().map(|it| it.word().to_owned()).collect::<Vec<_>>();
        let (old, both) = (
            words(&[Power::LogRead]),
            words(&[Power::LogRead, Power::PluginsRead, Power::AuditRead]),
        );
        let more = |before, asked: &[String], granted: &[Power]| {
            more_powers(before, asked.to_vec(), granted)
        };
        assert_eq!(more(Some(&both), &both, Power::ALL), None);
        // Less than before is nothing new.
        assert_eq!(more(Some(&both), &old, Power::ALL), None);
        assert_eq!(
            more(Some(&old), &both, &[Power::LogRead, Power::AuditRead]).unwrap(),
            "more than before, it has the powers `audit.read` · wants without a grant `plugins.read`"
        );
        assert_eq!(
            more(Some(&[]), &old, &[]).unwrap(),
            "more than before, it wants without a grant `log.read`"
        );
        assert_eq!(
            more(None, &old, Power::ALL).unwrap(),
            "has the powers `log.read`"
        );
        assert_eq!(more(None, &[], Power::ALL), None);
    }
}
