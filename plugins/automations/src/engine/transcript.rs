//! Transcript of a channel: what was written, line by line, as a text file.

use jiff::Timestamp;
use plugin_api::{Discord, prelude::*};

use crate::model::Channel;

/// Most messages of a transcript; what is older is left out, and said to be.
const MESSAGES: usize = 2_000;

/// Most bytes of the file, within what Discord takes of a bot.
const BYTES: usize = 6 * 1_024 * 1_024;

/// What was written in a channel, the oldest first, and how many messages that are.
pub(super) async fn of(
    discord: &Discord,
    channel: Channel,
    number: i64,
) -> Result<(String, usize)> {
    let (mut history, mut lines, mut bytes) = (discord.history(channel), Vec::new(), 0);
    let mut is_whole = true;
    while let Some(message) = history.next().await? {
        let at = Timestamp::from_second(message.timestamp.as_secs()).unwrap_or_default();
        let mut line = format!(
            "[{at}] {}: {}",
            message.author.name,
            message.content.replace('\n', "\n    ")
        );
        for file in &message.attachments {
            line.push_str(&format!("\n    file {}: {}", file.filename, file.url));
        }
        bytes += line.len() + 1;
        if lines.len() >= MESSAGES || bytes > BYTES {
            is_whole = false;
            break;
        }
        lines.push(line);
    }
    let count = lines.len();
    lines.push(match is_whole {
        true => format!("Ticket {number}"),
        false => format!("Ticket {number} (what is older is left out)"),
    });
    lines.reverse();
    Ok((lines.join("\n"), count))
}
