//! Count of processes that the kernel has killed for want of memory, in the control group of this one.

use std::{fs, path::Path};

/// Processes of this control group that were killed for memory so far; `None` where the kernel does not say (the root of all groups).
///
/// Source: `memory.events` of [version 2](https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files), and
/// `memory.oom_control` of [version 1](https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#oom-control).
pub(crate) fn kills() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let groups = Path::new("/sys/fs/cgroup");
    let second = group(&own, "").map(|group| groups.join(group).join("memory.events"));
    let first = group(&own, "memory");
    let first = first.map(|group| groups.join("memory").join(group).join("memory.oom_control"));
    let mut files = [second, first].into_iter().flatten();
    files.find_map(|file| count(&fs::read_to_string(file).ok()?))
}

/// The group in the hierarchy of these controllers: of `4:memory:/x` it is `x`. The one hierarchy of version 2 names none.
fn group<'a>(own: &'a str, controllers: &str) -> Option<&'a str> {
    let found = own.lines().find_map(|line| {
        let (_, line) = line.split_once(':')?;
        let (of, group) = line.split_once(":/")?;
        (of == controllers).then_some(group)
    });
    // Outside of the namespace that is seen here.
    found.filter(|group| !group.starts_with(".."))
}

fn count(events: &str) -> Option<u64> {
    let line = events
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "));
    line?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        let own = "12:pids:/x\n4:memory:/y\n0::/system.slice/cogwright.service\n";
        assert_eq!(group(own, ""), Some("system.slice/cogwright.service"));
        assert_eq!(group(own, "memory"), Some("y"));
        assert_eq!(group(own, "cpu"), None);
        assert_eq!(group("0::/\n", ""), Some(""));
        assert_eq!(group("0::/../other\n", ""), None);
        let events = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n";
        assert_eq!(count(events), Some(2));
        let control = "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n";
        assert_eq!(count(control), Some(7));
        assert_eq!(count("oom 3\n"), None);
    }
}
