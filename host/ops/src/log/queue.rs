//! Output queue with a thread of its own, so that nobody who logs waits for a disk or a terminal.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{
            AtomicU64, AtomicUsize,
            Ordering::{AcqRel, Relaxed},
        },
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

/// Most bytes of lines that wait for one output: some 50,000 lines. What comes on top is dropped and counted: a log must not
/// take the memory that the bot needs.
const LIMIT: usize = 8 * 1024 * 1024;

/// Bytes that are written at once, if that many wait.
const BATCH: usize = 64 * 1024;

/// What a flush may take: an output that takes nothing any more (a terminal on hold) must not keep the process from ending.
const PATIENCE: Duration = Duration::from_secs(5);

/// Output that lines end up in.
pub(super) trait Output: Send + 'static {
    /// Writes whole lines.
    fn write(&mut self, lines: &str);
}

/// The way to an output. Clones lead to the same.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    sender: Sender<Order>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: AtomicUsize,
    /// Lines that were dropped and not yet reported.
    lost: AtomicU64,
}

#[derive(Debug)]
enum Order {
    Line(String),
    /// Everything before it is written once this is dropped.
    Flush(Sender<()>),
}

impl Queue {
    /// Starts the thread. It lives as long as the process, or until all clones are gone.
    pub(super) fn start(name: &str, output: impl Output) -> Self {
        let (sender, orders) = mpsc::channel();
        let state = Arc::<State>::default();
        let theirs = Arc::clone(&state);
        let started = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(&orders, output, &theirs));
        if let Err(error) = started {
            let _ = writeln!(
                io::stderr(),
                "cogwright: the {name} can't be written: {error}"
            );
        }
        Self { sender, state }
    }

    /// Queues a line; never waits.
    pub(super) fn push(&self, line: String) {
        let bytes = line.len();
        if self.state.waiting.fetch_add(bytes, AcqRel) + bytes > LIMIT {
            self.state.waiting.fetch_sub(bytes, AcqRel);
            self.state.lost.fetch_add(1, Relaxed);
        } else {
            let _ = self.sender.send(Order::Line(line));
        }
    }

    /// Waits until all that was queued so far is written, 5 s at most.
    pub(super) fn flush(&self) {
        let (done, wait) = mpsc::channel();
        if self.sender.send(Order::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(PATIENCE);
        }
    }
}

fn work(orders: &Receiver<Order>, mut output: impl Output, state: &State) {
    let mut batch = String::new();
    while let Ok(first) = orders.recv() {
        let mut next = Some(first);
        let mut flushed = None;
        while let Some(order) = next.take() {
            match order {
                Order::Line(line) => {
                    batch.push_str(&line);
                    if batch.len() < BATCH {
                        next = orders.try_recv().ok();
                    }
                }
                Order::Flush(done) => flushed = Some(done),
            }
        }
        let written = batch.len();
        let lost = state.lost.swap(0, Relaxed);
        if lost > 0 {
            batch.push_str(&lost_line(lost));
        }
        if !batch.is_empty() {
            output.write(&batch);
            state.waiting.fetch_sub(written, AcqRel);
            batch.clear();
        }
        drop(flushed);
    }
}

/// What stands where lines are missing.
fn lost_line(lost: u64) -> String {
    format!("{lost} log lines are missing here: they came faster than they could be written\n")
}

/// Standard error.
pub(super) struct Stderr;

impl Output for Stderr {
    fn write(&mut self, lines: &str) {
        // Nobody is left to be told when this fails.
        let _ = io::stderr().lock().write_all(lines.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Writes when it may.
    struct Slow(Arc<Mutex<()>>, Arc<Mutex<String>>);

    impl Output for Slow {
        fn write(&mut self, lines: &str) {
            let _gate = self.0.lock().unwrap();
            self.1.lock().unwrap().push_str(lines);
        }
    }

    #[test]
    fn all_that_fits_is_written_in_order_and_what_does_not_is_counted() {
        let (gate, written) = (Arc::<Mutex<()>>::default(), Arc::<Mutex<String>>::default());
        let held = gate.lock().unwrap();
        let queue = Queue::start("test", Slow(Arc::clone(&gate), Arc::clone(&written)));
        let line = |number: usize| format!("{number:>1023}\n");
        let sent = LIMIT / 1024 + 100;
        for number in 0..sent {
            queue.push(line(number));
        }
        drop(held);
        queue.flush();
        queue.push(line(sent));
        queue.flush();
        let written = written.lock().unwrap();
        let lost: u64 = written
            .lines()
            .filter_map(|line| {
                line.split_once(" log lines are missing")?
                    .0
                    .parse::<u64>()
                    .ok()
            })
            .sum();
        let numbers: Vec<usize> = written
            .lines()
            .filter_map(|line| line.trim().parse().ok())
            .collect();
        // Nothing was written while the gate was shut: all beyond the limit were lost, and none before it.
        assert_eq!(lost, 100);
        let expected: Vec<usize> = (0..LIMIT / 1024).chain([sent]).collect();
        assert!(numbers == expected, "{} lines", numbers.len());
    }
}
