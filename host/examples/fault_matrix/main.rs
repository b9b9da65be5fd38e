//! Fault matrix: `fault_matrix COUNTER DOCUMENT [--isolation process] [FAULT …]`, with the library of `examples/counter`, and `cogwright`
//! beside this program's folder.
//!
//! For each fault a supervised bot is started on a sandbox, with a plugin that commits it and a neighbour that is asked ten times a second.
//! What the member saw, what the owner was told, how long it took until the plugin answered again, and what the neighbour lost become
//! a table, which is written into the document between two markers. With `--isolation process` both plugins run in processes of their own, where
//! the host can do that, and the table is written between two others. Faults may be named by parts of their names; then the table goes to standard
//! output alone.
//!
//! The bot has 4 GiB of address space and 1,024 descriptors, so that bombs end somewhere.

#[path = "../common/document.rs"]
mod document;
mod faults;
#[path = "../common/fixture.rs"]
mod fixture;
mod observed;
mod questions;
mod supervised;
mod table;
mod trial;

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
};

use self::{
    faults::FAULTS,
    supervised::Supervised,
    trial::{FAULTY, NEIGHBOUR},
};

const USAGE: &str = "fault_matrix COUNTER DOCUMENT [--isolation process] [FAULT …]";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let isolation = match arguments.iter().position(|it| it == "--isolation") {
        Some(at) => {
            let value = arguments.get(at + 1).ok_or(USAGE)?.clone();
            arguments.drain(at..=at + 1);
            Some(value)
        }
        None => None,
    };
    let [counter, path, named @ ..] = &arguments[..] else {
        return Err(USAGE.into());
    };
    let faulty = fixture::build(FAULTY, include_str!("plugin.rs"), &[])?;
    let runtime = tokio::runtime::Runtime::new()?;
    let matrix = Matrix {
        faulty,
        counter: PathBuf::from(counter),
        config: isolation.as_ref().map_or_else(String::new, |how| {
            format!("[isolation]\ndefault = \"{how}\"\n")
        }),
    };
    let table = runtime.block_on(matrix.run(named))?;
    println!("{table}");
    if named.is_empty() {
        let place = if isolation.is_some() {
            "in a cell"
        } else {
            "in process"
        };
        document::write_into(Path::new(path), place, &table)?;
    }
    Ok(())
}

/// What all rows are measured with.
struct Matrix {
    faulty: PathBuf,
    counter: PathBuf,
    /// Lines of the configuration.
    config: String,
}

impl Matrix {
    /// The table of the faults that are named, or of all.
    async fn run(&self, named: &[String]) -> Outcome<String> {
        let is_wanted = |name: &str| named.is_empty() || named.iter().any(|it| name.contains(it));
        let mut rows = Vec::new();
        for fault in FAULTS.iter().filter(|fault| is_wanted(fault.name)) {
            let plugins = [(FAULTY, &*self.faulty), (NEIGHBOUR, &*self.counter)];
            let bot = Supervised::start(&plugins, &self.config).await?;
            let observed = trial::run(bot, fault).await?;
            eprintln!("{}", observed.cells().join(" | "));
            rows.push(observed);
        }
        Ok(table::of(&rows))
    }
}
