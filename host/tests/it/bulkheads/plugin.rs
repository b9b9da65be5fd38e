//! A plugin whose thread gets stuck on request, wherever its code is called, until the file that its setting `place` names is there.

use std::{cell::{Cell, RefCell}, path::PathBuf, rc::Rc, sync::Mutex, time::Duration};

use plugin_api::{hook::CommandExecuted, prelude::*};
use serde::Deserialize;

export_plugin!(|| {
    let how = CommandOption::string("how", "How to get stuck").required();
    Plugin::with_state(start)
        .description("Gets stuck on request")
        .command(
            Command::new("stick", "Gets stuck")
                .option(how)
                .autocomplete("how", proposals)
                .run(stick),
        )
        .command(
            Command::new("dawdle", "Never comes to an end")
                .deadline(Duration::from_millis(50))
                .run(|ctx: CommandContext<Mire>| async move {
                    let _left = Left(Rc::clone(ctx.state()));
                    std::future::pending().await
                }),
        )
        .command(
            Command::new("drift", "Never comes to an end, and says nothing of it")
                .run(|_: CommandContext<Mire>| std::future::pending::<Result>()),
        )
        .command(
            Command::new("wonder", "Asks, and then takes its time")
                .deadline(Duration::from_millis(300))
                .run(wonder),
        )
        .listen(
            Listener::new().deadline(Duration::from_millis(50)),
            |ctx: EventContext<MessageCreate, Mire>| async move {
                if ctx.event()?.content == "dawdle" {
                    let _left = Left(ctx.state().clone());
                    return std::future::pending().await;
                }
                Ok(())
            },
        )
        .command(Command::new("hoard", "Keeps 100 MB").run(|ctx: CommandContext<Mire>| async move {
            ctx.state().hoard.borrow_mut().push(vec![1; 100_000_000]);
            ctx.reply("kept").await
        }))
        .command(Command::new("pester", "Makes many host calls").run(pester))
        .command(Command::new("left", "Tells what was dropped").run(|ctx: CommandContext<Mire>| async move {
            let left = ctx.state().left.get();
            ctx.reply(format!("left {left}")).await
        }))
        .command(Command::new("tally", "Counts").run(tally))
        .command(Command::new("offer", "Has a button").run(offer))
        .component("stick", |ctx: ComponentContext<Mire>| async move {
            ctx.state().sleeps();
            Ok(())
        })
        .on_hook("executed", |ctx: HookContext<CommandExecuted, Mire>| async move {
            if ctx.state().in_hook.take() {
                ctx.state().sleeps();
            }
            Ok(())
        })
        .on(|ctx: EventContext<MessageCreate, Mire>| async move {
            let heard = &ctx.state().heard;
            match &*ctx.event()?.content {
                "stick" => ctx.state().sleeps(),
                "flood" => heard.set(heard.get() + 1),
                "how many" => ctx.reply(format!("heard {}", heard.get())).await?,
                _ => {}
            }
            Ok(())
        })
        .on_save(|mire| State::new(1, &mire.count.get()))
        .on_restore(|mire, state| {
            mire.count.set(state.read()?);
            Ok(())
        })
});

#[derive(Default, Deserialize)]
#[serde(default)]
struct Mire {
    place: PathBuf,
    #[serde(skip)]
    in_hook: Cell<bool>,
    #[serde(skip)]
    left: Cell<u64>,
    #[serde(skip)]
    hoard: RefCell<Vec<Vec<u8>>>,
    #[serde(skip)]
    count: Cell<u64>,
    /// Messages of a flood.
    #[serde(skip)]
    heard: Cell<u64>,
}

/// Counts its end: a handler's locals are dropped when it is stopped.
struct Left(Rc<Mire>);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.left.set(self.0.left.get() + 1);
    }
}

/// Says how far it came, as soon as it may.
async fn pester(ctx: CommandContext<Mire>) -> Result {
    let (mut done, mut refused) = (0, String::new());
    for _ in 0..150 {
        match ctx.host().choose_events(Vec::<&str>::new()).await {
            Ok(()) => done += 1,
            Err(error) => refused = error.to_string(),
        }
    }
    while ctx.reply(format!("done {}: {refused}", done < 150)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// The member may take as long as they like.
async fn wonder(ctx: CommandContext<Mire>) -> Result {
    if ctx.confirm("Go on?").await? {
        return ctx.reply("went on").await;
    }
    std::future::pending().await
}

unsafe extern "C" {
    fn usleep(microseconds: u32) -> i32;
}

impl Mire {
    fn is_free(&self) -> bool {
        self.place.exists()
    }

    /// Waits as some code does that was not written for a runtime.
    fn sleeps(&self) {
        while !self.is_free() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn spins(&self) {
        while !self.is_free() {
            for turn in 0..10_000 {
                std::hint::black_box(turn);
            }
        }
    }

    /// The same in C.
    fn sleeps_in_c(&self) {
        while !self.is_free() {
            unsafe { usleep(20_000) };
        }
    }
}

async fn start(host: Host) -> Result<Mire> {
    host.settings()
}

/// Takes a lock that it has. Nobody gets it out of there.
fn deadlocks() {
    let lock = Mutex::new(());
    let _outer = lock.lock();
    let _inner = lock.lock();
}

async fn stick(ctx: CommandContext<Mire>) -> Result {
    let how: String = ctx.option("how")?;
    let mire = Rc::clone(ctx.state());
    match &*how {
        "spin" => mire.spins(),
        "sleep" => mire.sleeps(),
        "c" => mire.sleeps_in_c(),
        "lock" => deadlocks(),
        "hook" => mire.in_hook.set(true),
        "background" => {
            ctx.host().spawn(async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                mire.sleeps();
                Ok(())
            });
        }
        "said" => {
            ctx.reply("stuck").await?;
            mire.sleeps();
            return Ok(());
        }
        "later" => {
            ctx.defer().await?;
            mire.sleeps();
        }
        _ => {}
    }
    ctx.reply("free").await
}

async fn proposals(ctx: AutocompleteContext<Mire>) -> Result<Vec<&'static str>> {
    if ctx.typed() == "stick" {
        ctx.state().sleeps();
    }
    Ok(vec!["sleep"])
}

async fn tally(ctx: CommandContext<Mire>) -> Result {
    let count = &ctx.state().count;
    count.set(count.get() + 1);
    ctx.reply(format!("tally {}", count.get())).await
}

async fn offer(ctx: CommandContext<Mire>) -> Result {
    let stick = button("Stick", ctx.custom_id("stick", "")?);
    ctx.reply(NewMessage::from("press").row([stick])).await
}
