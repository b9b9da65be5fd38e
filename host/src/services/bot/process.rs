//! The process and the machine that it runs on.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use host_loader::snapshot::{open_fds, thread_count};
use plugin_api::abi::BotStatus;
use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, System};

/// Processor time at the last look.
#[derive(Debug, Default)]
pub(super) struct Processor(Mutex<Option<(Instant, Duration)>>);

impl Processor {
    /// Percent of one processor since the last look; the first time since the process began.
    fn percent(&self, used: Duration, up: Duration) -> f64 {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (since, before) = match *last {
            // Two who ask at the same moment share what there is to see.
            Some((at, before)) if now.duration_since(at) >= Duration::from_millis(10) => {
                (now.duration_since(at), before)
            }
            Some(_) | None => (up, Duration::ZERO),
        };
        *last = Some((now, used));
        let used = used.saturating_sub(before);
        100.0 * used.as_secs_f64() / since.as_secs_f64().max(f64::EPSILON)
    }
}

/// Fills in what the system tells. Reads files of the system's: off the runtime's threads.
pub(super) fn look(status: &mut BotStatus, processor: &Processor, data: &Path) {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    status.machine_memory_bytes = system.total_memory();
    status.machine_available_bytes = system.available_memory();
    // A container may have less than the machine.
    if let Some(limits) = system.cgroup_limits() {
        status.machine_memory_bytes = limits.total_memory.min(status.machine_memory_bytes);
        status.machine_available_bytes = limits.free_memory.min(status.machine_available_bytes);
    }
    status.system_up_s = System::uptime();
    status.system = System::long_os_version().unwrap_or_else(|| std::env::consts::OS.to_owned());
    status.cores = std::thread::available_parallelism()
        .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
    status.pid = std::process::id();
    status.threads = thread_count().map(|threads| threads as u64);
    if let Some(open) = open_fds() {
        status.descriptors = Some(open.len() as u64);
        let sockets = open.values().filter(|target| target.starts_with("socket:"));
        status.connections = Some(sockets.count() as u64);
    }
    if let Ok(space) = rustix::fs::statvfs(data) {
        status.disk_free_bytes = Some(space.f_bavail * space.f_frsize);
        status.disk_bytes = Some(space.f_blocks * space.f_frsize);
    }
    let Ok(pid) = sysinfo::get_current_pid() else {
        return;
    };
    let what = ProcessRefreshKind::nothing()
        .with_cpu()
        .with_memory()
        .without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
    if let Some(process) = system.process(pid) {
        status.memory_bytes = process.memory();
        status.descriptors_limit = process.open_files_limit().map(|limit| limit as u64);
        let used = Duration::from_millis(process.accumulated_cpu_time());
        status.cpu_percent =
            processor.percent(used, Duration::from_secs(process.run_time().max(1)));
    }
}
