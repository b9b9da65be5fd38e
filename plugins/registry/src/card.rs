//! Card whose fields fit into Discord's limit for all that an embed holds.

use plugin_api::{
    EmbedBuilder,
    text::{FIELD, FIELDS, clip},
};

/// Characters that the embed may hold besides ([limits](https://discord.com/developers/docs/resources/message#embed-object-embed-limits)).
const ALL: usize = 5_600;

/// An embed that is filled field by field, as long as there is room.
pub(crate) struct Card {
    embed: EmbedBuilder,
    left: usize,
    fields: usize,
}

impl Card {
    /// `said` is what the embed's title and description hold.
    pub(crate) fn new(embed: EmbedBuilder, said: usize) -> Self {
        Self {
            embed,
            left: ALL.saturating_sub(said),
            fields: 0,
        }
    }

    /// A field; nothing where there is nothing to say, or no room.
    pub(crate) fn field(mut self, name: &str, value: &str, inline: bool) -> Self {
        let room = self.left.saturating_sub(name.chars().count()).min(FIELD);
        if value.trim().is_empty() || room < 20 || self.fields == FIELDS {
            return self;
        }
        let value = clip(value, room);
        self.left -= name.chars().count() + value.chars().count();
        self.fields += 1;
        self.embed = self.embed.field(name, value, inline);
        self
    }

    pub(crate) fn done(self) -> EmbedBuilder {
        self.embed
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::embed;

    use super::*;

    #[test]
    fn however_much_there_is_to_say_it_is_below_the_limit() {
        let long = "x".repeat(3_000);
        let mut card = Card::new(embed("Title"), 305);
        for _ in 0..40 {
            card = card
                .field("Commands", &long, false)
                .field("Empty", " ", false);
        }
        let shown = card.done().build();
        let characters = |text: &str| text.chars().count();
        let all: usize = shown
            .fields
            .iter()
            .map(|it| characters(&it.name) + characters(&it.value))
            .sum();
        assert!(all + 305 <= 6_000 && shown.fields.len() <= FIELDS, "{all}");
        assert!(
            shown
                .fields
                .iter()
                .all(|it| it.name == "Commands" && characters(&it.value) <= FIELD)
        );
    }
}
