//! Command `backup diff`: two snapshots, or one and the server as it is now.

use plugin_api::{
    prelude::*,
    text::{DESCRIPTION, counted, lines},
};

use crate::{
    State, archive, diff, listing,
    pairs::{self, Pairs},
    take, words,
};

pub(crate) async fn compare(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let first = listing::named(host, guild, ctx.option("snapshot")?).await?;
    let other: Option<String> = ctx.option("other")?;
    let from = archive::sound(host, guild, first.number).await?.contents;
    let (to, name) = match other {
        Some(other) => {
            let other = listing::named(host, guild, other).await?;
            let to = archive::sound(host, guild, other.number).await?.contents;
            (to, format!("snapshot {}", other.title()))
        }
        None => {
            let (mut live, _) = take::live(host, guild).await?;
            take::know_icon(host, &mut live, &from).await;
            (live, "now".to_owned())
        }
    };
    let pairs = pairs::find(&to, &from, &Pairs::new());
    let changes = diff::diff(&from, &to, &pairs);
    let all: Vec<String> = changes.iter().map(words::change).collect();
    let title = format!("From snapshot {} to {name}", first.title());
    if all.is_empty() {
        let card = embed(title)
            .success()
            .description("There is no difference.");
        return ctx.reply(card).await;
    }
    let told = format!(
        "{}\n```diff\n{}\n```",
        counted(all.len() as u64, "difference"),
        lines(&all, DESCRIPTION - 100)
    );
    let file = all.join("\n") + "\n";
    let message = NewMessage::from(
        embed(title)
            .description(told)
            .footer("+ new, - gone, ~ changed, > moved. Members are not compared."),
    );
    ctx.reply(message.file("diff.txt", file)).await
}
