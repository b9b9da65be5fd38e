//! Message limits of Discord's, checked here, so that the error names the field instead of a path into JSON.

use twilight_model::channel::message::Embed;

use crate::error::{Error, Result};

/// Refuses what Discord would, by [its limits](https://discord.com/developers/docs/resources/message#embed-object-embed-limits).
pub(super) fn check_embeds(embeds: &[Embed]) -> Result {
    if embeds.len() > 10 {
        return Err(Error::new(format!(
            "the message has {} embeds, Discord accepts 10",
            embeds.len()
        )));
    }
    let mut total = 0;
    for (n, embed) in embeds.iter().enumerate() {
        let name = match &embed.title {
            Some(title) => format!("embed {} (`{}`)", n + 1, shortened(title)),
            None => format!("embed {}", n + 1),
        };
        total += check(embed, &name)?;
    }
    within("the embeds of the message", "text", total, 6000)
}

/// An embed's characters.
fn check(embed: &Embed, name: &str) -> Result<usize> {
    let mut total = 0;
    let mut text = |what: &str, text: Option<&str>, limit: usize| {
        let characters = text.map_or(0, |text| text.chars().count());
        total += characters;
        within(name, what, characters, limit)
    };
    text("title", embed.title.as_deref(), 256)?;
    text("description", embed.description.as_deref(), 4096)?;
    let footer = embed.footer.as_ref().map(|footer| &*footer.text);
    text("footer", footer, 2048)?;
    let author = embed.author.as_ref().map(|author| &*author.name);
    text("author", author, 256)?;
    if embed.fields.len() > 25 {
        return Err(Error::new(format!(
            "{name} has {} fields, Discord accepts 25",
            embed.fields.len()
        )));
    }
    for (n, field) in embed.fields.iter().enumerate() {
        let which = format!("field {} (`{}`)", n + 1, shortened(&field.name));
        for (what, value) in [("name", &field.name), ("value", &field.value)] {
            if value.is_empty() {
                return Err(Error::new(format!(
                    "{name}: the {what} of {which} is empty"
                )));
            }
        }
        text(&format!("name of {which}"), Some(&field.name), 256)?;
        text(&format!("value of {which}"), Some(&field.value), 1024)?;
    }
    Ok(total)
}

fn within(name: &str, what: &str, characters: usize, limit: usize) -> Result {
    if characters <= limit {
        return Ok(());
    }
    Err(Error::new(format!(
        "{name}: the {what} has {characters} characters, Discord accepts {limit}"
    )))
}

fn shortened(text: &str) -> String {
    text.chars().take(30).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed;

    #[test]
    fn what_is_too_long_is_named() {
        let refused = |embeds: &[Embed]| check_embeds(embeds).unwrap_err().to_string();
        let long =
            embed("Rules")
                .field("First", "x", false)
                .field("Second", "x".repeat(1025), false);
        assert_eq!(
            refused(&[embed("A").build(), long.build()]),
            "embed 2 (`Rules`): the value of field 2 (`Second`) has 1025 characters, Discord accepts 1024"
        );
        assert_eq!(
            refused(&[embed("A").field("B", "", false).build()]),
            "embed 1 (`A`): the value of field 1 (`B`) is empty"
        );
        let large = embed("A").description("x".repeat(4000)).build();
        assert_eq!(
            refused(&[large.clone(), large]),
            "the embeds of the message: the text has 8002 characters, Discord accepts 6000"
        );
        assert!(check_embeds(&[embed("A").field("B", "C", false).build()]).is_ok());
    }
}
