//! Command `backup diff`: two snapshots, or one and the server as it is now.

use plugin_api::{
    prelude::*,
    text::{DESCRIPTION, counted, lines},
};

use crate::{
    State,
    archive::{self, Whole},
    diff::{self, Members},
    listing,
    model::Contents,
    pairs::{self, Pairs},
    roster::Roster,
    take, words,
};

pub(crate) async fn compare(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let first = listing::named(host, guild, ctx.option("snapshot")?).await?;
    let other: Option<String> = ctx.option("other")?;
    let from = archive::sound(host, guild, first.number).await?;
    let of_file = |number: u64, whole: &Whole| {
        Roster::of_file(host, archive::path(guild, number), whole.first_member)
    };
    let before = of_file(first.number, &from);
    let (to, after, name) = match other {
        Some(other) => {
            let other = listing::named(host, guild, other).await?;
            let to = archive::sound(host, guild, other.number).await?;
            let after = of_file(other.number, &to);
            let has_members = to.first_member.is_some();
            let name = format!("snapshot {}", other.title());
            (to.contents, has_members.then_some(after), name)
        }
        None => {
            let (mut live, _) = take::live(host, guild).await?;
            take::know_icons(host, &mut live, &from.contents).await;
            let after = Roster::now(host, guild, 0);
            (live, Some(after), "now".to_owned())
        }
    };
    let after = after.filter(|_| from.first_member.is_some());
    let from = from.contents;
    let pairs = pairs::find(&to, &from, &Pairs::new());
    let mut all: Vec<String> = diff::diff(&from, &to, &pairs)
        .iter()
        .map(words::change)
        .collect();
    let members = match after {
        Some(after) => members(before, after, (&from, &to), &pairs).await?,
        None => None,
    };
    let about_members = match members {
        Some(members) => {
            let about = members.rest().join(", ");
            all.extend(members.lines);
            about
        }
        None => "Members are not compared: their roles are not in both.".to_owned(),
    };
    let title = format!("From snapshot {} to {name}", first.title());
    let card = embed(title);
    let card = match about_members.is_empty() {
        true => card,
        false => card.field("Members", about_members, false),
    };
    if all.is_empty() {
        let card = card.success().description("There is no difference.");
        return ctx.reply(card).await;
    }
    let told = format!(
        "{}\n```diff\n{}\n```",
        counted(all.len() as u64, "difference"),
        lines(&all, DESCRIPTION - 100)
    );
    let file = all.join("\n") + "\n";
    let message = NewMessage::from(
        card.description(told)
            .footer("+ new, - gone, ~ changed, > moved."),
    );
    ctx.reply(message.file("diff.txt", file)).await
}

/// Walks the members of both side by side; `None`: Discord does not give the list of those who are there now.
async fn members(
    mut before: Roster,
    mut after: Roster,
    contents: (&Contents, &Contents),
    pairs: &Pairs,
) -> Result<Option<Members>> {
    let mut members = Members::default();
    let mut next = match after.next().await {
        Err(error) if error.http_status() == Some(403) => return Ok(None),
        next => next?,
    };
    let mut last = before.next().await?;
    loop {
        match (&last, &next) {
            (None, None) => return Ok(Some(members)),
            (Some(was), Some(is)) if was.id == is.id => {
                members.take(was, is, contents, pairs);
                (last, next) = (before.next().await?, after.next().await?);
            }
            (Some(was), is) if is.as_ref().is_none_or(|is| was.id < is.id) => {
                members.went += 1;
                last = before.next().await?;
            }
            _ => {
                members.came += 1;
                next = after.next().await?;
            }
        }
    }
}
