//! End of a restore: what was done, what was not and why, and what differs still.

use plugin_api::{
    prelude::*,
    text::{clip, counted, lines, plain},
};

use super::{
    job::{Job, Last},
    screen::{Screen, title},
};
use crate::{
    archive::Whole,
    diff,
    journal::Journal,
    model::Contents,
    pairs::{self, Pairs},
    plan::{Note, Part},
    store::{Guild, Index},
    take, words,
};

/// Tells the end, and closes it.
pub(super) async fn finish(
    host: &Host,
    guild: Guild,
    job: &Job,
    journal: &Journal,
    whole: &Whole,
    screen: &mut Screen,
) -> Result {
    let notes: Vec<Note> = job
        .plan
        .notes
        .iter()
        .chain(&journal.notes)
        .cloned()
        .collect();
    let left = left(host, guild, job, &whole.contents, &journal.pairs(&job.plan)).await?;
    let done = journal
        .done()
        .saturating_sub(usize::try_from(journal.failed).unwrap_or(0));
    let total = job.plan.steps.len();
    let index = Index::of(host, guild);
    if !job.is_undo {
        let last = Last {
            snapshot: job.snapshot,
            before: job.before,
            made: journal.made.values().copied().collect(),
            parts: job.parts.clone(),
        };
        index.values().set("last", &last).await?;
    } else {
        index.values().delete("last").await?;
    }
    let action = if job.is_undo { "undo" } else { "restore" };
    let told = format!(
        "{done} of {total} steps, {}",
        counted(notes.len() as u64, "note")
    );
    index
        .audit(Some(job.by), action, Some(job.snapshot), &told)
        .await?;

    let mut card = embed(match (journal.stopped, job.is_undo) {
        (true, _) => "Stopped",
        (false, true) => "Undone",
        (false, false) => "Restored",
    });
    card = card.field("Done", format!("{done} of {total} steps"), true);
    if journal.members_changed > 0 {
        card = card.field("Members", counted(journal.members_changed, "member"), true);
    }
    card = card.field(
        "Still different",
        counted(left.len() as u64, "difference"),
        true,
    );
    let shown: Vec<String> = notes.iter().map(words::note).collect();
    if !shown.is_empty() {
        card = card.field("Not as in the snapshot", lines(&shown, 1_000), false);
    }
    let hint = match job.is_undo {
        true => String::new(),
        false => format!("`backup undo` takes it back, by snapshot #{}.", job.before),
    };
    card = card.description(format!("{}. {hint}", title(job)).trim_end());
    card = match notes.is_empty() && left.is_empty() && !journal.stopped {
        true => card.success(),
        false => card.warning(),
    };
    let mut message = NewMessage::from(card);
    if !(notes.is_empty() && left.is_empty()) {
        message = message.file("restore.txt", report(&shown, &left));
    }
    if !screen.close(message.clone()).await
        && let Err(error) = host.discord().dm(job.by, message).await
    {
        tracing::info!(
            user = job.by.get(),
            "whoever has restored could not be told: {error}"
        );
    }
    Job::close(host, guild).await
}

/// What the parts that were chosen differ in still.
async fn left(
    host: &Host,
    guild: Guild,
    job: &Job,
    wanted: &Contents,
    known: &Pairs,
) -> Result<Vec<String>> {
    let (mut live, _) = take::live(host, guild).await?;
    take::know_icons(host, &mut live, wanted).await;
    let pairs = pairs::find(wanted, &live, known);
    let changes = diff::diff(&live, wanted, &pairs);
    let chosen = changes.iter().filter(|change| {
        // What is there besides is no difference where nothing was to be removed.
        job.parts.contains(&Part::about(change.about))
            && (job.plan.takes_roles || change.what != diff::What::Removed)
    });
    Ok(chosen.map(words::change).collect())
}

fn report(notes: &[String], left: &[String]) -> String {
    let mut text = String::new();
    if !notes.is_empty() {
        text += &format!("Not as in the snapshot\n{}\n\n", notes.join("\n"));
    }
    if !left.is_empty() {
        text += &format!(
            "What would make the server the snapshot\n{}\n",
            left.join("\n")
        );
    }
    text
}

/// Tells that it did not come to its end, and how it goes on.
pub(super) async fn interrupted(host: &Host, guild: Guild, error: &Error) {
    let Ok(Some((job, _))) = Job::open(host, guild).await else {
        return;
    };
    let why = error
        .user_message()
        .map_or_else(|| error.to_string(), str::to_owned);
    let card = embed(format!("{}: interrupted", title(&job)))
        .error()
        .description(format!(
            "{}\nNothing is lost: `backup restore` goes on with it, and so does a restart of the bot.",
            clip(&plain(&why), 500)
        ));
    let mut screen = Screen::new(host, &job);
    screen.close(card.build().into()).await;
}
