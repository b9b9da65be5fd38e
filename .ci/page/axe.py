"""What axe-core has to say of the page, in every state that it is brought into: https://github.com/dequelabs/axe-core."""

import json
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def install(target):
    """axe-core in the pinned version, below the target folder."""
    folder = target / "page"
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "package-lock.json"
    fresh = lock.exists() and lock.read_text() == (HERE / "package-lock.json").read_text()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    if not fresh or not (folder / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


class Axe:
    def __init__(self, browser, source):
        self.browser, self.source, self.found = browser, source, []

    def check(self, state):
        """All of axe's rules but the experimental ones, on what is shown now."""
        if not self.browser.evaluate("typeof axe === 'object'"):
            self.browser.evaluate(self.source + "; 0")
        # What is on its way in or out has no final colours.
        self.browser.evaluate("Promise.allSettled(document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity).map((one) => one.finished)).then(() => 0)")
        found = self.browser.evaluate(
            "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, help, nodes }) => "
            "({ id, help, nodes: nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary}`).slice(0, 4) })))"
        )
        if found:
            self.found.append(f"axe finds ({state}):\n" + json.dumps(found, indent=1, ensure_ascii=False))
        else:
            print(f"ok  axe finds nothing ({state})", flush=True)

    def nothing_found(self):
        """To be called at the end: all that was found is told at once."""
        if self.found:
            raise AssertionError("\n".join(self.found))
