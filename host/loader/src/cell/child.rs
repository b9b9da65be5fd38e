//! Process of a cell: opens one library, runs it on a thread of its own, and ends with it.

use std::{
    ffi::CStr,
    io,
    path::Path,
    process::ExitCode,
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use super::{
    Begin, Opened, Refused,
    incoming::{Broken, Incoming},
    stand_in::StandIn,
    wire::{self, Record, Tag},
};
use crate::{
    LoadError,
    crumbs::{self, Place},
    isolation::{Limits, Sandbox},
    library,
    platform::{
        Owner, Tid,
        cells::{self, Link},
        interpose, process, sandbox,
    },
};

/// How often it is looked whether the plugin's thread is there: one that was ended by a bare system call reports nothing.
const LOOK: Duration = Duration::from_secs(1);

/// What the functions that end a process are told by.
static STAND_IN: OnceLock<Arc<StandIn>> = OnceLock::new();

/// The plugin's thread, once it runs.
static THREAD: OnceLock<Tid> = OnceLock::new();

/// What this process may take.
static LIMITS: OnceLock<Limits> = OnceLock::new();

/// Runs a cell: the whole of its process. Standard input is the socket to the bot.
#[must_use]
pub fn run() -> ExitCode {
    interpose::install();
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("a cell is started by the bot alone: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let (link, crumbs) = cells::enter()?;
    let link = Arc::new(link);
    if let Some(Err(error)) = crumbs.map(|memory| crumbs::begin_in_cell(&memory)) {
        eprintln!("should this cell crash, nobody will know where: {error}");
    }
    let mut incoming = Incoming::default();
    let begin = first(&link, &mut incoming)?;
    let stand_in = Arc::new(StandIn::new(Arc::clone(&link)));
    STAND_IN.get_or_init(|| Arc::clone(&stand_in));
    interpose::on_exit(ends_itself);
    LIMITS.get_or_init(|| begin.limits);
    let lacks = match close_in(&begin) {
        Ok(lacks) => lacks,
        Err(error) => refuse(&stand_in, error),
    };
    let running = Arc::clone(&stand_in);
    thread::Builder::new()
        .name(begin.thread.clone())
        .spawn(move || {
            let owner = Owner::next();
            owner.enter();
            let (plugin, generation) = (&begin.plugin, begin.generation);
            if let Some(place) = Place::take(owner, plugin, generation, &begin.file) {
                running.takes_place(place);
            }
            live(&begin.file, lacks, &running);
        })?;
    while !link.ends_within(LOOK)? {
        look_for_thread(&stand_in);
    }
    // The bot is gone.
    cells::leave(0)
}

/// Puts the limits in force, before any of the library's code runs; what the sandbox lacks, if there is to be one.
fn close_in(begin: &Begin) -> Result<Option<Vec<String>>, LoadError> {
    let limits = begin.limits;
    cells::give_way(limits.niceness);
    if let Some(bytes) = limits.memory_bytes {
        cells::limit_memory(bytes).map_err(|error| LoadError::Open {
            reason: format!("its memory can't be limited: {error}"),
        })?;
    }
    let lacks = match limits.sandbox {
        Sandbox::None => Vec::new(),
        Sandbox::Possible | Sandbox::Required => sandbox::enter(&begin.file),
    };
    limits.sandbox.accepts(lacks)
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the bot is of another build")
}

/// What the bot says first.
fn first(link: &Arc<Link>, incoming: &mut Incoming) -> io::Result<Begin> {
    loop {
        if incoming.fill(&mut &**link)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(received) = incoming.next().map_err(|Broken| unreadable())? else {
            continue;
        };
        let begin: Begin = serde_json::from_slice(received.head).map_err(|_| unreadable())?;
        return match begin.version {
            wire::VERSION => Ok(begin),
            _ => Err(unreadable()),
        };
    }
}

/// The plugin's thread: opens the library, runs it, and ends the process.
fn live(file: &Path, lacks: Option<Vec<String>>, stand_in: &Arc<StandIn>) {
    let (module, mapped) = match library::open_for_good(file) {
        Ok(both) => both,
        Err(error) => refuse(stand_in, error),
    };
    crumbs::note_libraries();
    let opened = Opened {
        base: mapped.base,
        low: mapped.low,
        high: mapped.high,
        lacks,
    };
    let opened = serde_json::to_vec(&opened).unwrap_or_default();
    stand_in.tell(Record::bare(Tag::Opened), &opened, b"");
    THREAD.get_or_init(process::current_thread);
    stand_in.is_at_nothing();
    // SAFETY: once, on the thread that has opened it; what both handles lead to lives as long as the process.
    let status = unsafe { module.run()(stand_in.host(), stand_in.mailbox()) };
    let ended = Record {
        kind: u16::try_from(status).unwrap_or(u16::MAX),
        ..Record::bare(Tag::Ended)
    };
    let memory = cells::memory_of(std::process::id()).unwrap_or_default();
    stand_in.tell(ended, b"", &memory.to_le_bytes());
    // Finalisers run. The bot waits for them as long as it does for those of a library that it closes itself.
    Owner::HOST.enter();
    std::process::exit(0)
}

fn refuse(stand_in: &StandIn, error: LoadError) -> ! {
    let refused = serde_json::to_vec(&Refused::from(error)).unwrap_or_default();
    stand_in.tell(Record::bare(Tag::Refused), &refused, b"");
    cells::leave(1)
}

/// The plugin has called a function that ends the process: it does end, when the bot knows why.
fn ends_itself(_: Owner, function: &'static CStr) {
    let thread = match THREAD.get() {
        Some(thread) if *thread == process::current_thread() => "its thread",
        _ => "one of its threads",
    };
    let function = function.to_string_lossy();
    let is_abort = function == "abort";
    // What can't be allocated ends in it.
    let most = LIMITS
        .get()
        .and_then(|limits| limits.memory_bytes)
        .filter(|_| is_abort);
    let memory = most.map_or_else(String::new, |most| {
        let most = most >> 20;
        format!(
            ", as code does that gets no memory: it may have {most} MB (`[isolation] memory_mb`)"
        )
    });
    say_why(&format!("{thread} called `{function}`{memory}"));
    match is_abort {
        true => cells::abort(),
        false => cells::leave(1),
    }
}

fn look_for_thread(stand_in: &StandIn) {
    if let Some(thread) = THREAD.get()
        && process::has_thread(*thread) == Some(false)
    {
        let why = "its thread was ended from within, past all that could be caught";
        stand_in.tell(Record::bare(Tag::Ended), why.as_bytes(), b"");
        cells::leave(1)
    }
}

fn say_why(why: &str) {
    if let Some(stand_in) = STAND_IN.get() {
        stand_in.tell(Record::bare(Tag::Ended), why.as_bytes(), b"");
    }
}
