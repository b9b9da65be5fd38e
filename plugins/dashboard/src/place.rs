//! Places and people as somebody writes them into a field: servers, channels and users by id, mention or name.

use plugin_api::{
    abi::{ServerView, ServersCall},
    prelude::*,
    text::clip,
    twilight_model::channel::{Channel, ChannelType},
};

/// Servers that are named where several are called alike.
const NAMED: u32 = 5;

/// Characters of what was written that are repeated.
const SAID: usize = 60;

/// A server that the bot is in, by its id or by a part of its name.
///
/// # Errors
///
/// There is none, or there are several: the sentence names some.
pub(crate) async fn server(host: &Host, words: &str) -> Result<Id<marker::GuildMarker>> {
    let words = words.trim();
    if let Some(id) = words.parse().ok().and_then(Id::new_checked) {
        host.cache().guild(id).known().await.map_err(|_| {
            Error::user(format!("The bot is in no server with the id {id}. Discord copies a server's id from its menu in developer mode."))
        })?;
        return Ok(id);
    }
    if words.is_empty() {
        return Err(Error::user("Which server? Write its id or its name."));
    }
    let call = ServersCall {
        name: words.to_owned(),
        limit: Some(1_000),
        ..ServersCall::default()
    };
    let found = host.cache().servers(&call).await?;
    if found.next.is_some() {
        return Err(Error::user(
            "Too many servers have that in their names. Write the id of the one that is meant.",
        ));
    }
    let id = picked(words, &found.servers)?;
    Id::new_checked(id).ok_or_else(|| Error::user("That server has no id."))
}

/// The one whose name it is, or the only one that has it in its name.
fn picked(words: &str, found: &[ServerView]) -> Result<u64> {
    let said = clip(words, SAID);
    let mut exact = found
        .iter()
        .filter(|server| server.name.to_lowercase() == words.to_lowercase());
    match (exact.next(), exact.next(), found) {
        (Some(server), None, _) => Ok(server.id),
        (None, _, [server]) => Ok(server.id),
        (None, _, []) => Err(Error::user(format!(
            "The bot is in no server with “{said}” in its name. Write another part of it, or its id."
        ))),
        _ => {
            let some = found.iter().take(NAMED as usize);
            let some: Vec<String> = some
                .map(|server| format!("{} ({})", clip(&server.name, SAID), server.id))
                .collect();
            Err(Error::user(format!(
                "Several servers have “{said}” in their names: {}. Write the id of the one that is meant.",
                some.join(", ")
            )))
        }
    }
}

/// A channel of a server that messages are written in, by id, mention or name; where nothing is written, the server's first one.
///
/// # Errors
///
/// There is no such channel.
pub(crate) async fn channel(
    host: &Host,
    guild: Id<marker::GuildMarker>,
    words: &str,
) -> Result<Id<marker::ChannelMarker>> {
    let mut channels = host.cache().channels(guild).known().await?;
    channels.retain(is_written_in);
    channels.sort_by_key(|channel| (channel.position.unwrap_or(i32::MAX), channel.id));
    let bare = words.trim().trim_start_matches("<#").trim_end_matches('>');
    let name = bare.trim_start_matches('#').to_lowercase();
    let found = channels.iter().find(|channel| {
        let is_named = channel
            .name
            .as_ref()
            .is_some_and(|it| it.to_lowercase() == name);
        bare.is_empty() || is_named || bare == channel.id.to_string()
    });
    match found {
        Some(channel) => Ok(channel.id),
        None if bare.is_empty() => Err(Error::user(
            "That server has no channel that the bot sees. Write a channel's id.",
        )),
        None => Err(Error::user(format!(
            "That server has no channel “{}” that messages are written in. Write its name or its id.",
            clip(words, SAID)
        ))),
    }
}

fn is_written_in(channel: &Channel) -> bool {
    matches!(
        channel.kind,
        ChannelType::GuildText
            | ChannelType::GuildVoice
            | ChannelType::GuildAnnouncement
            | ChannelType::GuildStageVoice
            | ChannelType::PublicThread
            | ChannelType::PrivateThread
            | ChannelType::AnnouncementThread
    )
}

/// A user, by id or mention.
///
/// # Errors
///
/// It is neither.
pub(crate) fn user(words: &str) -> Result<Id<marker::UserMarker>> {
    let bare = words
        .trim()
        .trim_start_matches("<@")
        .trim_start_matches('!')
        .trim_end_matches('>');
    bare.parse().ok().and_then(Id::new_checked).ok_or_else(|| {
        Error::user(format!(
            "“{}” is no user. Write the id, which Discord copies from a user's menu in developer mode, or a mention such as <@123>.",
            clip(words.trim(), SAID)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(id: u64, name: &str) -> ServerView {
        let mut server = ServerView::default();
        (server.id, server.name) = (id, name.to_owned());
        server
    }

    #[test]
    fn a_server_is_meant_by_its_name_or_by_a_part_that_it_alone_has() {
        let found = [
            server(1, "Tea"),
            server(2, "Tea House"),
            server(3, "Tearoom"),
        ];
        assert_eq!(picked("tea", &found).unwrap(), 1);
        assert_eq!(picked("room", &found[2..]).unwrap(), 3);
        let several = picked("te", &found).unwrap_err().to_string();
        assert!(several.contains("Tea House (2)"), "{several}");
        assert!(picked("tea", &[server(1, "Tea"), server(2, "TEA")]).is_err());
        let none = picked("coffee", &[]).unwrap_err().to_string();
        assert!(none.contains("“coffee”"), "{none}");
    }

    #[test]
    fn a_user_is_an_id_or_a_mention() {
        for words in ["42", " <@42> ", "<@!42>"] {
            assert_eq!(user(words).unwrap().get(), 42);
        }
        for words in ["", "0", "ann", "<@>", "-1"] {
            assert!(user(words).is_err(), "{words}");
        }
    }
}
