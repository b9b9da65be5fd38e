//! Scripts: stories as text, one act a line. The same grammar is read from files and in the terminal.
//!
//! ```text
//! # whoever acts stands first: user@channel
//! owner@general: !hello
//! expect Hello, owner!
//! member@general: /echo text:"good morning" times:3
//! expect good morning
//! member click "Again"
//! pick "Your colour" "red" "green"
//! submit name="Ada" "Your age"="36"
//! react 👍
//! mod expect-ephemeral only you
//! expect-nothing
//! ```
//!
//! Lines without `user@channel:` go on as the last user in the last channel, and what begins with no verb is said. `expect` means the bot's next
//! message that this user can see there and that no `expect` has used up.

mod act;
mod control;
mod fault;
mod parse;
mod perform;
mod run;
mod terminal;
mod transcript;
mod words;

pub(crate) use self::run::play;
pub use self::{
    run::{ScriptError, run_script},
    terminal::run_terminal,
    transcript::transcript,
};

/// The grammar in a few lines, for `help`.
pub const GRAMMAR: &str = "\
user@channel: text             says something (channel: general, …, or dm); without `user@channel:` the last user goes on
user@channel: /command a:b     uses a slash command; \"quotes\" around values with blanks
[user] click \"Label\"           clicks a button
[user] pick \"menu\" \"value\" …   picks in a select menu
[user] submit field=\"value\" …  fills in the modal that was shown
[user] react 👍, unreact 👍    reacts to the bot's last message, or takes it back; reply TEXT answers it
[user] edit TEXT, delete       the own last message; pin, unpin: the last one
[user] file a.txt \"content\" …  sends a file, with a text; upload a.txt \"content\": for an option, which then names it
[user] thread NAME             starts a thread; post \"title\" \"text\": in a forum
[user] join, leave [GUILD]     becomes a member, or is none any more; with #NAME it follows a thread
[user] voice CHANNEL           joins a voice channel; also voice leave, mute, unmute, deafen, undeafen
[user] nick MEMBER [NAME]      gives a nickname; role add MEMBER ROLE, role remove MEMBER ROLE
user@channel verb …            does any of it elsewhere: in another channel, a thread, a forum
[user] expect TEXT             waits for a message of the bot with this text
[user] expect-ephemeral TEXT   the same, for one that only this user sees
[user] expect-nothing          fails if the bot says something within a moment
[user] raw EVENT {\"id\": \"$id\"}   sends any payload as a gateway event; \"$id\", \"$token\", \"$user\", \"$channel\", \"$guild\"
                               and \"$application\" become ids
raw-payload {\"op\": 7}          sends a whole payload as it is
wait 500ms                     waits, in real time
reconnect                      asks the bot to reconnect (op 7); invalidate [resumable]: op 9
drop                           cuts its connections; close 4000: closes them with a code
clock advance 15m              moves the clock (ms, s, m, h, d); also clock pause, clock resume
hang                           lets its connections hang; heal: ends all faults, heal 3: one of them
fault 2x POST /channels/*/messages lose-answer   also lose-request, 502 [json|empty|html], fail-answer 502,
                               refuse 50013, answer {}, delay 3s [clock], without 2x each time;
                               429 [user|shared|global|within|bare|page] 1s
fault 1x POST /interactions/*/*/callback forestall thinking   also private-thinking, message, update
fault 2x resumes               also connections, heartbeats, lose EVENT, double EVENT, storm 30s [invalidate]
limits strict                  sets the rate limits: generous, strict or discord
help, quit                     shows this; ends
# comment";
