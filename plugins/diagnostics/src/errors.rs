//! Command `fw_errors`: what has failed lately, and what is behind the id that a member was shown.

use plugin_api::{
    abi::{ErrorView, ErrorsCall},
    prelude::*,
    text::{FIELD, ago, clip, code, counted, or_none, plain},
};

use crate::memory::Memory;

/// Errors on a page.
const PAGE: u64 = 5;

/// Errors that the host keeps.
const KEPT: u64 = 500;

/// Characters of an error's text on a page.
const SHORT: usize = 240;

pub(super) fn errors() -> Command<Memory> {
    Command::new("fw_errors", "Shows what has failed lately")
        .help("With the id that a member was shown: that error, with its text and where it comes from.")
        .example("fw_errors")
        .example("fw_errors 4f2a91c0")
        .option(CommandOption::string("id", "The id that a member was shown"))
        .autocomplete("id", ids)
        .run(run)
}

/// The ids of the latest errors.
async fn ids(ctx: AutocompleteContext<Memory>) -> Result<Vec<String>> {
    let typed = ctx.typed().trim().to_lowercase();
    let call = ErrorsCall {
        limit: Some(100),
        ..ErrorsCall::default()
    };
    let found = ctx.host().errors(&call).await?.errors.into_iter();
    let ids = found.map(|error| error.error_id);
    Ok(ids
        .filter(|id| !id.is_empty() && id.contains(&typed))
        .take(25)
        .collect())
}

async fn run(ctx: CommandContext<Memory>) -> Result {
    let id: Option<String> = ctx.option("id")?;
    let Some(typed) = id else {
        return ctx.pages("errors", "").await;
    };
    // As it is copied from Discord.
    let id = typed.trim_matches(|c: char| c == '`' || c.is_whitespace());
    let call = ErrorsCall {
        error_id: Some(id.to_owned()),
        limit: Some(1),
        ..ErrorsCall::default()
    };
    let found = ctx.host().errors(&call).await?;
    let found = found
        .errors
        .into_iter()
        .find(|error| !error.error_id.is_empty());
    match found {
        Some(error) => ctx.reply(whole(&error)).await,
        None => Err(Error::user(format!(
            "No error has the id {}. The last {KEPT} since the bot's start are known here; older ones stand in the log, by their id.",
            code(&clip(id, 60))
        ))),
    }
}

pub(super) async fn page(ctx: PageContext<Memory>) -> Result<Page> {
    let newest = ErrorsCall {
        limit: Some(1),
        ..ErrorsCall::default()
    };
    let host = ctx.host();
    let total = host.errors(&newest).await?.total;
    let kept = total.min(KEPT);
    // They are numbered from 1 on, without a gap.
    let call = ErrorsCall {
        before: Some((total + 1).saturating_sub(ctx.index() as u64 * PAGE)),
        limit: u32::try_from(PAGE).ok(),
        ..ErrorsCall::default()
    };
    let mut card = embed("Errors");
    if kept == 0 {
        let text = "Nothing has failed since the bot's start.";
        return Ok(Page::new(card.success().description(text), 1));
    }
    for error in host.errors(&call).await?.errors {
        card = card.field(title(&error), short(&error), false);
    }
    let footer = match total {
        total if total > kept => format!(
            "{} since the bot's start, the last {kept} are here",
            counted(total, "error")
        ),
        total => format!("{} since the bot's start", counted(total, "error")),
    };
    let pages = usize::try_from(kept.div_ceil(PAGE)).unwrap_or(1);
    Ok(Page::new(card.footer(footer), pages))
}

/// What has failed, as a field's name: no markup works there.
fn title(error: &ErrorView) -> String {
    let what = plain(&error.what);
    let text = match &*what {
        "" => format!("{}: a {}", error.plugin, error.kind.word()),
        what => format!("{}: {} {what}", error.plugin, error.kind.word()),
    };
    clip(&text, 200)
}

fn short(error: &ErrorView) -> String {
    let id = match &*error.error_id {
        "" => String::new(),
        id => format!(" · {}", code(id)),
    };
    format!(
        "{}{id}\n{}",
        ago(error.at_ms),
        clip(&plain(&error.text), SHORT)
    )
}

/// One error, with all that is known of it.
fn whole(error: &ErrorView) -> NewMessage {
    let mut place: Vec<String> = Vec::new();
    place.extend(error.channel_id.map(|id| format!("<#{id}>")));
    if error.channel_id.is_some() && error.guild_id.is_none() {
        place.push("in direct messages".into());
    }
    place.extend(error.guild_id.map(|id| format!("server `{id}`")));
    place.extend(error.user_id.map(|id| format!("used by <@{id}>")));
    let card = embed(title(error))
        .error()
        .description(block(&error.text, 3_500))
        .field("When", ago(error.at_ms), true)
        .field("Id", or_none(&code(&error.error_id)), true);
    let card = match place.is_empty() {
        true => card,
        false => card.field("Where", place.join("\n"), true),
    };
    match &*error.trace {
        "" => card.into(),
        trace => {
            let message =
                NewMessage::from(card.field("Came through", block(trace, FIELD - 20), false));
            // The whole of what is cut above.
            match trace.chars().count() {
                0..=1_000 => message,
                _ => message.file("trace.txt", trace),
            }
        }
    }
}

/// Text with its lines, as code.
fn block(text: &str, most: usize) -> String {
    format!("```\n{}\n```", clip(&text.replace("```", "'''"), most - 8))
}
