//! Inbox: schedules that `cogwright import` has laid among the plugin's files. Each is planned as `schedule create` plans, by the same
//! checks; one whose message can't be sent now is off. It waits until the bot is in its server.

use plugin_api::{Inbox, Json, prelude::*};
use serde::Deserialize;

use crate::{
    create::{self, Order, make},
    place::Place,
    plan::{self, Kind, Plan},
    when,
};

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

fn inbox(host: &Host) -> Inbox {
    host.files().inbox("import")
}

/// Empties the inbox in the background, for as long as something waits in it.
pub(crate) fn begin(host: &Host) {
    let of_task = host.clone();
    inbox(host).empty(async move |file: &str, laid| taken(&of_task, file, laid).await);
}

/// Somebody is erased: what they have planned goes, as it does where it is kept.
pub(crate) async fn forget(ctx: EraseContext) -> Result {
    let user = ctx.user_id();
    let of_others = async |_: &str, laid: Json| {
        let is_theirs = laid["maker"] == user.to_string() || laid["maker"] == user.get();
        Ok((!is_theirs).then_some(laid))
    };
    inbox(ctx.host()).forget(user, of_others).await
}

/// What has become of one; `None`: the bot is not in its server.
async fn taken(host: &Host, file: &str, laid: Laid) -> Result<Option<String>> {
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
                laid: Some(file.to_owned()),
            },
            when: when::read(&laid.cron)?,
            zone: laid.zone,
            runs: laid.runs,
        })
    });
    let mut there = plan::all(host, guild).await?.into_iter();
    let made = match (
        order,
        there.find(|it| it.plan.laid.as_deref() == Some(file)),
    ) {
        // The process was killed as soon as it was planned.
        (_, Some(twin)) => Ok(twin),
        (Ok(order), None) => make(host, guild, order).await,
        (Err(error), None) => Err(error),
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
