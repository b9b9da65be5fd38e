//! Writing as the bot: sending, changing and deleting its messages. Each is entered in the audit journal, with whoever did it.

use plugin_api::{
    Json, RouteContext, RouteReply,
    prelude::*,
    text::clip,
    twilight_model::id::marker::{ChannelMarker, GuildMarker},
};
use serde::Deserialize;
use serde_json::json;

use super::channels::{self, channel_id};
use crate::{Dashboard, deed::Deed};

/// What Discord takes, in characters ([reference](https://discord.com/developers/docs/resources/message#embed-object-embed-limits)).
const CONTENT: usize = 2_000;
const TITLE: usize = 256;
const DESCRIPTION: usize = 4_096;

/// Characters of a message that the journal has.
const NOTED: usize = 500;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Written {
    content: String,
    /// What is replied to, or changed.
    message: String,
    title: String,
    description: String,
    colour: String,
    /// Whether users who are mentioned are notified.
    mentions: bool,
}

impl Written {
    /// The message that is named; `None`: none is.
    fn message(&self) -> Result<Option<u64>> {
        match self.message.trim() {
            "" => Ok(None),
            text => match text.parse() {
                Ok(id) if id > 0 => Ok(Some(id)),
                _ => Err(Error::user("That is no message's id.")),
            },
        }
    }

    fn embed(&self) -> Result<Option<Json>> {
        let (title, description) = (self.title.trim(), self.description.trim());
        if title.is_empty() && description.is_empty() {
            return Ok(None);
        }
        fits("title", title, TITLE)?;
        fits("description", description, DESCRIPTION)?;
        let digits = self.colour.trim().trim_start_matches('#');
        let colour = match digits {
            "" => None,
            digits => Some(
                u32::from_str_radix(digits, 16)
                    .ok()
                    .filter(|it| *it <= 0x00ff_ffff)
                    .ok_or_else(|| Error::user("A colour is six hexadecimal digits: #4450c8."))?,
            ),
        };
        Ok(Some(
            json!({"title": title, "description": description, "color": colour}),
        ))
    }

    /// The body of the request: nobody is notified unless that is said, and never everybody.
    fn body(&self) -> Result<Json> {
        fits("message", &self.content, CONTENT)?;
        let embed = self.embed()?;
        if self.content.trim().is_empty() && embed.is_none() {
            return Err(Error::user(
                "Write something first: a message, or an embed's title or description.",
            ));
        }
        let parse: &[&str] = if self.mentions { &["users"] } else { &[] };
        let mut body = json!({
            "content": self.content,
            "embeds": embed.into_iter().collect::<Vec<_>>(),
            "allowed_mentions": {"parse": parse, "replied_user": self.mentions},
        });
        if let Some(replied) = self.message()? {
            body["message_reference"] =
                json!({"message_id": replied.to_string(), "fail_if_not_exists": true});
        }
        Ok(body)
    }
}

fn fits(what: &str, text: &str, most: usize) -> Result {
    match text.chars().count() {
        count if count > most => Err(Error::user(format!(
            "The {what} has {count} characters, and Discord takes {most}: shorten it."
        ))),
        _ => Ok(()),
    }
}

pub(super) async fn send(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let (guild, channel) = place(&ctx).await?;
    let written: Written = ctx.json()?;
    let body = written.body()?;
    let path = format!("channels/{channel}/messages");
    let request = ctx
        .host()
        .discord()
        .request(Method::Post, path)
        .json(&body)?;
    let what = json!({
        "content": clip(&written.content, NOTED), "title": clip(&written.title, NOTED), "description": clip(&written.description, NOTED),
        "reply_to": written.message()?.map(|it| it.to_string()), "mentions": written.mentions,
    });
    let place = (Some(guild), Some(channel));
    let deed = Deed::begun(&ctx, "chat.send", place, what).await?;
    let sent = request.send().await.map_err(told);
    let id = sent.as_ref().ok().map_or(Json::Null, |response| {
        response
            .json::<Json>()
            .map_or(Json::Null, |it| it["id"].clone())
    });
    deed.ended((Json::Null, json!({"message": id})), &sent)
        .await;
    sent?;
    Ok(RouteReply::text("Sent."))
}

pub(super) async fn edit(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let (guild, channel) = place(&ctx).await?;
    let written: Written = ctx.json()?;
    fits("message", &written.content, CONTENT)?;
    let id = written
        .message()?
        .ok_or_else(|| Error::user("Say which message is to be changed."))?;
    let before = own(&ctx, channel, id).await?;
    let has_embed = before["embeds"].as_array().is_some_and(|it| !it.is_empty());
    if written.content.trim().is_empty() && !has_embed {
        return Err(Error::user(
            "A message without words is none: write something, or delete it.",
        ));
    }
    let body = json!({"content": written.content, "allowed_mentions": {"parse": []}});
    let path = format!("channels/{channel}/messages/{id}");
    let request = ctx
        .host()
        .discord()
        .request(Method::Patch, path)
        .json(&body)?;
    let place = (Some(guild), Some(channel));
    let what = json!({"message": id.to_string()});
    let deed = Deed::begun(&ctx, "chat.edit", place, what).await?;
    let changed = request.send().await.map_err(told);
    let words = before["content"].as_str().unwrap_or_default();
    let change = (
        clip(words, NOTED).into(),
        clip(&written.content, NOTED).into(),
    );
    deed.ended(change, &changed).await;
    changed?;
    Ok(RouteReply::text("Changed."))
}

pub(super) async fn delete(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let (guild, channel) = place(&ctx).await?;
    let written: Written = ctx.json()?;
    let id = written
        .message()?
        .ok_or_else(|| Error::user("Say which message is to be deleted."))?;
    let before = own(&ctx, channel, id).await?;
    let path = format!("channels/{channel}/messages/{id}");
    let place = (Some(guild), Some(channel));
    let what = json!({"message": id.to_string()});
    let deed = Deed::begun(&ctx, "chat.delete", place, what).await?;
    let deleted = ctx
        .host()
        .discord()
        .request(Method::Delete, path)
        .send()
        .await
        .map_err(told);
    let words = before["content"].as_str().unwrap_or_default();
    let change = (clip(words, NOTED).into(), Json::Null);
    deed.ended(change, &deleted).await;
    deleted?;
    Ok(RouteReply::text("Deleted."))
}

/// Server and channel of the path, which belong together.
async fn place(ctx: &RouteContext<Dashboard>) -> Result<(Id<GuildMarker>, Id<ChannelMarker>)> {
    let (guild, channel) = (ctx.guild()?, channel_id(ctx)?);
    // What the form looks at when it is drawn.
    if !channels::one(ctx, guild, channel).await?.writes {
        return Err(Error::user("The bot may not write in this channel."));
    }
    Ok((guild, channel))
}

/// A message of a channel.
pub(super) async fn message(
    ctx: &RouteContext<Dashboard>,
    channel: Id<ChannelMarker>,
    id: u64,
) -> Result<Json> {
    let path = format!("channels/{channel}/messages/{id}");
    let asked = ctx.host().discord().request(Method::Get, path).send().await;
    let asked = asked.map_err(|error| match error.http_status() {
        Some(404) => Error::user("There is no such message any more."),
        _ => told(error),
    });
    asked?.json()
}

/// The same, where it is the bot's own: others' would be deleted as well, wherever it may.
pub(super) async fn own(
    ctx: &RouteContext<Dashboard>,
    channel: Id<ChannelMarker>,
    id: u64,
) -> Result<Json> {
    let message = message(ctx, channel, id).await?;
    let bot = ctx.host().bot_id().map(|it| it.to_string());
    match bot.is_some() && message["author"]["id"].as_str() == bot.as_deref() {
        true => Ok(message),
        false => Err(Error::user(
            "That is not the bot's message: only its own are changed and deleted here.",
        )),
    }
}

/// What Discord has refused, as a sentence.
fn told(error: Error) -> Error {
    match (error.http_status(), error.discord_code()) {
        (_, Some(50_083)) => {
            Error::user("The thread is archived: write in it in Discord first, or unarchive it.")
        }
        (_, Some(200_000)) => {
            Error::user("AutoMod of the server does not let this message through.")
        }
        (_, Some(50_035)) => Error::user(
            "Discord does not take the message as it is: it may reply to one that is gone, or be too long.",
        ),
        (Some(403), _) => {
            Error::user("The bot may not do that here: it lacks the permission in this channel.")
        }
        (Some(404), _) => Error::user("The channel or the message is not there any more."),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: Json) -> Written {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn nobody_is_notified_unless_that_is_said_and_never_everybody() {
        let body = written(json!({"content": "@everyone <@7>"}))
            .body()
            .unwrap();
        assert_eq!(
            body["allowed_mentions"],
            json!({"parse": [], "replied_user": false})
        );
        let body = written(json!({"content": "<@7>", "mentions": true}))
            .body()
            .unwrap();
        assert_eq!(
            body["allowed_mentions"],
            json!({"parse": ["users"], "replied_user": true})
        );
    }

    #[test]
    fn an_embed_is_sent_where_it_has_words() {
        let of = |body: Json| written(body).embed();
        assert_eq!(of(json!({"colour": "#ff0000"})).unwrap(), None);
        let embed = of(json!({"title": "Tea", "colour": "#ff0000"}))
            .unwrap()
            .unwrap();
        assert_eq!(
            (&embed["title"], &embed["color"]),
            (&json!("Tea"), &json!(0x00ff_0000))
        );
        assert!(of(json!({"title": "Tea", "colour": "red"})).is_err());
        assert!(of(json!({"title": "x".repeat(257)})).is_err());
    }

    #[test]
    fn a_reply_names_what_it_answers_and_nothing_is_not_sent() {
        let body = written(json!({"content": "a", "message": "9"}))
            .body()
            .unwrap();
        assert_eq!(body["message_reference"]["message_id"], json!("9"));
        for body in [
            json!({}),
            json!({"content": " \n"}),
            json!({"content": "é".repeat(2_001)}),
            json!({"content": "a", "message": "nine"}),
        ] {
            assert!(
                written(body.clone())
                    .body()
                    .unwrap_err()
                    .user_message()
                    .is_some(),
                "{body}"
            );
        }
    }
}
