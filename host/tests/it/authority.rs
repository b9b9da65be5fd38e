//! Tests of authority: each call of the list, and everybody who is refused it. A new call is tried without a line here.

use std::{collections::BTreeMap, path::PathBuf, sync::OnceLock};

use host_capability::{Rule, Who};
use plugin_api::Power;
use twilight_model::guild::Permissions;

use crate::{fixtures, support::Fixture};

const SOURCE: &str = r#"//! Makes any host call, in each way that there is. What it declares goes by its name.
use std::cell::RefCell;

use plugin_api::{Json, Power, prelude::*};

struct Wards {
    alone: Host,
    /// The host of a command that is over.
    stale: RefCell<Option<Host>>,
    /// Ends the commands that are held open.
    release: tokio::sync::Notify,
}

export_plugin!(|| {
    let name = env!("CARGO_PKG_NAME");
    let powers = if name == "plain" { Vec::new() } else { Power::ALL.to_vec() };
    let command = |what: &str| {
        Command::new(format!("{name}_{what}"), "Makes host calls")
            .option(CommandOption::string("calls", "Names of calls").rest().required())
    };
    Plugin::with_state(|host| async move {
        Ok(Wards { alone: host, stale: RefCell::default(), release: Default::default() })
    })
    .powers(powers)
    .command(command("may").run(|ctx: CommandContext<Wards>| async move {
        let host = ctx.host().clone();
        each(&ctx, &host, true).await
    }))
    .command(command("try").run(|ctx: CommandContext<Wards>| async move {
        let host = ctx.host().clone();
        each(&ctx, &host, false).await
    }))
    .command(command("alone").run(|ctx: CommandContext<Wards>| async move {
        let host = ctx.state().alone.clone();
        each(&ctx, &host, false).await
    }))
    .command(command("keep").run(|ctx: CommandContext<Wards>| async move {
        ctx.state().stale.replace(Some(ctx.host().clone()));
        ctx.reply("kept").await
    }))
    .command(command("stale").run(|ctx: CommandContext<Wards>| async move {
        let host = ctx.state().stale.borrow().clone().ok_or(Error::new("nothing is kept"))?;
        // What was answered may be seen before its handler has ended.
        while host.acting().await?.user_id.is_some() {
            tokio::task::yield_now().await;
        }
        each(&ctx, &host, false).await
    }))
    .command(command("hold").run(|ctx: CommandContext<Wards>| async move {
        ctx.reply(frame(&mut ctx.host().clone()).to_string()).await?;
        ctx.state().release.notified().await;
        let acting = ctx.host().acting().await?.user_id;
        ctx.send(format!("held for {}", acting.unwrap_or_default())).await?;
        Ok(())
    }))
    .command(command("release").run(|ctx: CommandContext<Wards>| async move {
        ctx.state().release.notify_waiters();
        ctx.reply("released").await
    }))
    .command(
        Command::new(format!("{name}_forge"), "Makes host calls for another frame")
            .option(CommandOption::integer("frame", "Of somebody else's").required())
            .option(CommandOption::string("calls", "Names of calls").rest().required())
            .run(forge),
    )
    .command(command("lend").run(|ctx: CommandContext<Wards>| async move {
        let calls: String = ctx.option("calls")?;
        let said: String = ctx.host().plugin("warden").call("borrowed", 1, &calls).await?;
        ctx.reply(said).await
    }))
    .function("borrowed", 1, |ctx: FunctionContext<String, Wards>| async move {
        answers(&ctx.host().clone(), ctx.argument(), (None, None), false).await
    })
});

/// The id of the frame that a command's host works for, where it stands in memory.
fn frame(host: &mut Host) -> &mut u64 {
    let words = std::ptr::from_mut(host).cast::<[u64; 3]>();
    // SAFETY: none is promised. A hostile plugin looks at its own memory, too: a reference count's address, whether there is a frame,
    // and which.
    let words: &mut [u64; 3] = unsafe { &mut *words };
    assert_eq!(size_of::<Host>(), size_of_val(words));
    words.iter_mut().find(|word| (2..1 << 32).contains(*word)).expect("a command's host has a frame")
}

/// Makes calls as if for another frame than the command's own.
async fn forge(ctx: CommandContext<Wards>) -> Result {
    let mut host = ctx.host().clone();
    *frame(&mut host) = ctx.option::<i64>("frame")?.cast_unsigned();
    let acting = host.acting().await?;
    if acting.user_id.is_some() || acting.owner || acting.guild_owner || acting.administrator {
        return Err(Error::new(format!("a forged id acts: {acting:?}")));
    }
    each(&ctx, &host, false).await
}

/// What each call comes to: a line each, with the beginning of what the plugin is told.
async fn each(ctx: &CommandContext<Wards>, host: &Host, asks: bool) -> Result {
    let calls: String = ctx.option("calls")?;
    let about = (ctx.guild_id().map(|id| id.to_string()), Some("1".to_owned()));
    let said = answers(host, &calls, about, asks).await?;
    ctx.reply(said).await
}

async fn answers(host: &Host, calls: &str, about: (Option<String>, Option<String>), asks: bool) -> Result<String> {
    let mut said = String::new();
    for call in calls.split_whitespace() {
        let params = Json::from_iter([("guild_id", Json::from(about.0.clone())), ("user_id", Json::from(about.1.clone()))]);
        let text = if asks {
            host.may(call, params).await?.missing.unwrap_or("-".to_owned())
        } else {
            match host.call(call, params, Vec::new()).await {
                Ok(_) => "done".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        let text: String = text.chars().take(230).collect();
        said.push_str(&format!("{call}: {text}\n"));
    }
    Ok(said)
}
"#;

/// The powers that `warden` is granted, and a role that may act as an owner.
fn config(powers: &[Power]) -> String {
    let powers: Vec<_> = powers.iter().map(|power| format!("\"{power}\"")).collect();
    let powers = powers.join(", ");
    format!("[grants.warden]\npowers = [{powers}]\n[grants.plain]\npowers = [{powers}]\n")
}

fn library(name: &str, version: &str) -> PathBuf {
    fixtures::plugin(name, "authority", version, "", SOURCE)
}

fn libraries() -> &'static [(&'static str, PathBuf)] {
    static LIBRARIES: OnceLock<Vec<(&str, PathBuf)>> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        vec![
            ("warden", library("warden", "0.15.1")),
            ("plain", library("plain", "0.15.2")),
            ("poor", library("poor", "0.15.3")),
        ]
    })
}

async fn bot(powers: &[Power]) -> Fixture {
    let bot = Fixture::configured(&[], &config(powers)).await;
    for (name, library) in libraries() {
        bot.drop_in(library, name);
        bot.until_generation(name, 1).await;
    }
    bot.until_content_is_seen().await;
    bot
}

/// The calls that need a power, each with its rule.
fn ruled() -> BTreeMap<&'static str, Rule> {
    let calls = host::services::calls();
    let ruled: BTreeMap<_, _> = calls
        .filter(|call| call.rule != Rule::Free)
        .map(|call| (call.name, call.rule))
        .collect();
    assert!(ruled.len() > 2, "{ruled:?}");
    ruled
}

fn who(rule: Rule) -> Who {
    rule.needs().unwrap().1
}

/// What the calls come to for somebody in a channel, by the call's name.
async fn said(
    who: &sandbox::Actor,
    place: &str,
    command: &str,
    calls: &[&str],
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    // As many as one message has room for.
    for calls in calls.chunks(7) {
        let text = format!("!{command} {}", calls.join(" "));
        let sent = who.says(place, &text).await.unwrap();
        let answer = who.expects_reply_to(&sent).await.unwrap().text();
        for call in calls {
            let line = answer
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{call}: ")));
            let line = line.unwrap_or_else(|| panic!("{text}: {answer}"));
            all.insert((*call).to_owned(), line.to_owned());
        }
    }
    all
}

/// That each of these calls is refused for this reason, and really made.
async fn refused(who: &sandbox::Actor, place: &str, command: &str, calls: &[&str], why: &str) {
    for (call, text) in said(who, place, command, calls).await {
        assert!(
            text.contains(why),
            "{command}: {call}: {text}, and not {why}"
        );
    }
}

/// Two servers beside the first: `Harbour` of `mayor`, with an administrator, a moderator and a member; `Island` of `baron`, who is
/// a member of Harbour.
async fn harbour(bot: Fixture) -> Fixture {
    bot.restart_after(async |stopped| {
        stopped.sandbox.change_world(|world| {
            let owner = world.user_named("owner").unwrap();
            let (mayor, baron) = (world.add_user("mayor"), world.add_user("baron"));
            let harbour = world.add_guild("Harbour", mayor);
            for member in [owner, baron] {
                world.add_member(harbour, member, &[]);
            }
            for (role, name, permissions) in [
                ("Sailor", "sailor", Permissions::empty()),
                (
                    "Guard",
                    "guard",
                    Permissions::BAN_MEMBERS | Permissions::MANAGE_GUILD,
                ),
                ("Chief", "chief", Permissions::ADMINISTRATOR),
            ] {
                let role = world.add_role(harbour, role, permissions);
                let user = world.add_user(name);
                world.add_member(harbour, user, &[role]);
            }
            world.add_channel(harbour, "docks");
            let island = world.add_guild("Island", baron);
            world.add_channel(island, "beach");
        });
    })
    .await
}

/// Everybody who acts, and which calls they may make.
const ACTORS: &[(&str, &[Who])] = &[
    ("sailor", &[Who::Anybody]),
    ("guard", &[Who::Anybody, Who::Manager]),
    ("baron", &[Who::Anybody]),
    ("chief", &[Who::Anybody, Who::Manager, Who::Administrator]),
    (
        "mayor",
        &[
            Who::Anybody,
            Who::Manager,
            Who::Administrator,
            Who::GuildOwner,
        ],
    ),
    (
        "owner",
        &[
            Who::Anybody,
            Who::Oneself,
            Who::Manager,
            Who::Administrator,
            Who::GuildOwner,
            Who::Owner,
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_call_that_reaches_beyond_the_plugins_own_is_refused_to_whom_it_should_be() {
    let bot = harbour(bot(Power::ALL).await).await;
    bot.until_content_is_seen().await;
    let ruled = ruled();
    let all: Vec<&str> = ruled.keys().copied().collect();
    for (name, allowed) in ACTORS {
        let actor = bot.sandbox.actor(name).unwrap();
        let verdicts = said(&actor, "docks", "warden_may", &all).await;
        let (mut may, mut may_not) = (0, Vec::new());
        for (call, rule) in &ruled {
            let expected = allowed.contains(&who(*rule));
            let missing = &verdicts[*call];
            assert_eq!(
                missing == "-",
                expected,
                "{name}: {call}: {rule:?}: {missing}"
            );
            match expected {
                true => may += 1,
                false => may_not.push(*call),
            }
        }
        println!("{name}: {may} of {} calls", all.len());
        // And so it is when they are made.
        refused(
            &actor,
            "docks",
            "warden_try",
            &may_not,
            "may not do that: it is for",
        )
        .await;
    }
    let owner = bot.owner();
    // The owner himself, through a plugin that may not.
    refused(&owner, "docks", "plain_try", &all, "does not declare").await;
    refused(&owner, "docks", "poor_try", &all, "is not granted").await;
    // A plugin without the grant borrows no powers by calling one that has them.
    refused(&owner, "docks", "poor_lend", &all, "is not granted").await;
    let by_somebody: Vec<&str> = all
        .iter()
        .copied()
        .filter(|call| who(ruled[call]) != Who::Anybody)
        .collect();
    refused(
        &owner,
        "docks",
        "warden_alone",
        &by_somebody,
        "needs somebody who acts",
    )
    .await;
    let kept = said_once(&owner, "docks", "!warden_keep x").await;
    assert_eq!(kept, "kept");
    refused(
        &owner,
        "docks",
        "warden_stale",
        &by_somebody,
        "an invocation that is over",
    )
    .await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_another_plugins_invocation_opens_no_call() {
    let bot = harbour(bot(Power::ALL).await).await;
    bot.until_content_is_seen().await;
    let ruled = ruled();
    let by_somebody: Vec<&str> = ruled
        .iter()
        .filter(|(_, rule)| who(**rule) != Who::Anybody)
        .map(|(call, _)| *call)
        .collect();
    let (owner, sailor) = (bot.owner(), bot.sandbox.actor("sailor").unwrap());
    // The owner's, open in a plugin that declares no power and in one that has no grant.
    for holder in ["plain", "poor"] {
        let held = said_once(&owner, "docks", &format!("!{holder}_hold x")).await;
        let held: u64 = held.parse().unwrap();
        for id in [held, held + 1, 2, u64::from(u32::MAX)] {
            let forge = format!("warden_forge {id}");
            for who in [&sailor, &owner] {
                let why = "an invocation that is over, or that is none of this plugin's";
                refused(who, "docks", &forge, &by_somebody, why).await;
            }
        }
        // It was open all the time, and is still the owner's.
        let release = format!("!{holder}_release x");
        assert_eq!(said_once(&owner, "docks", &release).await, "released");
        let held_for = format!("held for {}", owner.id());
        owner.expects("docks", &held_for).await.unwrap();
    }
    bot.close().await;
}

async fn said_once(who: &sandbox::Actor, place: &str, text: &str) -> String {
    let sent = who.says(place, text).await.unwrap();
    who.expects_reply_to(&sent).await.unwrap().text()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_the_operator_named_may_what_an_owner_may_through_that_plugin_alone() {
    let bot = harbour(bot(Power::ALL).await).await;
    let mut ids = Vec::new();
    let bot = bot
        .restart_after(async |stopped| {
            stopped.sandbox.change_world(|world| {
                let harbour = world.guild_named("Harbour").unwrap();
                let role = world.add_role(harbour, "Deck", Permissions::empty());
                let deputy = world.add_user("deputy");
                world.add_member(harbour, deputy, &[role]);
                ids = vec![role, harbour];
            });
        })
        .await;
    // Also the role that everybody has, whose id is the server's: by that one nobody may anything.
    let roles = format!("[grants.warden]\nroles = [\"{}\", \"{}\"]", ids[0], ids[1]);
    let config = config(Power::ALL).replace("[grants.warden]", &roles);
    let bot = bot.reconfigured(&config).await;
    bot.until_content_is_seen().await;
    let actor = |name| bot.sandbox.actor(name).unwrap();
    let ruled = ruled();
    let of_owners: Vec<&str> = ruled
        .iter()
        .filter(|(_, rule)| who(**rule) == Who::Owner)
        .map(|(call, _)| *call)
        .collect();
    assert!(of_owners.len() > 5, "{of_owners:?}");
    for (call, missing) in said(&actor("deputy"), "docks", "warden_may", &of_owners).await {
        assert_eq!(missing, "-", "{call}");
    }
    refused(
        &actor("sailor"),
        "docks",
        "warden_try",
        &of_owners,
        "may not do that",
    )
    .await;
    // In a direct message nobody has a role.
    let private = said(&actor("deputy"), "dm", "warden_may", &of_owners[..1]).await;
    assert_ne!(private[of_owners[0]], "-");
    // What the deputy changes is made, and entered in the journal as theirs.
    let done = said(
        &actor("deputy"),
        "docks",
        "warden_try",
        &["bot.clear_caches"],
    )
    .await;
    assert_eq!(done["bot.clear_caches"], "done");
    let deputy = bot
        .sandbox
        .change_world(|world| world.user_named("deputy").unwrap());
    let journal = std::fs::read_dir(bot.data().join("audit")).unwrap();
    let journal: String = journal
        .map(|it| std::fs::read_to_string(it.unwrap().path()).unwrap())
        .collect();
    let (user, call) = (
        format!("\"user\":{deputy},"),
        "\"call\":\"bot.clear_caches\"",
    );
    let made = journal.lines().find(|line| {
        line.contains(&user) && line.contains(call) && line.contains("\"result\":\"done\"")
    });
    assert!(made.is_some(), "{journal}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_says_which_powers_a_plugin_wants() {
    let bot = bot(&[Power::LogRead]).await;
    let owner = bot.owner();
    let unloaded = said_once(&owner, "general", "!cogwright unload warden").await;
    assert!(unloaded.contains("Unloaded"), "{unloaded}");
    let loaded = said_once(&owner, "general", "!cogwright load warden").await;
    assert!(loaded.contains("has the powers `log.read`"), "{loaded}");
    assert!(loaded.contains("wants without a grant"), "{loaded}");
    // Nothing is new to what was there already.
    let reloaded = said_once(&owner, "general", "!cogwright reload warden").await;
    assert!(reloaded.contains("Reloaded"), "{reloaded}");
    assert!(!reloaded.contains("grant"), "{reloaded}");
    bot.close().await;
}
