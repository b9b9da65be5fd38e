//! Who may use a command, and where.

use super::request::Request;

/// Why a command is refused: a sentence for the member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

/// Whether a command may be used: the first rule that refuses.
pub(crate) fn check(request: &Request) -> Result<(), Refusal> {
    let command = &request.route.command;
    let name = request.name();
    let direct = request.event.header.guild_id == 0;
    if command.guild_only && direct {
        return Err(Refusal(format!("`{name}` works in servers only.")));
    }
    if command.dm_only && !direct {
        return Err(Refusal(format!("`{name}` works in direct messages only.")));
    }
    Ok(())
}
