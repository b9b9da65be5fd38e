//! Interactive terminal: the grammar of scripts line by line, with what the bot shows as it comes.

use std::sync::Arc;

use tokio::sync::mpsc::Receiver;

use super::{
    parse::{Line, parse},
    run::Stage,
};
use crate::{error::Error, handle::Sandbox};

/// Reads lines until the channel closes or one says `quit`, and writes what the bot shows as it comes.
///
/// The lines best come from a thread of their own that blocks on stdin. A line that fails is explained,
/// and the next one is read.
///
/// # Examples
///
/// ```no_run
/// # async fn terminal(sandbox: &sandbox::Sandbox) {
/// // One line waits while another is played; a thread that reads ahead further would gain nothing.
/// let (lines, received) = tokio::sync::mpsc::channel(1);
/// std::thread::spawn(move || {
///     for line in std::io::stdin().lines().map_while(Result::ok) {
///         if lines.blocking_send(line).is_err() {
///             break;
///         }
///     }
/// });
/// sandbox::script::run_terminal(sandbox, received, &mut |line| println!("{line}")).await;
/// # }
/// ```
pub async fn run_terminal(
    sandbox: &Sandbox,
    mut lines: Receiver<String>,
    out: &mut (dyn FnMut(&str) + Send),
) {
    let mut stage = Stage::new(Arc::clone(&sandbox.shared));
    // Whoever sits there goes on as somebody from the first line on.
    stage.actor = stage.actor().ok();
    let mut changes = sandbox.shared.changes();
    let mut next = sandbox.shared.read(|state| state.world.next_sighting);
    loop {
        changes.mark_unchanged();
        show(sandbox, &mut stage, &mut next, out);
        tokio::select! {
            line = lines.recv() => match line {
                None => return,
                Some(line) if is_quit(&line) => return,
                Some(line) => play(&mut stage, &line, out).await,
            },
            _ = changes.changed() => {}
        }
    }
}

fn is_quit(line: &str) -> bool {
    parse(line) == Ok(Line::Quit)
}

async fn play(stage: &mut Stage, line: &str, out: &mut (dyn FnMut(&str) + Send)) {
    let outcome = match parse(line) {
        Ok(parsed) => stage.play(parsed).await,
        Err(why) => {
            out(&format!("! {why}"));
            out("  `help` lists what can be done");
            return;
        }
    };
    match outcome {
        Ok(shown) => shown.iter().for_each(|line| out(line)),
        Err(error) => out(&format!("! {}", explained(&error))),
    }
}

fn explained(error: &Error) -> String {
    match error {
        Error::NotAnswered { .. } => format!("{error}; is the bot running?"),
        other => other.to_string(),
    }
}

/// Writes what the present actor can see and has not yet been shown.
fn show(sandbox: &Sandbox, stage: &mut Stage, next: &mut u64, out: &mut (dyn FnMut(&str) + Send)) {
    let Ok(actor) = stage.actor() else { return };
    let news: Vec<_> = sandbox.shared.read(|state| {
        let world = &state.world;
        let since = std::mem::replace(next, world.next_sighting);
        let fresh = world
            .sightings
            .iter()
            .filter(|sighting| sighting.number >= since);
        let visible = fresh.filter(|sighting| {
            sighting.ephemeral_for.is_none_or(|only| only == actor.id())
                && world.may(
                    actor.id(),
                    sighting.channel,
                    twilight_model::guild::Permissions::VIEW_CHANNEL,
                )
        });
        visible.map(|sighting| sighting.view.clone()).collect()
    });
    for message in news {
        let lines = stage.write(&message);
        if !lines.is_empty() && message.channel != stage.channel {
            out(&format!("  (in #{})", message.channel));
        }
        lines.iter().for_each(|line| out(line));
    }
}

#[cfg(test)]
mod tests {
    use crate::{Options, Sandbox};

    #[tokio::test]
    async fn whoever_asks_for_an_actor_at_each_change_rests_in_between() {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let mut changes = sandbox.shared.changes();
        changes.mark_unchanged();
        sandbox.actor("owner").unwrap();
        assert!(!changes.has_changed().unwrap(), "that would go on for ever");
    }
}
