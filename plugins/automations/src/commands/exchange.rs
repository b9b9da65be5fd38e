//! Commands `automations export` and `automations import`: an automation as JSON, which is looked at in the form before it is kept.

use plugin_api::{
    prelude::*,
    text::{clip, code, plain},
    twilight_model::channel::Attachment,
};

use super::{named, proposed, which};
use crate::{
    automation::Definition,
    form, rights,
    state::{Shared, State},
};

/// Handler of the form in which JSON is pasted.
pub(super) const PASTED: &str = "pasted";

/// Most bytes of a file.
const BYTES: u64 = 256 * 1_024;

pub(super) fn export() -> Command<Shared> {
    Command::new(
        "export",
        "Gives you an automation as a JSON file, for another server or for safe keeping",
    )
    .example("automations export welcome")
    .option(which())
    .autocomplete("automation", proposed)
    .run(give)
}

pub(super) fn import() -> Command<Shared> {
    Command::new(
        "import",
        "Reads an automation that was exported; you look at it before it is kept",
    )
    .option(CommandOption::of::<Option<Attachment>>(
        "file",
        "The JSON file; left out: you paste its text",
    ))
    .run(take)
}

async fn give(ctx: CommandContext<Shared>) -> Result {
    let automation = named(&ctx).await?;
    let mut definition = automation.definition;
    let mut note = String::new();
    if !rights::invoker_sees_addresses(&ctx).await? && definition.hide_addresses() {
        note = "\nAddresses of webhooks are left out: you may not manage webhooks.".into();
    }
    let json = serde_json::to_string_pretty(&definition)?;
    let message = NewMessage::from(format!("{} as a file.{note}", code(&definition.name)));
    ctx.reply(message.file(format!("automation-{}.json", automation.id), json))
        .await
}

async fn take(ctx: CommandContext<Shared>) -> Result {
    let file: Option<Attachment> = ctx.option("file")?;
    let Some(file) = file else {
        let form = Modal::new("Import an automation", ctx.custom_id(PASTED, "")?).field(
            TextField::long("json", "JSON")
                .describe("As `automations export` gives it")
                .max_length(4_000),
        );
        return ctx.modal(&form).await;
    };
    if file.size > BYTES {
        return Err(Error::user("The file is too large to be an automation."));
    }
    let answer = ctx
        .host()
        .web()
        .get(&file.url)
        .max_bytes(BYTES)
        .send()
        .await?
        .success()?;
    let page = looked_at(&ctx, ctx.state(), read(&answer.text())?).await?;
    ctx.reply(page).await
}

/// What was read, in the form.
async fn looked_at(ctx: &Invocation, state: &State, read: Definition) -> Result<NewMessage> {
    let note = "This is what was read. Nothing is kept yet.".to_owned();
    form::begin(ctx, state, read, None, Some(note)).await
}

pub(super) async fn pasted(ctx: ComponentContext<Shared>) -> Result {
    form::may_manage(&ctx).await?;
    let typed = ctx.field("json").to_owned();
    let definition = match read(&typed) {
        Ok(definition) => definition,
        Err(error) => {
            let why = error.user_message().map(str::to_owned).ok_or(error)?;
            // What was pasted is not lost.
            let message = NewMessage::from(why).file("pasted.json", typed).ephemeral();
            return ctx.reply(message).await;
        }
    };
    let page = looked_at(&ctx, ctx.state(), definition).await?;
    ctx.reply(page.ephemeral()).await
}

fn read(text: &str) -> Result<Definition> {
    let definition: Definition = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| {
            Error::user(format!(
                "That is no automation: {}.",
                clip(&plain(&error.to_string()), 300)
            ))
        })?;
    definition.template().map_err(Error::user)?;
    Ok(definition)
}
