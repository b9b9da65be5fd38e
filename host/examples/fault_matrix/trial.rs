//! One fault, from the act that it comes about by until everything is as before.

use std::{
    error::Error,
    fs,
    time::{Duration, Instant},
};

use tokio::time::{sleep, timeout};

use super::{
    faults::{self, Act, Fault},
    observed::{Neighbour, Normal, Observed},
    questions::{Became, CHANNEL, Question, Questions, Replies, text_of},
    supervised::Supervised,
};

/// The plugin that commits faults, and the one that suffers them.
pub const FAULTY: &str = "faulty";
pub const NEIGHBOUR: &str = "counter";

/// How long everything is looked at, at least.
const LOOK: Duration = Duration::from_secs(9);

/// What has been well for so long is well.
const WELL: Duration = Duration::from_secs(3);

/// How long it may take by itself before the owner steps in, and then with the owner's help.
const BY_ITSELF: Duration = Duration::from_secs(45);
const WITH_HELP: Duration = Duration::from_secs(20);

/// How long answers that are still open are waited for at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Has the fault committed, and looks at what comes of it.
///
/// # Errors
///
/// The measurement itself has failed.
pub async fn run(bot: Supervised, fault: &Fault) -> Outcome<Observed> {
    let member = bot.actor("member")?;
    let trial = Trial {
        replies: Replies::of(&bot.sandbox),
        probes: Questions::ask(
            member.clone(),
            "!fault not",
            "still here",
            Duration::from_millis(200),
        ),
        neighbour: Questions::ask(member, "!count", "Count: ", Duration::from_millis(100)),
        began: Instant::now(),
        process: bot.bot(),
        bot,
    };
    trial.until_served().await?;
    trial.observe(fault).await
}

struct Trial {
    bot: Supervised,
    replies: std::sync::Arc<Replies>,
    probes: Questions,
    neighbour: Questions,
    began: Instant,
    /// The bot's process at the beginning.
    process: Option<u32>,
}

impl Trial {
    /// Waits until both plugins answer.
    async fn until_served(&self) -> Outcome<()> {
        let answers = |questions: &Questions| {
            let all = questions.since(self.began, &self.bot.sandbox, &self.replies);
            all.iter()
                .any(|(_, became)| matches!(became, Became::Answered(..)))
        };
        while !answers(&self.probes) || !answers(&self.neighbour) {
            if self.began.elapsed() > BY_ITSELF {
                return Err(format!("the plugins do not answer:\n{}", self.bot.said()).into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn observe(mut self, fault: &Fault) -> Outcome<Observed> {
        let logged = self.bot.said().len();
        let alerted = self.alerts()?.len();
        let began = Instant::now();
        let mut told = Vec::new();
        let said = self.commit(fault, &mut told).await?;
        let normal = self.until_normal(began, &mut told).await?;
        self.neighbour.stop().await?;
        self.probes.stop().await?;
        sleep(LAST_ANSWERS).await;
        let saw = said.map(|said| match self.replies.to(said) {
            Some((_, reply)) => text_of(&self.bot.sandbox, reply),
            None => String::new(),
        });
        told.splice(..0, self.alerts()?.split_off(alerted));
        let all = self
            .neighbour
            .since(self.began, &self.bot.sandbox, &self.replies);
        let said = self.bot.said();
        let is_another = self.bot.bot() != self.process;
        let process = is_another.then(|| match normal {
            Normal::AfterRestart(_) => "was restarted".to_owned(),
            _ => end_in(&said[logged..]),
        });
        let folder = self.bot.folder().display().to_string();
        let has_ended = self.bot.end().await?.is_some();
        Ok(Observed {
            fault: fault.name,
            saw,
            told,
            logged: complaints(&said[logged..]),
            normal,
            neighbour: Neighbour::of(&all, began),
            process,
            has_ended,
            folder,
        })
    }

    /// What the owner has been told in the channel of alerts.
    fn alerts(&self) -> Outcome<Vec<String>> {
        let messages = self.bot.actor("owner")?.messages("bots");
        Ok(messages.iter().map(|message| message.text()).collect())
    }

    /// Brings the fault about; the member's message, if it was by one. What the owner is answered is added to `told`.
    async fn commit(&self, fault: &Fault, told: &mut Vec<String>) -> Outcome<Option<u64>> {
        match fault.act {
            Act::Nothing => Ok(None),
            Act::Command(how) => {
                let member = self.bot.actor("member")?;
                let said = member.says(CHANNEL, &format!("!fault {how}")).await?;
                Ok(Some(said.id))
            }
            Act::Reload(file) => {
                fs::write(self.bot.folder().join(file), "")?;
                told.push(self.owner_says(&format!("!reload {FAULTY}")).await?);
                // What comes of it later is not to hang as well.
                fs::remove_file(self.bot.folder().join(file))?;
                Ok(None)
            }
            Act::Lie => {
                let library = self.bot.library(FAULTY);
                let lying = faults::lying(fs::read(&library)?, FAULTY)?;
                let part = self.bot.folder().join("lying");
                fs::write(&part, lying)?;
                fs::rename(&part, &library)?;
                Ok(None)
            }
        }
    }

    /// Waits until the plugin answers as before, and helps it after a while.
    async fn until_normal(&self, began: Instant, told: &mut Vec<String>) -> Outcome<Normal> {
        if let Some(after) = self.until_well(began, BY_ITSELF).await {
            return Ok(Normal::ByItself(after));
        }
        let helped = Instant::now();
        told.push(self.owner_says(&format!("!unload {FAULTY} force")).await?);
        told.push(self.owner_says(&format!("!load {FAULTY}")).await?);
        if let Some(after) = self.until_well(helped, WITH_HELP).await {
            return Ok(Normal::WithHelp(after));
        }
        let restarted = Instant::now();
        self.bot.restart()?;
        Ok(match self.until_well(restarted, WITH_HELP * 2).await {
            Some(after) => Normal::AfterRestart(after),
            None => Normal::Never,
        })
    }

    /// Waits until the plugin is well, and has been for a while; how long after `began` that began.
    async fn until_well(&self, began: Instant, limit: Duration) -> Option<Duration> {
        loop {
            let since = self.well_since(began);
            let is_over = began.elapsed() > LOOK;
            if let Some((asked, answered)) = since.filter(|_| is_over)
                && asked.elapsed() > WELL
            {
                return Some(answered - began);
            }
            if began.elapsed() > limit {
                return None;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The first question behind which all were answered, and when it was.
    fn well_since(&self, began: Instant) -> Option<(Instant, Instant)> {
        let all = self.probes.since(began, &self.bot.sandbox, &self.replies);
        let mut first = None;
        for (Question { at, .. }, became) in all {
            match became {
                Became::Answered(after, _) => first = first.or(Some((at, at + after))),
                Became::Open => {}
                Became::Regretted | Became::Unanswered => first = None,
            }
        }
        first
    }

    /// What the owner is answered; empty without an answer.
    async fn owner_says(&self, text: &str) -> Outcome<String> {
        let owner = self.bot.actor("owner")?;
        let said = owner.says(CHANNEL, text).await?;
        let reply = timeout(WITH_HELP, owner.expects_reply_to(&said)).await;
        let reply = match reply {
            Ok(Ok(reply)) => reply.text(),
            _ => "no answer".into(),
        };
        Ok(format!("`{text}`: {reply}"))
    }
}

/// How the supervisor says that the bot has ended.
fn end_in(said: &str) -> String {
    let line = said
        .lines()
        .find(|line| line.contains("cogwright::supervisor: the bot"));
    let end = line.and_then(|line| line.split_once(": it ").map(|(_, end)| end));
    end.map_or_else(
        || "it ended, and the supervisor says nothing of it".to_owned(),
        |end| format!("it {end}").replace("it was ended", "was ended"),
    )
}

/// Warnings and errors of the log.
fn complaints(said: &str) -> Vec<String> {
    // What the plugin logs itself is not what the host tells of it.
    let lines = said.lines().filter(|line| !line.contains("once more"));
    let lines = lines.filter(|line| {
        let level = line.split_whitespace().nth(1);
        matches!(level, Some("WARN" | "ERROR"))
    });
    // Behind the time, the level and the module.
    let texts = lines.filter_map(|line| line.split_once(": ").map(|(_, text)| text.to_owned()));
    texts.collect()
}
