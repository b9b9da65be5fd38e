//! Pump of a cell: the generation's own thread in the bot. It exchanges with the mailbox on the plugin's behalf, no sooner and no more
//! than the plugin has asked for, and gives what the plugin sends to the bridge.
//!
//! So the queues, their bounds, what is held back while state is handed over, who counts as busy and since when are the same as for a
//! plugin in this process: it is the same mailbox, and the exchanges are the plugin's own.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::Arc,
    thread,
    time::Duration,
};

use host_base::shown;
use plugin_api::abi::{Message, Record as _, run_status};
use tokio::sync::oneshot;

use super::{
    Begin, Cell, Opened, Refused, SUBCOMMAND,
    incoming::{Broken, Incoming, Received},
    wire::{self, Record, Tag},
};
use crate::{
    LoadError,
    bridge::Bridge,
    crumbs::{self, CellCrumbs, Whose},
    isolation::Limits,
    library::PluginThread,
    mailbox::{FrameSource as _, Mailbox},
    platform::{
        Owner,
        cells::{self, Link},
        cgroups::{Cgroup, Share},
        child,
    },
    symbols::Symbols,
};

/// How long a cell may take to end when `run` has returned: destructors and finalisers run then.
const END_GRACE: Duration = Duration::from_millis(1500);

/// Characters of a cell's own words in why it has ended.
const LONGEST_WHY: usize = 500;

/// A buffer of more than this is given back after it was written.
const KEPT: usize = 1 << 20;

/// Starts a cell that opens `path` and runs it, and the thread that stands for it here.
///
/// # Errors
///
/// There can't be another process or thread.
pub(crate) fn start(
    generation: u64,
    path: PathBuf,
    (executable, limits): (&Path, Limits),
    bridge: Arc<Bridge>,
    mailbox: Arc<Mailbox>,
) -> Result<(PluginThread, Arc<Cell>), LoadError> {
    let plugin = bridge.plugin().clone();
    // The kernel keeps 15 bytes of a thread's name.
    let short: String = plugin.chars().take(10).collect();
    let name = format!("{short}#{generation}");
    let arguments = [SUBCOMMAND.into(), OsString::from(&name)];
    let executable = executable.to_owned();
    let (opened_send, opened) = oneshot::channel();
    let (ending_send, ending) = oneshot::channel();
    let (started_send, started) = std::sync::mpsc::channel();
    let failed = |source| LoadError::Thread { source };
    let thread = thread::Builder::new()
        .name(name.clone())
        .spawn(move || {
            // On this thread: the cell ends with the one that has started it.
            let crumbs = CellCrumbs::new().inspect_err(|error| {
                tracing::warn!("should a cell crash, nobody will know where: {error}");
            });
            let crumbs = crumbs.ok().map(Arc::new);
            let memory = crumbs.as_deref().map(CellCrumbs::memory);
            let (link, process) = match cells::start(&executable, &arguments, memory) {
                Ok(both) => both,
                Err(error) => return drop(started_send.send(Err(error))),
            };
            let group = share(limits).map(|share| Cgroup::with(process.pid(), share));
            let unlimited = group
                .as_ref()
                .and_then(|group| group.as_ref().err().cloned());
            bridge.lives_in_cell(crumbs.clone());
            let cell = Arc::new(Cell::new(process, limits, crumbs, unlimited));
            if started_send.send(Ok(Arc::clone(&cell))).is_err() {
                return cell.kill("nobody waits for it");
            }
            let begin = Begin {
                version: wire::VERSION,
                file: path,
                thread: name,
                plugin: bridge.plugin().to_string(),
                generation,
                limits,
            };
            let mut pump = Pump {
                link,
                bridge: &bridge,
                mailbox: &mailbox,
                cell: &cell,
                opened: Some(opened_send),
                file: begin.file.clone(),
                executable: &executable,
                batches: 0,
                wanted: None,
                out: Vec::new(),
                written: 0,
                is_open: false,
            };
            let end = pump.run(&begin);
            pump.end(end);
            drop(group);
            bridge.close();
            let _ = ending_send.send(None);
        })
        .map_err(failed)?;
    let cell = match started.recv() {
        Ok(Ok(cell)) => cell,
        Ok(Err(source)) => return Err(failed(source)),
        Err(_) => return Err(failed(io::Error::other("it ended at once"))),
    };
    let thread = PluginThread {
        opened,
        ending,
        thread,
    };
    Ok((thread, cell))
}

/// The share of the processor that a cell is to have, if it is not all there is.
fn share(limits: Limits) -> Option<Share> {
    Some(Share {
        percent: limits.processor_percent?,
        memory_bytes: limits.memory_bytes,
    })
}

struct Pump<'a> {
    link: Link,
    bridge: &'a Arc<Bridge>,
    mailbox: &'a Mailbox,
    cell: &'a Cell,
    opened: Option<oneshot::Sender<Result<Owner, LoadError>>>,
    file: PathBuf,
    /// What the cell runs.
    executable: &'a Path,
    /// How many batches of frames were sent.
    batches: u64,
    /// What the plugin waits for: the most frames, and of them the most work.
    wanted: Option<(usize, usize)>,
    /// What the socket has no room for yet. There is no second batch in it: nobody asks for one before the first has come.
    out: Vec<u8>,
    /// How much of that was written.
    written: usize,
    is_open: bool,
}

/// Why the pump has stopped.
enum End {
    /// `run` has returned this.
    Returned(u32),
    /// The cell says why it ends.
    Says(String),
    /// The socket has ended.
    Gone,
    /// What came was no record.
    Broken,
    /// The library was not opened, and who waited for it was told.
    Refused,
}

impl Pump<'_> {
    fn run(&mut self, begin: &Begin) -> End {
        let begin = serde_json::to_vec(begin).unwrap_or_default();
        Record::bare(Tag::Begin).put(&mut self.out, &begin, b"");
        let mut incoming = Incoming::default();
        loop {
            self.write();
            let writes = !self.out.is_empty();
            let Ok(ready) = self.link.wait(self.mailbox.signal(), writes) else {
                return End::Gone;
            };
            if ready.raised {
                self.give_frames(&[]);
            }
            if !ready.came {
                continue;
            }
            match incoming.fill(&mut &self.link) {
                Ok(0) => return End::Gone,
                Ok(_) => {}
                Err(error) if is_later(&error) => continue,
                Err(_) => return End::Gone,
            }
            loop {
                match incoming.next() {
                    Ok(Some(received)) => {
                        if let Some(end) = self.take(&received) {
                            return end;
                        }
                    }
                    Ok(None) => break,
                    Err(Broken) => return End::Broken,
                }
            }
        }
    }

    /// Does what a record asks for; how the pump ends, if it does.
    fn take(&mut self, received: &Received<'_>) -> Option<End> {
        let Received {
            record, head, body, ..
        } = received;
        match record.tag {
            Tag::Message => {
                let message = Message {
                    kind: record.kind,
                    status: record.status,
                    id: record.id,
                    ..Message::EMPTY
                };
                // One that is not taken is one too many, of which the cell knows by itself.
                self.bridge.take(&message, head, body);
                None
            }
            Tag::Exchange => {
                let tokens: Vec<u64> = body
                    .as_chunks()
                    .0
                    .iter()
                    .map(|token| u64::from_le_bytes(*token))
                    .collect();
                // What it asked for before it had the last batch is no longer true: it asks again.
                if record.flag && record.id == self.batches {
                    if !self.out.is_empty() {
                        // It can't have had what was not written yet.
                        return Some(End::Broken);
                    }
                    self.wanted = Some(record.wanted());
                    if !self.give_frames(&tokens) && record.kind != 0 {
                        Record::bare(Tag::Empty).put(&mut self.out, b"", b"");
                    }
                } else if !tokens.is_empty() {
                    self.mailbox.exchange(&tokens, 0, |_, _| {}, 0);
                }
                None
            }
            Tag::Opened => match serde_json::from_slice(head) {
                Ok(opened) => self.is_opened(opened),
                Err(_) => Some(End::Broken),
            },
            Tag::Refused => match serde_json::from_slice::<Refused>(head) {
                Ok(refused) => {
                    if let Some(opened) = self.opened.take() {
                        let _ = opened.send(Err(refused.into()));
                    }
                    Some(End::Refused)
                }
                Err(_) => Some(End::Broken),
            },
            Tag::Ended => {
                if let Some(memory) = body.first_chunk() {
                    let memory = u64::from_le_bytes(*memory);
                    self.cell.gives_back(memory);
                }
                Some(match head.is_empty() {
                    true => End::Returned(record.kind.into()),
                    false => End::Says(String::from_utf8_lossy(head).into_owned()),
                })
            }
            Tag::Begin | Tag::Frame | Tag::Empty => Some(End::Broken),
        }
    }

    fn is_opened(&mut self, opened: Opened) -> Option<End> {
        let waiting = self.opened.take()?;
        if let Some(lacks) = opened.lacks {
            if !lacks.is_empty() {
                let (plugin, lacks) = (self.bridge.plugin().as_str(), lacks.join("; "));
                tracing::warn!(
                    plugin,
                    "its sandbox lacks what the kernel does not have: {lacks}"
                );
            }
            self.cell.is_closed_in(lacks);
        }
        let symbols = Symbols {
            file: self.file.clone(),
            base: opened.base,
            low: opened.low,
            high: opened.high,
        };
        self.bridge.opened_in_cell(symbols, self.cell.pid());
        self.is_open = true;
        // It took too long: nobody wants it any more.
        waiting.send(Ok(Owner::next())).err().map(|_| End::Refused)
    }

    /// Gives the plugin what it waits for; whether there was any. It is on its way when [`write`](Self::write) is called next.
    fn give_frames(&mut self, released: &[u64]) -> bool {
        let Some((cap, work)) = self.wanted else {
            return false;
        };
        let (out, mut last) = (&mut self.out, 0);
        let put = |_, frame| {
            last = out.len();
            // SAFETY: the mailbox has just handed it out, and nobody else gives its token back.
            unsafe { wire::put_frame(out, &frame) };
        };
        let taken = self.mailbox.exchange(released, work, put, cap);
        if taken == 0 {
            return false;
        }
        wire::end_batch(&mut self.out, last);
        self.batches += 1;
        self.wanted = None;
        true
    }

    /// Writes what there is room for. The rest waits, and what the cell sends is read meanwhile: it may be that which it waits with. To one
    /// that is gone nothing is written; its end is read, behind what it has said last.
    fn write(&mut self) {
        while let Some(rest) = self.out.get(self.written..).filter(|it| !it.is_empty()) {
            match (&self.link).write(rest) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_later(&error) => return,
                Err(_) => break,
            }
        }
        self.out.clear();
        self.written = 0;
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
    }

    /// Waits for the end of the process, and notes why it came.
    fn end(&mut self, end: End) {
        let pid = self.cell.pid();
        let grace = match end {
            // One that says why it ends is about to.
            End::Returned(_) | End::Gone | End::Says(_) => END_GRACE,
            End::Broken | End::Refused => Duration::ZERO,
        };
        if self.is_open {
            self.bridge.run_ended_in_cell(pid);
        }
        let status = self.cell.wait(grace);
        let at_work = self.at_work();
        let is_fault = matches!(end, End::Gone);
        let why = match end {
            End::Refused => return,
            End::Returned(status) => {
                if status == run_status::BROKEN {
                    tracing::error!(pid, "the plugin's runtime could not run; its log says why");
                }
                return;
            }
            End::Says(why) => {
                let why: String = shown::line(&why).chars().take(LONGEST_WHY).collect();
                format!("{why}; its cell (process {pid}) ended by that")
            }
            End::Broken => {
                format!("its cell (process {pid}) sent what is no message, and was killed")
            }
            End::Gone => self.why_gone(status),
        };
        let why = match at_work.is_empty() {
            true => why,
            false => format!("{why}, while {} was at work", at_work.join(", ")),
        };
        if let Some(opened) = self.opened.take() {
            let reason = format!("{why}, when it opened the file");
            let _ = opened.send(Err(LoadError::Open { reason }));
        }
        let why = match self.report(is_fault) {
            Some(report) => format!("{why}; report: {}", report.display()),
            None => why,
        };
        self.bridge.vitals().over(|| why);
    }

    /// What it was at, in words.
    fn at_work(&self) -> Vec<String> {
        let Some((frame, _)) = self.cell.polled() else {
            return self.mailbox.in_hand();
        };
        let known = crumbs::without_frame(frame).map(str::to_owned);
        match known.or_else(|| self.mailbox.handler_of(frame)) {
            Some(doing) => vec![doing],
            None => self.mailbox.in_hand(),
        }
    }

    /// Where the report of its crash lies, if it has crashed. One that has said that it ends, as by `abort`, counts against nobody: in the
    /// bot's own process that is the plugin's end alone.
    fn report(&self, is_fault: bool) -> Option<PathBuf> {
        let polled = self.cell.polled();
        let whose = Whose {
            plugin: self.bridge.plugin().to_string(),
            generation: self.bridge.caller().generation,
            file: self.file.clone(),
            pid: self.cell.pid(),
            doing: polled.and_then(|(frame, _)| self.mailbox.doing(frame)),
        };
        let remains = self.cell.crumbs()?.remains(whose, self.executable)?;
        remains.word.as_ref()?;
        let environment = self.bridge.environment();
        let mut crash = environment.cell_crashed(self.bridge.caller(), &remains)?;
        crash.strikes = crash.strikes.filter(|_| is_fault);
        let report = crash.note.report.clone();
        self.cell.has_crashed(crash);
        Some(report)
    }

    fn why_gone(&self, status: Option<ExitStatus>) -> String {
        let pid = self.cell.pid();
        if let Some(why) = self.cell.why_killed() {
            return format!("its cell (process {pid}) was killed: {why}");
        }
        match status {
            Some(status) => format!("its cell (process {pid}) {}", child::ending(status)),
            None => format!("its cell (process {pid}) does not end, though it was killed"),
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, WouldBlock};
    matches!(error.kind(), Interrupted | WouldBlock)
}
