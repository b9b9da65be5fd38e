//! Commands `sessions` and `revoke`: who is logged in, and logging them out.

use plugin_api::{
    abi::{AccessCall, SessionView},
    prelude::*,
    text::{ago, clip, code, counted, word},
};

use crate::Dashboard;

/// The pages of `livemonitor sessions`.
pub(super) const PAGES: &str = "livemonitor-sessions";

/// Sessions on a page: with the longest names they fit into an embed.
const PAGE: usize = 10;

/// Characters of what a browser says that it is.
const BROWSER: usize = 60;

pub(super) fn sessions() -> Command<Dashboard> {
    Command::new("sessions", "Shows who is logged in to the dashboard")
        .help("Each with a number, by which `livemonitor revoke` ends it; the latest used first.")
        .example("livemonitor sessions")
        .run(async |ctx: CommandContext<Dashboard>| ctx.pages(PAGES, "").await)
}

pub(super) async fn page(ctx: PageContext<Dashboard>) -> Result<Page> {
    let sessions = ctx.host().pages().sessions().await?;
    let shown: Vec<String> = sessions
        .iter()
        .skip(ctx.index() * PAGE)
        .take(PAGE)
        .map(line)
        .collect();
    let card = match shown.is_empty() {
        true => embed("Nobody is logged in")
            .description("`livemonitor quickstart` sends you a link to log in with."),
        false => embed("Sessions")
            .description(shown.join("\n"))
            .footer(counted(sessions.len() as u64, "session")),
    };
    Ok(Page::new(card, sessions.len().div_ceil(PAGE)))
}

fn line(session: &SessionView) -> String {
    let way = match &*session.way {
        "link" => "by link",
        _ => "with Discord",
    };
    let role = match &*session.role {
        "" => "no role any more".to_owned(),
        role => code(role),
    };
    format!(
        "**{}** <@{}> · {role} · {way} {} · used {} from {} · {}",
        session.number,
        session.user_id,
        ago(session.since_ms),
        ago(session.used_ms),
        word(&session.address),
        code(&clip(&session.browser, BROWSER)),
    )
}

pub(super) fn revoke() -> Command<Dashboard> {
    Command::new("revoke", "Logs somebody out of the dashboard")
        .help(
            "One session by its number (`livemonitor sessions` shows them), all those of a user, or `all`. Their open pages end at once, and \
             links that were sent to a user are void. Who has a role may log in again: that is taken away on the page Roles.",
        )
        .example("livemonitor revoke 7")
        .example("livemonitor revoke all")
        .option(CommandOption::string("whom", "A session's number, a user (mention or id), or `all`").required())
        .autocomplete("whom", proposed)
        .run(async |ctx: CommandContext<Dashboard>| {
            let typed: String = ctx.option("whom")?;
            let whom = Whom::read(&typed)?;
            let ended = ctx.host().pages().revoke(&whom.call()).await?;
            let title = match (ended, whom) {
                (0, Whom::Session(number)) => return Err(Error::user(format!(
                    "There is no session {number}: `livemonitor sessions` shows those that there are."
                ))),
                (0, _) => "Nobody was logged in".to_owned(),
                (ended, _) => format!("{} ended", counted(u64::from(ended), "session")),
            };
            ctx.reply(embed(title).success()).await
        })
}

/// Whose sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom {
    Session(u64),
    User(u64),
    All,
}

/// From which number on digits are a user's id and no session's number: ids are the time since 2015 in their upper bits.
const IDS: u64 = 1 << 32;

impl Whom {
    fn read(typed: &str) -> Result<Self> {
        let typed = typed.trim();
        if typed.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let mentioned = typed
            .strip_prefix("<@")
            .and_then(|rest| rest.strip_suffix('>'))
            .map(|rest| rest.trim_start_matches('!'));
        let digits = mentioned.unwrap_or(typed).trim_start_matches('#');
        match digits.parse() {
            Ok(user) if mentioned.is_some() && user > 0 => Ok(Self::User(user)),
            Ok(number @ 1..IDS) => Ok(Self::Session(number)),
            Ok(user @ IDS..) => Ok(Self::User(user)),
            _ => Err(Error::user(format!(
                "{} is neither a session's number, a user nor `all`: `livemonitor sessions` shows the numbers.",
                word(typed)
            ))),
        }
    }

    fn call(self) -> AccessCall {
        let mut call = AccessCall::default();
        match self {
            Self::Session(number) => call.session = Some(number),
            Self::User(user) => call.user_id = Some(user),
            Self::All => {}
        }
        call
    }
}

/// Proposes sessions, and all of them.
async fn proposed(ctx: AutocompleteContext<Dashboard>) -> Result<Vec<Choice>> {
    let typed = ctx.typed().trim().to_lowercase();
    let sessions = ctx.host().pages().sessions().await?;
    let all = ("All sessions".to_owned(), "all".to_owned());
    let each = sessions.iter().map(|session| {
        let words = format!("{}: {}, {}", session.number, session.name, session.role);
        (clip(&words, 100), session.number.to_string())
    });
    let fitting = [all]
        .into_iter()
        .chain(each)
        .filter(|(words, _)| words.to_lowercase().contains(&typed));
    Ok(fitting
        .take(25)
        .map(|(words, value)| Choice::new(words, value))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_session_a_mention_or_an_id_a_user_and_the_rest_is_told() {
        for (typed, whom) in [
            ("7", Whom::Session(7)),
            (" #7 ", Whom::Session(7)),
            ("all", Whom::All),
            ("ALL", Whom::All),
            ("<@80351110224678912>", Whom::User(80_351_110_224_678_912)),
            ("<@!80351110224678912>", Whom::User(80_351_110_224_678_912)),
            ("80351110224678912", Whom::User(80_351_110_224_678_912)),
            ("<@7>", Whom::User(7)),
        ] {
            assert_eq!(Whom::read(typed).unwrap(), whom, "{typed}");
        }
        for typed in [
            "",
            "0",
            "-1",
            "me",
            "<@x>",
            "<@0>",
            "99999999999999999999999",
        ] {
            let error = Whom::read(typed).unwrap_err();
            let words = error.user_message().unwrap();
            assert!(words.contains("livemonitor sessions"), "{typed}: {words}");
        }
    }

    #[test]
    fn what_others_say_of_themselves_is_shown_as_text() {
        let mut session = SessionView::default();
        session.browser = "**bold** @everyone [x](https://evil.example)".to_owned();
        session.role = "`tick`".to_owned();
        let shown = line(&session);
        let as_code = "`**bold** @everyone [x](https://evil.example)`";
        assert!(
            shown.contains(as_code) && shown.contains("`ˋtickˋ`"),
            "{shown}"
        );
    }
}
