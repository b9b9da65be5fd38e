//! Commands `backup restore`, `undo` and `stop`: the plan is shown, changed by select and buttons, and begun as it was shown.

use plugin_api::{
    Json, SelectOption,
    prelude::*,
    text::{counted, lines, word},
};
use sha2::{Digest, Sha256};

use super::{
    begin::begin,
    choice::{Choice, Mode, parts},
    job::{Job, Last},
    run,
};
use crate::{
    State, archive, fields, listing,
    plan::{Actor, Extras, Part, Plan, Standing, Wish, plan},
    store::{Guild, Index},
    take, words,
};

/// The handler of the select and the buttons.
pub(crate) const COMPONENT: &str = "restore";

pub(crate) async fn restore(ctx: CommandContext<State>) -> Result {
    let guild = ctx.guild()?;
    let host = ctx.host();
    if Job::open(host, guild).await?.is_some() {
        let place = ctx.state().busy.enter(guild, "restore")?;
        run::spawn(&ctx.state().host, guild, place);
        return ctx
            .reply("A restore was not over yet. It goes on now; its message tells how far it is.")
            .await;
    }
    let choice = Choice {
        number: listing::number(ctx.option("snapshot")?)?,
        parts: parts(ctx.option::<Option<String>>("parts")?.as_deref())?,
        mode: match ctx.option::<Option<bool>>("exact")? {
            Some(true) => Mode::Exact,
            _ => Mode::Add,
        },
    };
    Index::of(host, guild).get(choice.number).await?;
    let shown = preview(&ctx, guild, &choice, None).await?;
    ctx.reply(shown).await
}

pub(crate) async fn undo(ctx: CommandContext<State>) -> Result {
    let guild = ctx.guild()?;
    let last = last(ctx.host(), guild).await?;
    let choice = Choice {
        number: last.before,
        parts: last.parts.into_iter().collect(),
        mode: Mode::Undo,
    };
    let shown = preview(&ctx, guild, &choice, None).await?;
    ctx.reply(shown).await
}

pub(crate) async fn stop(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    if ctx.state().busy.stop(guild) {
        return ctx
            .reply("It stops behind the step that it is at. What is done stays; `backup undo` takes it back.")
            .await;
    }
    if Job::open(host, guild).await?.is_none() {
        return Err(Error::user("No restore is under way in this server."));
    }
    // One that was interrupted, and that nobody wants to go on with.
    let _place = ctx.state().busy.enter(guild, "change")?;
    Job::close(host, guild).await?;
    Index::of(host, guild)
        .audit(Some(ctx.user().id), "give up", None, "")
        .await?;
    ctx.reply("The restore that was interrupted is given up. What it has done stays.")
        .await
}

async fn last(host: &Host, guild: Guild) -> Result<Last> {
    let last = Index::of(host, guild).values().get("last").await?;
    last.ok_or(Error::user(
        "There is no restore in this server that could be undone.",
    ))
}

/// The select, the switch and the buttons.
pub(crate) async fn chosen(ctx: ComponentContext<State>) -> Result {
    let guild = ctx.guild()?;
    let (verb, rest) = ctx.argument().split_once('.').unwrap_or_default();
    let (seen, rest) = rest.split_once('.').unwrap_or_default();
    let choice = Choice::read(rest).ok_or(Error::user(
        "This is of an older version. Use `backup restore` again.",
    ))?;
    // A message lives longer than a right.
    if !ctx
        .permissions()
        .await?
        .contains(Permissions::ADMINISTRATOR)
    {
        return Err(Error::user("Only administrators restore a server."));
    }
    match verb {
        "parts" => {
            let picked = ctx.values().join(" ");
            let parts = parts(Some(&picked))?;
            let shown = preview(&ctx, guild, &Choice { parts, ..choice }, None).await?;
            ctx.update(shown).await
        }
        "mode" => {
            let mode = match choice.mode {
                Mode::Add => Mode::Exact,
                Mode::Exact => Mode::Add,
                Mode::Undo => Mode::Undo,
            };
            let shown = preview(&ctx, guild, &Choice { mode, ..choice }, None).await?;
            ctx.update(shown).await
        }
        "all" => {
            let (plan, _, _) = planned(&ctx, guild, &choice).await?;
            let file = all_lines(&plan).join("\n");
            ctx.reply(
                NewMessage::from("All that would be done.")
                    .file("plan.txt", file)
                    .ephemeral(),
            )
            .await
        }
        "begin" => begin(&ctx, guild, &choice, seen).await,
        _ => {
            ctx.update(NewMessage::from("Nothing was changed.").without_components())
                .await
        }
    }
}

/// What a choice comes to now.
pub(super) async fn planned(
    ctx: &Invocation,
    guild: Guild,
    choice: &Choice,
) -> Result<(Plan, Standing, archive::Whole)> {
    let host = ctx.host();
    let whole = archive::sound(host, guild, choice.number).await?;
    let (mut live, owner) = take::live(host, guild).await?;
    take::know_icons(host, &mut live, &whole.contents).await;
    let bot = host
        .bot_id()
        .ok_or(Error::new("the bot is not logged in yet"))?;
    // Not the cache: without the intent for members it may not know of a change.
    let path = format!("guilds/{guild}/members/{bot}");
    let member: Json = host
        .discord()
        .request(Method::Get, path)
        .send()
        .await?
        .json()?;
    let of_bot = fields::ids(&member["roles"]);
    let of_asker: Vec<_> = ctx.roles().iter().map(|role| role.cast()).collect();
    let bot = Actor {
        id: bot.cast(),
        roles: &of_bot,
    };
    let asker = Actor {
        id: ctx.user().id.cast(),
        roles: &of_asker,
    };
    let here = Some(ctx.channel_id().cast());
    let standing = Standing::of(&live, owner, &bot, &asker, here);
    let extras = match choice.mode {
        Mode::Add => Extras::Keep,
        Mode::Exact => Extras::Remove,
        Mode::Undo => Extras::RemoveOf(last(host, guild).await?.made.into_iter().collect()),
    };
    let wish = Wish {
        parts: choice.parts.clone(),
        extras,
    };
    let plan = plan(
        &whole.contents,
        &live,
        &wish,
        &standing,
        whole.end.members > 0,
    );
    Ok((plan, standing, whole))
}

/// Tells one plan from another: eight hex digits.
pub(super) fn mark(plan: &Plan) -> Result<String> {
    let digest = Sha256::digest(serde_json::to_vec(&(&plan.steps, &plan.notes))?);
    Ok(digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn all_lines(plan: &Plan) -> Vec<String> {
    let mut all: Vec<_> = plan
        .steps
        .iter()
        .map(|step| plugin_api::text::plain(&step.title))
        .collect();
    if !plan.notes.is_empty() {
        all.push(String::new());
        all.push("Not as in the snapshot".to_owned());
        all.extend(plan.notes.iter().map(words::note));
    }
    all
}

/// The plan as people read it, with what changes and begins it.
pub(super) async fn preview(
    ctx: &Invocation,
    guild: Guild,
    choice: &Choice,
    before: Option<&str>,
) -> Result<NewMessage> {
    let (plan, _, whole) = planned(ctx, guild, choice).await?;
    let title = match choice.mode {
        Mode::Undo => "Undo the last restore".to_owned(),
        _ => format!(
            "Restore snapshot #{} {}",
            choice.number,
            word(&whole.head.label)
        ),
    };
    let mut about = before.map(|words| format!("{words}\n")).unwrap_or_default();
    about += &match plan.steps.len() {
        0 => "Nothing is to be done: these parts are as they were.".to_owned(),
        steps => {
            let steps_in_words = counted(steps as u64, "step");
            let shown: Vec<_> = plan
                .steps
                .iter()
                .map(|step| plugin_api::text::plain(&step.title))
                .collect();
            format!("{steps_in_words}:\n{}", lines(&shown, 1_800))
        }
    };
    if whole.head.guild != guild.cast() {
        about += "\nThis snapshot is of another server: roles, channels and emojis are found by their names.";
    }
    let mut card = embed(title.trim_end()).description(about);
    if !plan.notes.is_empty() {
        let notes: Vec<_> = plan.notes.iter().map(words::note).collect();
        card = card.field("Not as in the snapshot", lines(&notes, 1_000), false);
    }
    let extras = match choice.mode {
        Mode::Add => "What is there besides stays.",
        Mode::Exact => {
            "What is there besides is deleted, with all that was written in its channels."
        }
        Mode::Undo => {
            "What the restore has made is deleted, with all that was written in its channels."
        }
    };
    card = card.field("What the snapshot has not", extras, false);
    card = card.footer(
        "A snapshot is taken before, so that it can be undone. Messages are in no snapshot.",
    );

    let seen = mark(&plan)?;
    let id = |verb: &str| ctx.custom_id(COMPONENT, format!("{verb}.{seen}.{}", choice.written()));
    let begin = danger_button("Begin", id("begin")?).disabled(plan.steps.is_empty());
    let mut buttons = vec![begin];
    match choice.mode {
        Mode::Add => buttons.push(button("Delete what is there besides", id("mode")?).secondary()),
        Mode::Exact => buttons.push(button("Keep what is there besides", id("mode")?).secondary()),
        Mode::Undo => {}
    }
    buttons.push(button("Show all", id("all")?).secondary());
    buttons.push(button("Cancel", id("cancel")?).secondary());
    let options = Part::ALL.iter().map(|part| {
        let (value, label) = part.words();
        let option = SelectOption::new(label, value);
        match choice.parts.contains(part) {
            true => option.default(),
            false => option,
        }
    });
    let most = u8::try_from(Part::ALL.len()).unwrap_or(u8::MAX);
    let menu = select("What to restore", id("parts")?, options.collect::<Vec<_>>()).max(most);
    let mut message = NewMessage::from(card);
    if choice.mode != Mode::Undo {
        message = message.row([menu]);
    }
    Ok(message.row(buttons))
}
