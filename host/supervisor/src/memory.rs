//! Count of processes that the kernel has killed for want of memory, in the control group of this one.

use std::{fs, path::Path};

/// Processes of this control group that were killed for memory so far; `None` where the kernel does not say (no cgroup v2, or its root).
///
/// Source: `memory.events` in
/// [the kernel's documentation](https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files).
pub(crate) fn kills() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = group(&own)?;
    let events = Path::new("/sys/fs/cgroup")
        .join(group)
        .join("memory.events");
    count(&fs::read_to_string(events).ok()?)
}

/// The group in the one hierarchy of version 2: the line that begins with `0::`.
fn group(own: &str) -> Option<&str> {
    let line = own.lines().find_map(|line| line.strip_prefix("0::/"));
    // Outside of the namespace that is seen here.
    line.filter(|group| !group.starts_with(".."))
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
        let own = "12:pids:/x\n0::/system.slice/cogwright.service\n";
        assert_eq!(group(own), Some("system.slice/cogwright.service"));
        assert_eq!(group("0::/\n"), Some(""));
        assert_eq!(group("0::/../other\n"), None);
        assert_eq!(group("4:memory:/x\n"), None);
        let events = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n";
        assert_eq!(count(events), Some(2));
        assert_eq!(count("oom 3\n"), None);
    }
}
