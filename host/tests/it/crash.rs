//! Crash tests: `kill -9` while databases are written to. `just crash` kills more often.

use std::process::Command;

use crate::fixtures;

#[test]
fn no_acknowledged_write_is_lost_when_the_process_is_killed() {
    let crash = fixtures::cogwright()
        .parent()
        .unwrap()
        .join("examples/crash");
    let output = Command::new(crash).arg("4").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{said}");
}
