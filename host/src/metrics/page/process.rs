//! Metrics of the process, under the names that Prometheus' own clients use
//! ([reference](https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics)).

use std::{fmt, time::Duration};

use host_loader::snapshot::thread_count;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use super::rows::{NamedLabels, Rows, number};

pub(super) fn write(rows: &mut Rows<'_>) -> fmt::Result {
    let Ok(pid) = sysinfo::get_current_pid() else {
        return Ok(());
    };
    let mut system = System::new();
    let what = ProcessRefreshKind::nothing()
        .with_cpu()
        .with_memory()
        .without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
    let Some(process) = system.process(pid) else {
        return Ok(());
    };
    let cpu = Duration::from_millis(process.accumulated_cpu_time());
    rows.counter(
        "process_cpu_seconds",
        "Processor time of the process",
        vec![(NamedLabels::new(), cpu.as_secs_f64())],
    )?;
    rows.level(
        "process_resident_memory_bytes",
        "Memory of the process that is in RAM",
        number(process.memory()),
    )?;
    rows.level(
        "process_virtual_memory_bytes",
        "Address space of the process",
        number(process.virtual_memory()),
    )?;
    rows.level(
        "process_start_time_seconds",
        "When the process began, since the Unix epoch",
        number(process.start_time()),
    )?;
    if let Some(open) = process.open_files() {
        rows.level("process_open_fds", "Open descriptors", number(open as u64))?;
    }
    if let Some(limit) = process.open_files_limit() {
        rows.level(
            "process_max_fds",
            "Descriptors that may be open",
            number(limit as u64),
        )?;
    }
    match thread_count() {
        Some(threads) => rows.level("process_threads", "Threads", number(threads as u64)),
        None => Ok(()),
    }
}
