//! Plugin files that are uploaded: a dry run says what a load would come to, and a second step installs.
//!
//! A file that is uploaded waits in the folder `arrived` of the dashboard's own files, under its SHA-256, and is no plugin of the bot until
//! somebody who may has read the report and said so.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{FileReport, PluginsCall},
    manifest::Manifest,
    prelude::*,
    text::{clip, counted, number, size},
};
use serde::Deserialize;
use serde_json::json;

use super::{deeds, outcome::told};
use crate::{
    Dashboard, shell,
    ui::{self, Action, Tone},
};

/// Where files wait.
const FOLDER: &str = "arrived";

/// Files that wait at most: the next one makes room.
const WAITING: usize = 4;

/// Largest file; the host's own limit is `[pages] upload_bytes`.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Commands that a report names.
const COMMANDS: usize = 40;

/// What an upload needs: the dry run runs code of the file, in a child process.
const TRIES: &str = "plugins.check_file";

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .route(
            Route::post("/plugins/upload")
                .right(TRIES)
                .upload(LARGEST)
                .words("Takes a plugin's file, and says what a load of it would come to"),
            upload,
        )
        .route(
            Route::post("/plugins/check")
                .right("plugins.check")
                .words("Says what a load of a file in the extensions folder would come to"),
            check,
        )
        .route(
            Route::post("/plugins/install")
                .right("plugins.install")
                .words("Installs a file that was uploaded, and loads it where that is wished"),
            install,
        )
        .route(
            Route::post("/plugins/discard")
                .right(TRIES)
                .words("Throws a file away that was uploaded"),
            discard,
        )
}

/// Where a file is picked; nothing where whoever looks may not.
pub(super) fn card(ctx: &RouteContext<Dashboard>) -> Markup {
    if !ctx.may(TRIES) {
        return html! {};
    }
    html! {
        details.card {
            summary { strong { "Install a plugin from a file" } }
            p.muted { "A compiled plugin (" code { ".so" } "). It is checked first, and what a load would come to is shown. Nothing is loaded before you say so." }
            div.field {
                label for="plugin-file" { "File" }
                input #plugin-file type="file" data-upload={ (ctx.base()) "/plugins/upload" } data-then="show:#report";
            }
        }
    }
}

fn path(sha256: &str) -> String {
    format!("{FOLDER}/{sha256}.so")
}

async fn upload(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let upload = ctx.upload()?;
    let report = ctx.host().plugins().check_file(&upload.path).await?;
    let files = ctx.host().files();
    make_room(&files, &report.sha256).await?;
    files.make_folder(FOLDER).await?;
    files.rename(&upload.path, &path(&report.sha256)).await?;
    Ok(shell::part(&drawn(&ctx, &report, true)))
}

/// Removes what waits, but for the last few: what is thrown away can be uploaded again.
async fn make_room(files: &plugin_api::Files, arriving: &str) -> Result {
    let waiting = files.list(FOLDER).await?;
    let arriving = format!("{arriving}.so");
    let others = waiting.iter().filter(|file| file.name != arriving);
    let others: Vec<_> = others.collect();
    let too_many = (others.len() + 1).saturating_sub(WAITING);
    for file in others.into_iter().take(too_many) {
        files.remove(&format!("{FOLDER}/{}", file.name)).await?;
    }
    Ok(())
}

async fn check(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let order: deeds::Order = ctx.json()?;
    let report = ctx.host().plugins().check(&order.name).await?;
    Ok(shell::part(&drawn(&ctx, &report, false)))
}

/// A file that waits, by what it holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arrived {
    name: String,
    sha256: String,
    /// Whether it is loaded at once.
    #[serde(default)]
    load: bool,
}

impl Arrived {
    fn of(ctx: &RouteContext<Dashboard>) -> Result<Self> {
        let arrived: Self = ctx.json()?;
        let is_hash = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if arrived.sha256.len() != 64 || !arrived.sha256.chars().all(is_hash) {
            return Err(Error::user(
                "That is no SHA-256 of a file that was uploaded. Upload the file again.",
            ));
        }
        Ok(arrived)
    }
}

async fn install(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let arrived = Arrived::of(&ctx)?;
    let path = path(&arrived.sha256);
    let files = ctx.host().files();
    if files.stat(&path).await?.is_none() {
        return Err(Error::user(
            "That file waits no longer: it was installed or thrown away meanwhile. Upload it again.",
        ));
    }
    let wanted = PluginsCall {
        name: arrived.name.clone(),
        path: Some(path.clone()),
        sha256: Some(arrived.sha256.clone()),
        ..PluginsCall::default()
    };
    let plugins = ctx.host().plugins();
    let report = plugins.install(&wanted, Vec::new()).await?;
    files.remove(&path).await?;
    let name = &report.name;
    if !arrived.load {
        return Ok(RouteReply::text(format!(
            "`{name}` {} is installed and waits: a load or a reload takes it, or a canary.",
            report.version
        )));
    }
    // A reload lets whoever serves the page finish first, where that is the plugin itself.
    let reply = match report.serves.as_str() {
        "" => plugins.load(name).await?,
        _ => plugins.reload(name).await?,
    };
    told(name, &reply)
}

async fn discard(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let arrived = Arrived::of(&ctx)?;
    let files = ctx.host().files();
    files.remove(&path(&arrived.sha256)).await?;
    Ok(RouteReply::text(format!(
        "The file of `{}` is thrown away.",
        arrived.name
    )))
}

/// What a load of the file would come to; with the next steps where it `waits`.
fn drawn(ctx: &RouteContext<Dashboard>, report: &FileReport, waits: bool) -> Markup {
    let can = report.problems.is_empty();
    let title = format!(
        "Dry run: {} {}",
        clip(&report.name, 80),
        clip(&report.version, 40)
    );
    let verdict = match can {
        true => ui::badge(Tone::Good, "can be loaded"),
        false => ui::badge(Tone::Bad, "can't be loaded"),
    };
    ui::card_with(
        &title,
        verdict,
        html! {
            (findings(report))
            @if waits { (steps(ctx, report, can)) }
            @else { p.muted { "Nothing was loaded, and nothing has changed." } }
        },
    )
}

fn findings(report: &FileReport) -> Markup {
    let manifest: Manifest = serde_json::from_value(report.manifest.clone()).unwrap_or_default();
    let commands: Vec<&str> = manifest
        .commands
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    html! {
        @for problem in &report.problems { p.notice.bad { bdi { (clip(problem, 1_000)) } } }
        @for warning in &report.warnings { p.notice.warn { bdi { (clip(warning, 1_000)) } } }
        @if !report.cycle.is_empty() { p.notice.warn { "It closes a circle of plugins that need each other: " bdi { (report.cycle.join(" → ")) } } }
        @if !report.new_privileged.is_empty() {
            p.notice.warn { "It needs privileged intents, which must be switched on in Discord's Developer Portal: " (report.new_privileged.join(", ")) }
        }
        dl.facts {
            (ui::fact("In its place serves", html! { @if report.serves.is_empty() { "nothing yet" } @else { bdi { (report.serves) } } }))
            (ui::fact("File", html! { (size(report.bytes)) ", SHA-256 " code.cut title=(report.sha256) { (report.sha256) } }))
            (ui::fact("Built", html! { bdi { (report.built_by) } ", boundary " (report.boundary) }))
            (ui::fact("Commands", html! {
                @if commands.is_empty() { "none" }
                @for (at, name) in commands.iter().take(COMMANDS).enumerate() { @if at > 0 { ", " } code { (clip(name, 40)) } }
                @if commands.len() > COMMANDS { " and " (commands.len() - COMMANDS) " more" }
            }))
            @if !manifest.dependencies.is_empty() {
                (ui::fact("Needs", html! { @for (at, it) in manifest.dependencies.iter().enumerate() { @if at > 0 { ", " } bdi { (it.name) } @if let Some(version) = &it.version { " " code { (version) } } } }))
            }
            @if !report.new_powers.is_empty() {
                (ui::fact("New powers", html! { @for power in &report.new_powers { span.row { code { (power.power) } (if power.granted { ui::badge(Tone::Good, "granted") } else { ui::badge(Tone::Plain, "not granted") }) } } }))
            }
            @if !report.new_intents.is_empty() { (ui::fact("New intents", report.new_intents.join(", "))) }
            @if let Some(used) = report.slash_used {
                (ui::fact("Slash commands", html! {
                    (number(used)) " of " (number(report.slash_limit)) " with it"
                    @if let Some(now) = report.slash_now { ", " (number(now)) " now" }
                    @if !report.slash_grouped.is_empty() { "; grouped: " bdi { (report.slash_grouped.join(", ")) } }
                }))
            }
            @if !manifest.web_hosts.is_empty() { (ui::fact("Web hosts", html! { bdi { (manifest.web_hosts.join(", ")) } })) }
        }
        @for left in report.slash_left_out.iter().take(COMMANDS) { p.muted { "Discord would not get " bdi { (left) } } }
        @if report.slash_left_out.len() > COMMANDS { p.muted { "and " (counted((report.slash_left_out.len() - COMMANDS) as u64, "other command")) } }
    }
}

fn steps(ctx: &RouteContext<Dashboard>, report: &FileReport, can: bool) -> Markup {
    let body = |load: bool| json!({ "name": report.name, "sha256": report.sha256, "load": load });
    let verb = match report.serves.as_str() {
        "" => format!("Install {} {} and load it?", report.name, report.version),
        serves => format!(
            "Install {} {} and have it take over from {serves}? A rollback brings that back.",
            report.name, report.version
        ),
    };
    let install = format!("{}/plugins/install", ctx.base());
    html! {
        div.actions {
            @if can && ctx.may("plugins.install") {
                @if ctx.may("plugins.load") && ctx.may("plugins.reload") {
                    (Action::new("Install and load", install.as_str()).primary().body(&body(true)).confirm(verb).then("reload"))
                }
                (Action::new("Install only", install.as_str()).body(&body(false)).then("reload"))
            }
            (Action::new("Throw away", format!("{}/plugins/discard", ctx.base())).body(&json!({ "name": report.name, "sha256": report.sha256 })).then("reload"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_is_wrong_and_what_is_new_and_escapes_it() {
        let mut report = FileReport::default();
        report.problems = vec!["it needs <kettle>".to_owned()];
        report.cycle = vec!["a".to_owned(), "b".to_owned(), "a".to_owned()];
        report.new_privileged = vec!["MESSAGE_CONTENT".to_owned()];
        report.slash_used = Some(70);
        report.slash_limit = 100;
        report.manifest = json!({ "commands": [{ "name": "pour" }] });
        let shown = findings(&report).into_string();
        for words in [
            "&lt;kettle&gt;",
            "a → b → a",
            "MESSAGE_CONTENT",
            "70 of 100",
            "pour",
        ] {
            assert!(shown.contains(words), "{words} in {shown}");
        }
    }
}
