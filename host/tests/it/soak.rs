//! Soak test: load, call, unload, over and over; nothing stays. `just soak` runs a thousand cycles.

use std::process::Command;

use crate::fixtures;

#[test]
fn two_hundred_cycles_of_load_call_and_unload_leave_nothing() {
    // A process of its own: other tests' threads and descriptors would be counted, too.
    let soak = fixtures::cogwright()
        .parent()
        .unwrap()
        .join("examples/soak");
    let output = Command::new(soak)
        .arg(fixtures::example("misbehave"))
        .arg("200")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{said}");
}
