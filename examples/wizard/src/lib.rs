//! A form, a look at what was written, and a confirmation, before anything happens. A draft survives a reload in between.

use std::{cell::RefCell, collections::BTreeMap};

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Drafts::default()) })
        .description("Announcements, step by step")
        .command(announce())
        .component("form", preview)
        .component("send", send)
        .component("discard", discard)
        .on_save(|drafts| State::new(1, &*drafts.borrow()))
        .on_restore(|drafts, state| {
            drafts.replace(state.read()?);
            Ok(())
        })
});

/// Each member's last draft.
type Drafts = RefCell<BTreeMap<u64, Draft>>;

#[derive(Serialize, Deserialize)]
struct Draft {
    title: String,
    text: String,
}

/// Announces something in this channel.
#[command(slash_only, permissions(MANAGE_MESSAGES))]
async fn announce(ctx: CommandContext<Drafts>) -> Result {
    let form = Modal::new("An announcement", ctx.custom_id("form", "")?)
        .field(TextField::short("title", "Title").max_length(100))
        .field(TextField::long("text", "Text").max_length(2000));
    ctx.modal(&form).await
}

async fn preview(ctx: ComponentContext<Drafts>) -> Result {
    let (title, text) = (ctx.field("title").to_owned(), ctx.field("text").to_owned());
    let look = embed(&title).description(&text).build();
    let draft = Draft { title, text };
    ctx.state().borrow_mut().insert(ctx.user().id.get(), draft);
    let buttons = [
        button("Send", ctx.custom_id("send", "")?),
        danger_button("Discard", ctx.custom_id("discard", "")?),
    ];
    let question = NewMessage::from("Shall I send this?");
    ctx.reply(question.embed(look).row(buttons).ephemeral())
        .await
}

async fn send(ctx: ComponentContext<Drafts>) -> Result {
    let draft = take(&ctx)?;
    let announcement = embed(draft.title).description(draft.text).build();
    let discord = ctx.host().discord();
    discord.send(ctx.channel_id(), announcement).await?;
    ctx.update(NewMessage::from("It is sent.").without_components())
        .await
}

async fn discard(ctx: ComponentContext<Drafts>) -> Result {
    take(&ctx)?;
    ctx.update(NewMessage::from("It is discarded.").without_components())
        .await
}

fn take(ctx: &ComponentContext<Drafts>) -> Result<Draft> {
    let mut drafts = ctx.state().borrow_mut();
    let draft = drafts.remove(&ctx.user().id.get());
    draft.ok_or(Error::user("There is no draft any more."))
}
