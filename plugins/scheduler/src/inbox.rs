//! Inbox: schedules that `cogwright import` has laid among the plugin's files. Each is planned as `schedule create` plans, by the same
//! checks; one whose message can't be sent now is off. It waits until the bot is in its server.

use std::time::Duration;

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    create::{self, Order, make},
    place::Place,
    plan::{self, Kind, Plan},
    when,
};

const FOLDER: &str = "import";

/// How long what has to wait waits, at first and at most.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(600);

/// What was laid there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Laid {
    guild: Id<marker::GuildMarker>,
    maker: Id<marker::UserMarker>,
    name: String,
    kind: Kind,
    channel: Option<Id<marker::ChannelMarker>>,
    text: String,
    cron: String,
    zone: String,
    runs: Option<u64>,
    on: bool,
}

/// What has become of it, for the next import to tell.
#[derive(Serialize)]
struct Noted {
    said: String,
}

/// Empties the inbox in the background, for as long as something waits in it.
pub(crate) fn begin(host: &Host) {
    let of_task = host.clone();
    host.spawn(async move {
        let mut wait = FIRST;
        while !is_emptied(&of_task).await? {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST);
        }
        Ok(())
    });
}

async fn is_emptied(host: &Host) -> Result<bool> {
    let files = host.files();
    let mut is_emptied = true;
    for entry in files.list(FOLDER).await? {
        if entry.folder || !entry.name.ends_with(".json") {
            continue;
        }
        let path = format!("{FOLDER}/{}", entry.name);
        let said = match files.read_json(&path).await {
            Ok(Some(laid)) => taken(host, laid).await,
            Ok(None) => continue,
            Err(error) => Ok(Some(format!("it can't be read: {error}"))),
        };
        match said {
            Ok(Some(said)) => {
                tracing::info!(file = path, "imported: {said}");
                let noted = format!("{FOLDER}/taken/{}", entry.name);
                files.write_json(&noted, &Noted { said }).await?;
                files.remove(&path).await?;
            }
            Ok(None) => is_emptied = false,
            Err(error) => {
                tracing::warn!(file = path, "it is tried again later: {error}");
                is_emptied = false;
            }
        }
    }
    Ok(is_emptied)
}

/// What has become of one; `None`: the bot is not in its server.
async fn taken(host: &Host, laid: Laid) -> Result<Option<String>> {
    let (guild, maker) = (laid.guild, laid.maker);
    if host.cache().guild(guild).await?.is_none() {
        return Ok(None);
    }
    let wrong = match (laid.kind, laid.channel) {
        (Kind::Message, Some(channel)) => Place::of(host, guild, maker, channel).await.map(drop),
        (Kind::Message, None) => return Ok(Some("refused: it names no channel".into())),
        _ if host.acting().await?.owners.contains(&maker.get()) => Ok(()),
        _ => {
            return Ok(Some(format!(
                "refused: <@{maker}>, whose schedule it is, is no owner of the bot"
            )));
        }
    };
    // Discord is out of order: that is no answer.
    let wrong = match wrong {
        Err(error) if error.user_message().is_none() => return Err(error),
        wrong => wrong,
    };
    let order = create::name(laid.name).and_then(|name| {
        Ok(Order {
            plan: Plan {
                name,
                kind: laid.kind,
                channel: laid.channel,
                text: laid.text,
                maker,
            },
            when: when::read(&laid.cron)?,
            zone: laid.zone,
            runs: laid.runs,
        })
    });
    let made = match order {
        Ok(order) => make(host, guild, order).await,
        Err(error) => Err(error),
    };
    let made = match made {
        Ok(made) => made,
        Err(error) => {
            let why = error.user_message().map(str::to_owned).ok_or(error)?;
            return Ok(Some(format!("refused: {why}")));
        }
    };
    let title = format!("it is {}", made.title());
    if laid.on && wrong.is_ok() {
        return Ok(Some(format!("{title}, and on")));
    }
    plan::of(host, guild).switch(made.id(), false).await?;
    Ok(Some(match wrong {
        Ok(()) => format!("{title}, and off"),
        Err(why) => format!("{title}, and off: {why}"),
    }))
}
