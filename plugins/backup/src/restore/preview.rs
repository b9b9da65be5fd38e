//! Commands `backup restore`, `undo` and `stop`: the plan is shown, changed by select and buttons, and begun as it was shown.

use std::collections::BTreeSet;

use plugin_api::{
    SelectOption,
    prelude::*,
    text::{counted, lines, word},
};
use sha2::{Digest, Sha256};

use super::{
    job::{Job, Last},
    run,
};
use crate::{
    State, archive,
    journal::Entry,
    listing,
    plan::{Act, Actor, Extras, Part, Plan, Standing, Wish, plan},
    store::{Guild, Index, Source},
    take::{self, Order},
    words,
};

/// The handler of the select and the buttons.
pub(crate) const COMPONENT: &str = "restore";

/// What is to be restored, as it stands in the components.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    number: u64,
    parts: BTreeSet<Part>,
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// What is there besides stays.
    Add,
    /// It goes.
    Exact,
    /// What the last restore has made goes.
    Undo,
}

impl Choice {
    /// `3.127.a`.
    fn written(&self) -> String {
        let bits = Part::ALL.iter().enumerate();
        let bits = bits.map(|(at, part)| u32::from(self.parts.contains(part)) << at);
        let mode = match self.mode {
            Mode::Add => 'a',
            Mode::Exact => 'e',
            Mode::Undo => 'u',
        };
        format!("{}.{}.{mode}", self.number, bits.sum::<u32>())
    }

    fn read(text: &str) -> Option<Self> {
        let mut words = text.split('.');
        let number = words.next()?.parse().ok()?;
        let bits: u32 = words.next()?.parse().ok()?;
        let parts = Part::ALL.into_iter().enumerate();
        let parts = parts.filter(|(at, _)| bits & (1 << at) != 0);
        let mode = match words.next()? {
            "a" => Mode::Add,
            "e" => Mode::Exact,
            "u" => Mode::Undo,
            _ => return None,
        };
        Some(Self {
            number,
            parts: parts.map(|(_, part)| part).collect(),
            mode,
        })
    }
}

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
    let guild = ctx.guild()?;
    if !ctx.state().busy.stop(guild) {
        return Err(Error::user("No restore is under way in this server."));
    }
    ctx.reply(
        "It stops behind the step that it is at. What is done stays; `backup undo` takes it back.",
    )
    .await
}

async fn last(host: &Host, guild: Guild) -> Result<Last> {
    let last = Index::of(host, guild).values().get("last").await?;
    last.ok_or(Error::user(
        "There is no restore in this server that could be undone.",
    ))
}

fn parts(typed: Option<&str>) -> Result<BTreeSet<Part>> {
    let Some(typed) = typed else {
        return Ok(Part::ALL.into_iter().collect());
    };
    let typed = typed.split([' ', ',']).filter(|word| !word.is_empty());
    let part = |word: &str| {
        let mut all = Part::ALL.into_iter();
        let found = all.find(|part| part.words().0 == word.to_lowercase());
        found.ok_or_else(|| {
            let names: Vec<_> = Part::ALL.iter().map(|part| part.words().0).collect();
            Error::user(format!(
                "`{}` is no part. There are: {}.",
                word.replace('`', "'"),
                names.join(", ")
            ))
        })
    };
    let parts = typed.map(part).collect::<Result<BTreeSet<_>>>()?;
    match parts.is_empty() {
        true => Err(Error::user(
            "Name the parts, such as `roles channels`, or leave them out for all.",
        )),
        false => Ok(parts),
    }
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
async fn planned(
    ctx: &Invocation,
    guild: Guild,
    choice: &Choice,
) -> Result<(Plan, Standing, archive::Whole)> {
    let host = ctx.host();
    let whole = archive::sound(host, guild, choice.number).await?;
    let (mut live, owner) = take::live(host, guild).await?;
    take::know_icon(host, &mut live, &whole.contents).await;
    let bot = host
        .bot_id()
        .ok_or(Error::new("the bot is not logged in yet"))?;
    let member = host.cache().member(guild, bot).or_fetch().await?;
    let of_bot: Vec<_> = member.roles.iter().map(|role| role.cast()).collect();
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
fn mark(plan: &Plan) -> Result<String> {
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
async fn preview(
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

async fn begin(ctx: &ComponentContext<State>, guild: Guild, choice: &Choice, seen: &str) -> Result {
    let host = ctx.host();
    let place = ctx.state().busy.enter(guild, "restore")?;
    if Job::open(host, guild).await?.is_some() {
        return Err(Error::user(
            "Another restore is not over yet. `backup restore` goes on with it.",
        ));
    }
    // What was shown is done, and nothing else.
    let changed = "The server has changed since this was shown. Look at it once more.";
    let (plan, standing, _) = planned(ctx, guild, choice).await?;
    if mark(&plan)? != seen {
        return ctx
            .update(preview(ctx, guild, choice, Some(changed)).await?)
            .await;
    }
    let by = ctx.user().id;
    let order = Order {
        label: format!("before restoring #{}", choice.number),
        source: Source::Before,
        by: Some(by),
    };
    let before = take::take(host, guild, order).await?;
    let told = NewMessage::from(embed("A restore begins").build());
    let sent = host.discord().send(ctx.channel_id(), told).await;
    let job = Job {
        snapshot: choice.number,
        before: before.snapshot.number,
        by,
        channel: ctx.channel_id(),
        message: sent.as_ref().ok().map(|message| message.id),
        below: standing.below.map(|rank| rank.1.0),
        is_undo: choice.mode == Mode::Undo,
        parts: choice.parts.iter().copied().collect(),
        plan,
    };
    job.begin(host, guild).await?;
    set_bot(ctx, guild, &job).await?;
    run::spawn(&ctx.state().host, guild, place);
    let where_it_is = match sent {
        Ok(_) => "The message below tells how far it is.",
        Err(_) => "I may not write here, so you get a direct message when it is over.",
    };
    let card = embed("It has begun")
        .success()
        .description(format!(
            "Snapshot #{} was taken before. {where_it_is} It goes on by itself after a restart of the bot.",
            job.before
        ));
    ctx.update(NewMessage::from(card.build()).without_components())
        .await
}

/// The bot's settings, while somebody acts who may.
async fn set_bot(ctx: &ComponentContext<State>, guild: Guild, job: &Job) -> Result {
    let Some(step) = job
        .plan
        .steps
        .iter()
        .find(|step| matches!(step.act, Act::Bot(_)))
    else {
        return Ok(());
    };
    let host = ctx.host();
    let bot = archive::sound(host, guild, job.snapshot)
        .await?
        .contents
        .bot;
    let prefix = bot
        .get("prefix")
        .and_then(|prefix| prefix.as_str())
        .unwrap_or_default();
    let mention = bot.get("mention_prefix").is_some_and(|on| *on == true);
    let commands = host.commands();
    let mut done = commands.set_prefix(guild, prefix).await;
    if done.is_ok() {
        done = commands.set_mention_prefix(guild, mention).await;
    }
    let key = step.key.clone();
    let entry = match done {
        Ok(_) => Entry::Done { key, made: None },
        Err(error) => Entry::Failed {
            key,
            why: error
                .user_message()
                .map_or_else(|| error.to_string(), str::to_owned),
        },
    };
    let mut journal = crate::journal::Journal::default();
    job.note(host, guild, &mut journal, entry).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_as_it_was_written() {
        for mode in [Mode::Add, Mode::Exact, Mode::Undo] {
            for parts in [
                vec![],
                vec![Part::Roles],
                vec![Part::Emojis, Part::Members],
                Part::ALL.into(),
            ] {
                let choice = Choice {
                    number: 17,
                    parts: parts.into_iter().collect(),
                    mode,
                };
                assert_eq!(Choice::read(&choice.written()), Some(choice));
            }
        }
        for odd in ["", "1", "1.2", "1.x.a", "1.2.z", "a.1.a"] {
            assert_eq!(Choice::read(odd), None, "{odd}");
        }
    }

    #[test]
    fn parts_are_named_by_words() {
        assert_eq!(parts(None).unwrap().len(), Part::ALL.len());
        assert_eq!(
            parts(Some("Roles, emojis")).unwrap(),
            BTreeSet::from([Part::Roles, Part::Emojis])
        );
        let refused = parts(Some("rolls")).unwrap_err();
        assert!(
            refused
                .user_message()
                .unwrap()
                .contains("There are: roles, channels")
        );
        assert!(parts(Some(" , ")).is_err());
    }
}
