//! Preview: what an automation would do, in words, and its cards as they would look.

use plugin_api::{
    EmbedBuilder,
    prelude::*,
    text::{clip, counted},
    twilight_model::channel::message::Embed,
};

use crate::{
    automation::{Automation, Definition, Made},
    core::{Occasion, Person},
    engine,
    model::{Card, Channel, Guild, User},
    state::State,
    templates,
};

/// Characters of the words, and of all embeds of a message together.
const TEXT: usize = 3_000;
const EMBEDS: usize = 6_000;

/// Cards that a message holds beside the words.
const CARDS: usize = 9;

/// What an automation would do.
pub(crate) struct Preview {
    /// In words for Discord, a line each.
    pub(crate) text: String,
    /// The cards that the words number.
    pub(crate) cards: Vec<Card>,
}

/// An automation of this maker's that is not kept.
pub(super) fn pretended(definition: Definition, id: i64, maker: User) -> Automation {
    Automation {
        id,
        definition,
        maker,
        is_on: true,
        runs: 0,
        failures: 0,
        last_error: None,
        last_run_ms: None,
        made: Made::default(),
    }
}

/// What it would do, if it were about this person and happened in this channel.
pub(super) async fn rehearsed(
    state: &State,
    guild: Guild,
    person: Person,
    channel: Option<Channel>,
    automation: &Automation,
) -> Result<Preview> {
    if let Err(wrong) = automation.definition.check() {
        let wrong = clip(&wrong.join("\n- "), 1_500);
        return Ok(Preview {
            text: format!("It can't do anything yet:\n- {wrong}"),
            cards: Vec::new(),
        });
    }
    let occasion = pretended_occasion(guild, person, channel);
    let template = automation.definition.template().map_err(Error::user)?;
    let holds = engine::holds(state, &automation.definition.conditions, &occasion).await?;
    let done = engine::rehearse(state, automation, occasion).await?;
    let mut text = format!("**{}**, with you as the member:\n", template.trigger);
    let own = templates::own_words(template, &automation.definition.parameters);
    for (at, line) in own.into_iter().chain(done.lines).enumerate() {
        text.push_str(&format!("{}. {line}\n", at + 1));
    }
    if let Some(why) = done.stopped {
        text.push_str(&format!("⚠️ There it would end: {why}\n"));
    }
    if !holds {
        text.push_str("⚠️ Its conditions don't hold for you now, so it would do nothing.\n");
    }
    Ok(Preview {
        text: clip(&text, TEXT),
        cards: done.cards,
    })
}

fn pretended_occasion(guild: Guild, person: Person, channel: Option<Channel>) -> Occasion {
    let mut occasion = Occasion::new(guild).about(person);
    if let Some(channel) = channel {
        occasion = occasion.at(channel);
    }
    occasion.message = Some(Id::new(1));
    for (name, value) in [
        ("message", "an example"),
        ("word", "example"),
        ("level", "5"),
        ("points", "2500"),
        ("number", "1"),
        ("role", "a role"),
        ("what", "has joined a channel"),
        ("channel_name", "a-channel"),
    ] {
        occasion.set(name, value);
    }
    occasion
}

impl Preview {
    /// Answers with it: the words in `card`, below them the cards of the automation.
    pub(crate) async fn answer(&self, ctx: &Invocation, card: EmbedBuilder) -> Result {
        let words = |more: &str| card.clone().description(format!("{}{more}", self.text));
        let room = EMBEDS.saturating_sub(size(&words("").build()) + 100);
        let drawn: Vec<_> = self.cards.iter().map(engine::card).collect();
        let fitting = fitting(&drawn, room);
        let more = match drawn.len() - fitting {
            0 => String::new(),
            more => format!("-# {} not shown here.", counted(more as u64, "more card")),
        };
        let message = NewMessage::from(words(&more)).ephemeral();
        let drawn = drawn.into_iter().take(fitting);
        ctx.reply(drawn.fold(message, NewMessage::embed)).await
    }
}

/// How many of these, from the first on, a message has room for.
fn fitting(cards: &[Embed], room: usize) -> usize {
    let mut taken = 0;
    let fits = |card: &&Embed| {
        taken += size(card);
        taken <= room
    };
    cards.iter().take(CARDS).take_while(fits).count()
}

/// Characters of an embed, as Discord counts them.
fn size(embed: &Embed) -> usize {
    let of = |text: Option<&String>| text.map_or(0, |it| it.chars().count());
    let fields = embed.fields.iter();
    let fields = fields.map(|it| it.name.chars().count() + it.value.chars().count());
    let footer = embed.footer.as_ref().map(|it| &it.text);
    of(embed.title.as_ref()) + of(embed.description.as_ref()) + of(footer) + fields.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_cards_as_there_is_room_for() {
        let long = |length: usize| embed("x").description("y".repeat(length)).build();
        for (lengths, room, wanted) in [
            (&[9, 9, 9][..], 20, 2),
            (&[9, 9][..], 19, 1),
            (&[20, 1][..], 20, 0),
            (&[1; 12][..], 6_000, CARDS),
            (&[][..], 0, 0),
        ] {
            let cards: Vec<_> = lengths.iter().map(|it| long(*it)).collect();
            assert_eq!(fitting(&cards, room), wanted, "{lengths:?}");
        }
    }
}
