//! Control groups of cells: a fixed share of the processor, where this process may make groups below its own.
//!
//! In version 1 that is a group below the one of the controller `cpu`. In version 2 it is one below the group that was delegated to the bot,
//! which may hold no process itself then: the bot, its supervisor and its cells move into a group `cogwright` below it first. Nobody else's
//! process is moved.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt, process::parent_id},
    path::{Path, PathBuf},
    process,
    sync::OnceLock,
    thread::sleep,
    time::Duration,
};

use super::cells::Pid;

/// The bot's own group of version 2, below the one that was delegated to it.
const LEAF: &str = "cogwright";

/// What names of cells' groups begin with; the bot's number and the cell's follow.
const CELL: &str = "cogwright-cell-";

/// In which time a share is counted, in microseconds.
const PERIOD_US: u64 = 100_000;

/// How often it is tried to remove a group, a millisecond apart: the kernel takes a moment after its last process's end.
const TRIES: u32 = 50;

/// What a cell's group may take.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// Of one processor, in percent.
    pub percent: u32,
    /// The most memory, in bytes, where groups limit that, too.
    pub memory_bytes: Option<u64>,
}

/// The group of one cell. Its folder is removed when this is dropped: when the process has ended.
#[derive(Debug)]
pub struct Cgroup(PathBuf);

impl Cgroup {
    /// Moves a process into a group of its own.
    ///
    /// # Errors
    ///
    /// Why there can't be one, in words; nothing is limited then.
    pub fn with(pid: Pid, share: Share) -> Result<Self, String> {
        static HOME: OnceLock<Result<Home, String>> = OnceLock::new();
        let home = HOME.get_or_init(Home::find);
        home.as_ref().map_err(String::clone)?.group(pid, share)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for _ in 0..TRIES {
            match fs::remove_dir(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    sleep(Duration::from_millis(1));
                }
                // Gone; or the next start sweeps it away.
                _ => return,
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Where cells' groups are made.
#[derive(Debug, PartialEq, Eq)]
struct Home {
    version: Version,
    folder: PathBuf,
}

impl Home {
    fn find() -> Result<Self, String> {
        let read =
            |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
        let mut home = Self::of(&read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?)?;
        if home.version == Version::Two {
            home.folder = delegated(&home.folder)?;
        }
        home.sweep();
        Ok(home)
    }

    /// The group of this process that has the controller `cpu`, by what the kernel tells of its groups and mounts.
    fn of(groups: &str, mounts: &str) -> Result<Self, String> {
        let by_one = own(groups, "cpu").zip(mount(mounts, "cgroup", "cpu"));
        let by_two = || own(groups, "").zip(mount(mounts, "cgroup2", ""));
        let (version, (group, (root, point))) = by_one
            .map(|it| (Version::One, it))
            .or_else(|| by_two().map(|it| (Version::Two, it)))
            .ok_or("no control groups are mounted here")?;
        // A container may be shown its own part alone.
        let below = Path::new(group).strip_prefix(root);
        let below = below.unwrap_or(Path::new(group));
        let below = below.strip_prefix("/").unwrap_or(below);
        Ok(Self {
            version,
            folder: Path::new(point).join(below),
        })
    }

    /// Removes what a bot has left that was killed: groups without a process. Others can't be removed.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(CELL) {
                let _ = fs::remove_dir(entry.path());
            }
        }
    }

    fn group(&self, pid: Pid, share: Share) -> Result<Cgroup, String> {
        let folder = self.folder.join(format!("{CELL}{}-{pid}", process::id()));
        fs::create_dir(&folder).map_err(|error| self.refused(&error))?;
        let group = Cgroup(folder);
        self.limit(&group.0, share)
            .and_then(|()| fs::write(group.0.join("cgroup.procs"), pid.to_string()))
            .map_err(|error| self.refused(&error))?;
        Ok(group)
    }

    fn limit(&self, group: &Path, share: Share) -> io::Result<()> {
        let quota = u64::from(share.percent) * PERIOD_US / 100;
        let write = |name: &str, value: String| fs::write(group.join(name), value);
        if self.version == Version::One {
            write("cpu.cfs_period_us", PERIOD_US.to_string())?;
            return write("cpu.cfs_quota_us", quota.to_string());
        }
        if let Some(bytes) = share.memory_bytes
            && group.join("memory.max").exists()
        {
            write("memory.max", bytes.to_string())?;
        }
        write("cpu.max", format!("{quota} {PERIOD_US}"))
    }

    fn refused(&self, error: &io::Error) -> String {
        let folder = self.folder.display();
        format!("the bot can't have a control group of a cell's in {folder}: {error}")
    }
}

/// The group of this process in the hierarchy with this controller; of version 2 that is the one without a name.
fn own<'a>(groups: &'a str, controller: &str) -> Option<&'a str> {
    groups.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, group) = rest.split_once(':')?;
        controllers
            .split(',')
            .any(|it| it == controller)
            .then_some(group)
    })
}

/// What is mounted of such a hierarchy, and where.
fn mount<'a>(mounts: &'a str, kind: &str, controller: &str) -> Option<(&'a str, &'a str)> {
    mounts.lines().find_map(|line| {
        let (place, what) = line.split_once(" - ")?;
        let (mut place, mut what) = (place.split(' ').skip(3), what.split(' '));
        let is_kind = what.next()? == kind;
        let mut controllers = what.nth(1)?.split(',');
        let has = controller.is_empty() || controllers.any(|it| it == controller);
        (is_kind && has).then_some((place.next()?, place.next()?))
    })
}

/// The group of version 2 below which cells' groups are made, with the controllers that they need; the bot's own group is this one, or the
/// leaf below it.
fn delegated(own: &Path) -> Result<PathBuf, String> {
    let folder = match own.ends_with(LEAF) {
        true => own.parent().unwrap_or(own),
        false => own,
    };
    let has = |file: &str, controller: &str| {
        let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
        text.split_whitespace().any(|it| it == controller)
    };
    let shown = folder.display();
    if !has("cgroup.controllers", "cpu") {
        return Err(format!(
            "the control group {shown} has no controller `cpu` (a service manager gives it, as systemd does with `Delegate=yes`)"
        ));
    }
    let hand_down = |controller: &str| match has("cgroup.subtree_control", controller) {
        true => Ok(()),
        false => fs::write(
            folder.join("cgroup.subtree_control"),
            format!("+{controller}"),
        ),
    };
    if hand_down("cpu").is_err() {
        let moved = move_ours(folder).and_then(|()| hand_down("cpu"));
        moved.map_err(|error| {
            format!(
                "the control group {shown} is not the bot's to divide: {error} (it has to be delegated, as by systemd's \
                 `Delegate=yes`, and without anybody else's process in it)"
            )
        })?;
    }
    // Without it RLIMIT_DATA limits memory alone.
    let _ = hand_down("memory");
    Ok(folder.to_owned())
}

/// Moves the bot, its supervisor and its cells from a group into the leaf below it.
fn move_ours(folder: &Path) -> io::Result<()> {
    let leaf = folder.join(LEAF);
    match fs::create_dir(&leaf) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let all = fs::read_to_string(folder.join("cgroup.procs"))?;
    for pid in all.lines().filter_map(|pid| pid.parse().ok()) {
        if is_ours(pid) {
            fs::write(leaf.join("cgroup.procs"), pid.to_string())?;
        }
    }
    Ok(())
}

/// Whether a process is this one, or its child or parent by the same program.
fn is_ours(pid: Pid) -> bool {
    let program = |pid: Pid| {
        let program = fs::metadata(format!("/proc/{pid}/exe")).ok()?;
        Some((program.dev(), program.ino()))
    };
    let parent = |pid: Pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let behind = &stat[stat.rfind(')')? + 1..];
        behind.split_whitespace().nth(1)?.parse::<Pid>().ok()
    };
    let this = process::id();
    let is_near = pid == parent_id() || parent(pid) == Some(this);
    pid == this || is_near && program(pid).is_some() && program(pid) == program(this)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:4 - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";

    #[test]
    fn the_version_that_has_the_controller_is_taken() {
        let home = |groups, mounts| Home::of(groups, mounts).map(|it| (it.version, it.folder));
        let both = "4:memory:/m\n1:cpu,cpuacct:/bots/tea\n0::/init";
        let one = PathBuf::from("/sys/fs/cgroup/cpu/bots/tea");
        assert_eq!(home(both, MOUNTS), Ok((Version::One, one)));
        let unified = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
        let service = PathBuf::from("/sys/fs/cgroup/system.slice/tea.service");
        let group = "0::/system.slice/tea.service";
        assert_eq!(home(group, unified), Ok((Version::Two, service)));
        // A container that sees its own part alone, by the outer name.
        let part = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw";
        let inner = PathBuf::from("/sys/fs/cgroup/inner");
        assert_eq!(
            home("0::/docker/abc/inner", part),
            Ok((Version::Two, inner))
        );
        let root = PathBuf::from("/sys/fs/cgroup");
        assert_eq!(home("0::/", unified), Ok((Version::Two, root)));
        assert!(home(group, "").unwrap_err().contains("no control groups"));
    }

    #[test]
    fn a_group_of_version_two_is_below_the_delegated_one_and_says_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("tea.service");
        fs::create_dir(&own).unwrap();
        let write = |name: &str, text: &str| fs::write(own.join(name), text).unwrap();
        assert!(delegated(&own).unwrap_err().contains("no controller `cpu`"));
        write("cgroup.controllers", "cpu io memory");
        write("cgroup.subtree_control", "cpu memory");
        assert_eq!(delegated(&own).unwrap(), own);
        assert_eq!(delegated(&own.join(LEAF)).unwrap(), own);
        let home = Home {
            version: Version::Two,
            folder: own.clone(),
        };
        let share = Share {
            percent: 20,
            memory_bytes: Some(1 << 20),
        };
        let group = home.group(7, share).unwrap();
        let said = |name: &str| fs::read_to_string(group.0.join(name));
        assert_eq!(said("cpu.max").unwrap(), "20000 100000");
        assert_eq!(said("cgroup.procs").unwrap(), "7");
        assert!(said("memory.max").is_err(), "it has no such controller");
        assert!(home.group(7, share).unwrap_err().contains("tea.service"));
    }

    #[test]
    fn this_process_and_nobody_elses_is_ours() {
        assert!(is_ours(process::id()));
        // The first process is no cogwright's child, and of another program.
        assert!(!is_ours(1));
    }
}
