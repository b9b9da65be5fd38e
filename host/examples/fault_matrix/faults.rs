//! Faults of the matrix: what each is called, and by which act it comes about.

/// One fault.
pub struct Fault {
    /// As the table calls it.
    pub name: &'static str,
    /// By which act it comes about.
    pub act: Act,
}

/// Who does what for a fault to come about.
#[derive(Clone, Copy)]
pub enum Act {
    /// Nobody does anything: what the other rows are to be compared with.
    Nothing,
    /// A member says `!fault` and this word.
    Command(&'static str),
    /// A file of this name lies in the bot's folder, and the owner reloads the plugin.
    Reload(&'static str),
    /// The plugin's file is replaced by one whose note gives another name than its manifest.
    Lie,
}

/// All of them.
pub const FAULTS: &[Fault] = &[
    fault("no fault", Act::Nothing),
    fault("panic", Act::Command("panic")),
    fault(
        "panic in a closure before its future",
        Act::Command("panic-early"),
    ),
    fault("panic in drop", Act::Command("panic-in-drop")),
    fault("double panic", Act::Command("double-panic")),
    fault("`abort`", Act::Command("abort")),
    fault("SIGABRT past `abort`", Act::Command("raise-abort")),
    fault("null dereference", Act::Command("null")),
    fault(
        "null dereference on a thread of its own",
        Act::Command("null-on-a-thread"),
    ),
    fault("stack overflow", Act::Command("stack")),
    fault("endless loop", Act::Command("loop")),
    fault("deadlock", Act::Command("deadlock")),
    fault("blocking sleep of an hour", Act::Command("sleep")),
    fault("heap bomb", Act::Command("heap")),
    fault("descriptor bomb", Act::Command("descriptors")),
    fault("thread bomb", Act::Command("threads")),
    fault("log flood", Act::Command("log")),
    fault("request flood", Act::Command("requests")),
    fault("`exit(0)`", Act::Command("exit")),
    fault("`exit_group(0)` past libc", Act::Command("exit-group")),
    fault("a lie in the manifest", Act::Lie),
    fault("start that hangs", Act::Reload("faulty-start")),
    fault("unload that hangs", Act::Reload("faulty-stop")),
    fault("corrupted heap", Act::Command("corrupted-heap")),
];

const fn fault(name: &'static str, act: Act) -> Fault {
    Fault { name, act }
}

/// A plugin's file with another name in its note.
///
/// # Errors
///
/// The file has no note of that name.
pub fn lying(mut file: Vec<u8>, name: &str) -> Result<Vec<u8>, String> {
    // `PluginNote`: the magic, and the name 200 bytes behind its beginning.
    const MAGIC: &[u8] = b"COGWRGHT";
    const NAME: usize = 200;
    let is_here = |at: usize| {
        let rest = &file[at..];
        rest.starts_with(MAGIC)
            && rest
                .get(NAME..)
                .is_some_and(|it| it.starts_with(name.as_bytes()))
    };
    let at = (0..file.len()).find(|at| is_here(*at));
    let at = at.ok_or_else(|| format!("there is no note of a plugin `{name}` in the file"))?;
    file[at + NAME..at + NAME + name.len()].reverse();
    Ok(file)
}
