//! Sandbox of a cell: what its process can no longer do once it has begun, whatever code runs in it.
//!
//! Landlock closes the file system and the network's TCP, seccomp refuses the system calls by which one reaches beyond the process: sockets,
//! other programs, other processes' memory. Both last until the process ends, and none of them can be taken back.

use std::{collections::BTreeMap, env, error::Error, path::Path};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

/// What is asked of the kernel. An older one enforces what it knows of it.
const ABI_KNOWN: ABI = ABI::V7;

/// What may be read besides the library itself: what it is linked with, the time zones, the certificates of authorities, and what the
/// kernel says of this process.
const READ: [&str; 14] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/usr/share/ca-certificates",
    "/etc/ssl",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/proc/self",
    "/proc/stat",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    "/dev/zero",
];

/// Puts this thread, and those that it starts, into the sandbox; what of it the kernel does not have, in words.
#[must_use]
pub fn enter(library: &Path) -> Vec<String> {
    let mut missing = Vec::new();
    match close_files(library) {
        Ok(RulesetStatus::NotEnforced) => missing.push("Landlock (files)".into()),
        Ok(_) => {}
        Err(error) => missing.push(format!("Landlock (files): {error}")),
    }
    if let Err(error) = refuse_calls() {
        missing.push(format!(
            "seccomp (network, programs, other processes): {error}"
        ));
    }
    missing
}

fn close_files(library: &Path) -> Result<RulesetStatus, Box<dyn Error>> {
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    let paths = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let linked = env::split_paths(&paths).filter(|path| path.is_absolute());
    let read_only = READ
        .iter()
        .map(Into::into)
        .chain([library.to_owned()])
        .chain(linked);
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI_KNOWN))?
        .handle_access(AccessNet::from_all(ABI_KNOWN))?
        .scope(Scope::from_all(ABI_KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(read_only, read))?
        .add_rules(path_beneath_rules(
            ["/dev/null"],
            read | AccessFs::WriteFile,
        ))?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// A list of what is refused and not one of what is allowed: plugins are anybody's code, and what libc asks of the kernel changes with it.
fn refuse_calls() -> Result<(), Box<dyn Error>> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let own = u64::from(std::process::id());
    // A new process, and not a thread.
    let is_process = SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64);
    refused.insert(libc::SYS_clone, rule(0, is_process, 0)?);
    // A signal to another process, and the limits of another one.
    refused.insert(libc::SYS_tgkill, rule(0, SeccompCmpOp::Ne, own)?);
    refused.insert(libc::SYS_prlimit64, rule(0, SeccompCmpOp::Ne, 0)?);
    // Another process's memory. Its own the crash handler reads so.
    refused.insert(libc::SYS_process_vm_readv, rule(0, SeccompCmpOp::Ne, own)?);
    apply_filter(&program(refused, libc::EPERM)?)?;
    // libc takes `clone` where there is none, and of that the flags can be seen.
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    apply_filter(&program(absent, libc::ENOSYS)?)?;
    Ok(())
}

fn rule(argument: u8, is: SeccompCmpOp, value: u64) -> Result<Vec<SeccompRule>, Box<dyn Error>> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is, value)?;
    Ok(vec![SeccompRule::new(vec![condition])?])
}

fn program(
    calls: BTreeMap<i64, Vec<SeccompRule>>,
    errno: i32,
) -> Result<BpfProgram, Box<dyn Error>> {
    let filter = SeccompFilter::new(
        calls,
        SeccompAction::Allow,
        SeccompAction::Errno(errno.unsigned_abs()),
        env::consts::ARCH.try_into()?,
    )?;
    Ok(filter.try_into()?)
}

/// System calls that fail with EPERM.
const REFUSED: &[i64] = &[
    // The network. Pairs of sockets, which tokio has, lead nowhere else.
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    // Other programs and processes.
    libc::SYS_execve,
    libc::SYS_execveat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_ptrace,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    // A way past this list.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // The kernel's own business.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_by_handle_at,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
];
