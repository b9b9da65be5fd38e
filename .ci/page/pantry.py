"""The plugin of pantry.rs, compiled as somebody's own: out of the workspace, with plugin-api by its path."""

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MANIFEST = f"""[package]
name = "pantry"
version = "0.1.0"
edition = "2024"

[lib]
name = "pantry_of_the_page_check"
crate-type = ["cdylib"]

[dependencies]
plugin-api = {{ path = "{ROOT}/plugin-api" }}
serde = {{ version = "1", features = ["derive"] }}
tokio = {{ version = "1", default-features = false, features = ["time"] }}

[workspace]

[profile.dev]
debug = "line-tables-only"

[profile.dev.package."*"]
debug = false
"""


def build(target):
    """Its library; what it shares with other plugins is compiled once in this target folder."""
    folder = target / "page-pantry"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(MANIFEST)
    shutil.copy(HERE / "pantry.rs", folder / "src" / "lib.rs")
    if not (folder / "Cargo.lock").exists():
        shutil.copy(ROOT / "Cargo.lock", folder)
    subprocess.run(["cargo", "build", "--quiet"], cwd=folder, env={**os.environ, "CARGO_TARGET_DIR": str(target)}, check=True)
    # Out of the folder that `cogwright sandbox` loads plugins from.
    library = folder / "libpantry.so"
    (target / "debug" / "libpantry_of_the_page_check.so").replace(library)
    return library
