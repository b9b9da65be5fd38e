//! Command `shardmonitor`: one message with four views of the shards, which edits itself.

use plugin_api::prelude::*;

use crate::{
    memory::Watch,
    views::{self, View},
};

pub(super) fn shardmonitor() -> Command<Watch> {
    Command::new(
        "shardmonitor",
        "Shows the shards: overview, health, latency and events",
    )
    .help("The buttons below it are yours alone. Refresh shows how things are now.")
    .example("shardmonitor")
    .run(run)
}

/// A view, and which page of it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    view: View,
    page: usize,
}

impl Place {
    /// As it stands in a custom id: `h2`.
    fn read(text: &str) -> Option<Self> {
        let mut characters = text.chars();
        let view = View::of(characters.next()?)?;
        Some(Self {
            view,
            page: characters.as_str().parse().ok()?,
        })
    }

    fn written(self) -> String {
        format!("{}{}", self.view.letter(), self.page)
    }
}

async fn run(ctx: CommandContext<Watch>) -> Result {
    let first = Place {
        view: View::Overview,
        page: 0,
    };
    let message = message(&ctx, ctx.state(), first).await?;
    ctx.reply(message).await
}

/// A button was pressed: the message shows what it names.
pub(super) async fn turn(ctx: ComponentContext<Watch>) -> Result {
    // Whoever owned the bot when it was opened need not own it now.
    if !ctx.host().acting().await?.owner {
        return Err(Error::user("That is for the bot's owners."));
    }
    let place = ctx.argument().get(1..).and_then(Place::read);
    let place = place.ok_or_else(|| Error::new("the button names no view"))?;
    ctx.update(message(&ctx, ctx.state(), place).await?).await
}

async fn message(ctx: &Invocation, watch: &Watch, place: Place) -> Result<NewMessage> {
    let reply = ctx.host().shards().await?;
    let pages = reply.shards.len().div_ceil(views::PAGE).max(1);
    let place = Place {
        page: place.page.min(pages - 1),
        ..place
    };
    let card = views::card(place.view, place.page, &reply, &watch.0.borrow());
    let card = match pages {
        1 => card,
        _ => card.footer(format!("Page {} of {pages}", place.page + 1)),
    };
    // The first letter is the button's: no two of a message may have the same id.
    let id = |button: char, place: Place| {
        ctx.custom_id("view", format_args!("{button}{}", place.written()))
    };
    let mut row = Vec::new();
    for view in View::ALL {
        let shown = button(view.name(), id('v', Place { view, ..place })?);
        row.push(if view == place.view {
            shown
        } else {
            shown.secondary()
        });
    }
    row.push(button("Refresh", id('r', place)?).success());
    let mut message = NewMessage::from(card).row(row);
    if pages > 1 {
        let (before, after) = (
            place.page.saturating_sub(1),
            (place.page + 1).min(pages - 1),
        );
        message = message.row([
            button(
                "‹",
                id(
                    'b',
                    Place {
                        page: before,
                        ..place
                    },
                )?,
            )
            .secondary()
            .disabled(place.page == 0),
            button(
                "›",
                id(
                    'n',
                    Place {
                        page: after,
                        ..place
                    },
                )?,
            )
            .secondary()
            .disabled(place.page + 1 == pages),
        ]);
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_a_button_as_it_went_and_an_odd_one_is_none() {
        for view in View::ALL {
            let place = Place { view, page: 12 };
            assert!(Place::read(&place.written()) == Some(place));
        }
        for odd in ["", "o", "x1", "o-1", "o1x", "ö1"] {
            assert!(Place::read(odd).is_none(), "{odd}");
        }
    }
}
