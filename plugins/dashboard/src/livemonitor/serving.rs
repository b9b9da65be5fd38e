//! Commands `quickstart`, `status`, `url`, `enable`, `disable`: the way in, and whether there is one.

use plugin_api::{
    abi::PagesStatus,
    prelude::*,
    text::{counted, number},
};

use crate::Dashboard;

/// Discord's code for a user who takes no direct messages from the bot
/// ([opcodes](https://discord.com/developers/docs/topics/opcodes-and-status-codes#json)).
const DIRECT_MESSAGES_CLOSED: u64 = 50_007;

/// What to do where no page is served.
const NOT_SERVED: &str = "No pages are served: `livemonitor enable` serves them, where `[pages] listen` in config.toml names an address; the \
                          log says why where that does not help.";

pub(super) fn quickstart() -> Command<Dashboard> {
    Command::new("quickstart", "Sends you a link that logs you in to the dashboard")
        .alias("login")
        .help(
            "By direct message, since whoever opens it is you on these pages. It is good once, and for ten minutes; the next one makes the one \
             before it void.",
        )
        .example("livemonitor quickstart")
        .run(async |ctx: CommandContext<Dashboard>| {
            ctx.host()
                .pages()
                .send_link(ctx.user().id)
                .await
                .map_err(unsent)?;
            let text = "I have sent you a link by direct message. It is good once, within ten minutes, and for you alone.";
            ctx.reply(embed("Look into your direct messages").success().description(text))
                .await
        })
}

/// What is told of a link that did not arrive.
fn unsent(error: Error) -> Error {
    if error.discord_code() == Some(DIRECT_MESSAGES_CLOSED) {
        return Error::user(
            "I can't send you a direct message, and would show the link nowhere else: allow direct messages from members of a server that \
             we share (its menu, Privacy Settings), and try again.",
        );
    }
    error
}

pub(super) fn status() -> Command<Dashboard> {
    Command::new("status", "Shows where the dashboard is, and who looks at it")
        .help("Where pages are served, how many are logged in and look, and whether people may log in with Discord.")
        .example("livemonitor status")
        .run(async |ctx: CommandContext<Dashboard>| {
            let status = ctx.host().pages().status().await?;
            let state = match (status.enabled, &status.listens) {
                (true, Some(_)) => "on",
                (true, None) => "on, and not reachable",
                (false, _) => "off",
            };
            let card = embed("Dashboard").description(lines(&status)).footer(state);
            let card = match (status.enabled, &status.listens) {
                (true, Some(_)) => card.success(),
                _ => card.warning(),
            };
            ctx.reply(card).await
        })
}

/// What there is to know of the pages, a line each.
fn lines(status: &PagesStatus) -> String {
    let mut lines = Vec::new();
    match &status.listens {
        Some(listens) => lines.push(format!(
            "Served at {listens}, and reached at {}",
            address(status)
        )),
        None if status.enabled => lines.push(
            "Not served: `[pages] listen` in config.toml is off, or its address is taken (the log says which)"
                .to_owned(),
        ),
        None => lines.push("Switched off: `livemonitor enable` serves them again".to_owned()),
    }
    lines.push(format!(
        "{} logged in, {} open",
        counted(u64::from(status.sessions), "session"),
        counted(u64::from(status.streams), "page")
    ));
    lines.push(match status.oauth {
        true => "Logging in with Discord is set up".to_owned(),
        false => "Logging in with Discord is not set up: put the application's secret into the environment, as DISCORD_CLIENT_SECRET. Links by \
                  `livemonitor quickstart` work"
            .to_owned(),
    });
    lines.push(format!(
        "{} since the start, {} too slow and dropped",
        counted(status.requests, "request"),
        number(status.dropped)
    ));
    if let Some(remote) = &status.remote {
        lines.push(format!("Elsewhere: {remote}"));
    }
    lines.join("\n")
}

/// The address for people, so that Discord makes no preview of it.
fn address(status: &PagesStatus) -> String {
    format!("<{}>", status.url)
}

pub(super) fn url() -> Command<Dashboard> {
    Command::new("url", "Shows the dashboard's address")
        .help("One has to log in there: with Discord, or by a link from `livemonitor quickstart`.")
        .example("livemonitor url")
        .run(async |ctx: CommandContext<Dashboard>| {
            let status = ctx.host().pages().status().await?;
            if status.listens.is_none() {
                return Err(Error::user(NOT_SERVED));
            }
            ctx.reply(embed("Dashboard").description(address(&status)))
                .await
        })
}

pub(super) fn enable() -> Command<Dashboard> {
    Command::new("enable", "Serves the dashboard again")
        .help("Until `livemonitor disable`, also after a restart.")
        .example("livemonitor enable")
        .run(async |ctx: CommandContext<Dashboard>| {
            let status = ctx.host().pages().enable(true).await?;
            let card = embed("The dashboard is on").success();
            ctx.reply(card.description(lines(&status))).await
        })
}

pub(super) fn disable() -> Command<Dashboard> {
    Command::new("disable", "Serves no dashboard any more")
        .help(
            "No page is served until `livemonitor enable`, also after a restart. Open pages end at once; who was logged in is so again \
             afterwards, unless `livemonitor revoke all` is said.",
        )
        .example("livemonitor disable")
        .run(async |ctx: CommandContext<Dashboard>| {
            ctx.host().pages().enable(false).await?;
            let text = "No page is served any more, also after a restart. `livemonitor enable` serves them again.";
            ctx.reply(embed("The dashboard is off").success().description(text))
                .await
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_served_says_what_to_do() {
        let mut status = PagesStatus::default();
        assert!(lines(&status).starts_with("Switched off: `livemonitor enable`"));
        status.enabled = true;
        assert!(lines(&status).contains("`[pages] listen`"));
        status.listens = Some("127.0.0.1:9320".to_owned());
        status.url = "http://127.0.0.1:9320".to_owned();
        (status.sessions, status.streams, status.oauth) = (2, 1, true);
        let shown = lines(&status);
        assert!(
            shown.starts_with("Served at 127.0.0.1:9320, and reached at <http://127.0.0.1:9320>"),
            "{shown}"
        );
        assert!(
            shown.contains("2 sessions logged in, 1 page open"),
            "{shown}"
        );
        assert!(!shown.contains("DISCORD_CLIENT_SECRET"), "{shown}");
    }
}
