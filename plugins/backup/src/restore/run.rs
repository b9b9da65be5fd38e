//! Run of a restore: step by step, each noted when it is done.

use plugin_api::{Json, prelude::*};

use super::{
    finish,
    job::{self, Job},
    outage::patiently,
    screen::Screen,
    world::World,
};
use crate::{
    archive,
    busy::{Busy, Place},
    fields,
    journal::{Entry, Journal, orphan},
    plan::{Act, Note, Step},
    store::Guild,
    take,
};

/// Goes on with all that were interrupted: by a reload, a restart, or a fall.
pub(crate) async fn resume_all(host: Host, busy: Busy) -> Result {
    for guild in job::open(&host).keys("").await? {
        let Ok(guild) = guild.parse::<Guild>() else {
            continue;
        };
        match busy.enter(guild, "restore") {
            Ok(place) => {
                tracing::info!(guild = guild.get(), "a restore goes on");
                spawn(&host, guild, place);
            }
            Err(error) => tracing::warn!(guild = guild.get(), "a restore does not go on: {error}"),
        }
    }
    Ok(())
}

/// Begins it, or goes on with it, in the background.
pub(super) fn spawn(host: &Host, guild: Guild, place: Place) {
    let of_task = host.clone();
    host.spawn(async move {
        let host = of_task;
        let ran = run(&host, guild, &place).await;
        if let Err(error) = &ran {
            // It stays on the disk, and is gone on with.
            finish::interrupted(&host, guild, error).await;
        }
        ran
    });
}

async fn run(host: &Host, guild: Guild, place: &Place) -> Result {
    let Some((job, mut journal)) = Job::open(host, guild).await? else {
        return Job::close(host, guild).await;
    };
    let path = archive::path(guild, job.snapshot);
    let whole = archive::sound(host, guild, job.snapshot).await?;
    let mut screen = Screen::new(host, &job);
    let total = job.plan.steps.len();
    let is_allowed = patiently("a restore", async || {
        is_still_allowed(host, guild, &job).await
    });
    if !is_allowed.await? {
        let who = format!("<@{}>, who has started it,", job.by);
        let note = Note::new("the rest", format!("{who} is no administrator any more"));
        job.note(host, guild, &mut journal, Entry::Note(note))
            .await?;
        job.note(host, guild, &mut journal, Entry::Stopped).await?;
    }
    let mut world = World {
        host,
        guild,
        job: &job,
        path: &path,
        whole: &whole,
    };
    // The answer to the first one may have been lost with the bot.
    let mut is_first = true;
    while !journal.stopped {
        let Some(step) = journal.next(&job.plan).cloned() else {
            break;
        };
        if place.is_stopped() {
            job.note(host, guild, &mut journal, Entry::Stopped).await?;
            break;
        }
        screen.tell(journal.done(), total, &step.title).await;
        let entries = tried(&mut world, &step, &mut journal, is_first).await?;
        for entry in entries {
            job.note(host, guild, &mut journal, entry).await?;
        }
        is_first = false;
    }
    patiently("the end of a restore", async || {
        finish::finish(host, guild, &job, &journal, &whole, &mut screen).await
    })
    .await
}

/// Whoever has started it may have lost the right to it while the bot was away. Asked of Discord: behind a start the cache knows of no
/// server yet.
async fn is_still_allowed(host: &Host, guild: Guild, job: &Job) -> Result<bool> {
    let (live, owner) = take::live(host, guild).await?;
    if owner == job.by.cast() {
        return Ok(true);
    }
    let path = format!("guilds/{guild}/members/{}", job.by);
    let member = host.discord().request(Method::Get, path).send().await;
    let member: Json = match member {
        Ok(member) => member.json()?,
        Err(error) if error.http_status() == Some(404) => return Ok(false),
        Err(error) => return Err(error),
    };
    let has = fields::ids(&member["roles"]);
    let is_held = |id| id == live.server.id || has.contains(&id);
    let held = live.roles.iter().filter(|role| is_held(role.id));
    let bits = held.fold(0, |bits, role| bits | role.permissions());
    Ok(Permissions::from_bits_retain(bits).contains(Permissions::ADMINISTRATOR))
}

/// Does a step; what was made and not heard of is not made twice.
async fn tried(
    world: &mut World<'_>,
    step: &Step,
    journal: &mut Journal,
    is_first: bool,
) -> Result<Vec<Entry>> {
    let mut may_be_done = is_first;
    patiently(&step.title, async || {
        if may_be_done && let Some(entry) = made_before(world, step, journal).await? {
            return Ok(vec![entry]);
        }
        may_be_done = true;
        world.act(step, journal).await
    })
    .await
}

async fn made_before(world: &World<'_>, step: &Step, journal: &Journal) -> Result<Option<Entry>> {
    let Act::Make(kind, id) = &step.act else {
        return Ok(None);
    };
    let Some(item) = world.whole.contents.item(*kind, *id) else {
        return Ok(None);
    };
    let (live, _) = take::live(world.host, world.guild).await?;
    let found = orphan(*kind, item, live.of(*kind), &world.job.plan, journal);
    Ok(found.map(|made| Entry::Done {
        key: step.key.clone(),
        made: Some((*id, made)),
    }))
}
