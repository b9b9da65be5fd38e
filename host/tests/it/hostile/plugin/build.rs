//! Build script of the hostile plugin: links what the test has compiled, one argument for the linker a line.

fn main() {
    println!("cargo:rerun-if-changed=link.txt");
    for line in std::fs::read_to_string("link.txt").unwrap().lines() {
        println!("cargo:rustc-link-arg={line}");
        if !line.starts_with('-') {
            println!("cargo:rerun-if-changed={line}");
        }
    }
}
