"""Somebody at the dashboard: what they press and fill in, what it sends, and what they are told."""

import json
import re
from contextlib import contextmanager

from browser import quoted

# Sends what a page's script would send, with the token that proves that a page of this session does.
SENDS = """(async (path, body) => {
  const pair = document.cookie.split("; ").find((pair) => pair.startsWith("csrf-")) ?? "";
  const headers = { "content-type": "application/json", accept: "text/plain", "x-csrf": pair.slice(pair.indexOf("=") + 1), "x-file-name": "x" };
  const answer = await fetch(path, { method: "POST", headers, body });
  return [answer.status, await answer.text()];
})"""


# The host's own deeds, which are in no plugin's manifest: whoever has a session may do them, or whoever has a link.
HOSTS = ("/logout", "/login/link")


def full(path):
    """A deed's address, as the description has it: others than the host's and those of named plugins are the dashboard's."""
    return path if path in HOSTS or path.startswith("/p/") else f"/p/dashboard{path}"


def pattern(path):
    """A deed, as the addresses that it stands for."""
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/?]+", re.escape(full(path))) + r"(\?.*)?$")


class Visit:
    """`done` is what this person has done by the page: paths, as the bot describes them."""

    def __init__(self, browser, house, name):
        self.browser, self.house, self.name, self.done = browser, house, name, set()
        browser.watch()

    def open(self, path="/", whole=False):
        self.browser.streams.clear()
        self.browser.open(self.house.url + (path if whole else f"/p/dashboard{path}"))
        self.browser.there("main h1", f"{self.name} opens {path}", quiet=True)

    def follows(self):
        """Until the page hears of what happens."""
        self.browser.comes(lambda: self.browser.streams, "the page follows what happens")

    # ---- hands -------------------------------------------------------------------------------------------

    def listens(self):
        """A page that has just come does not listen yet."""
        self.browser.until("document.readyState === 'complete'", "the page is loaded", quiet=True)

    def click(self, selector, text=None):
        self.listens()
        self.browser.click(selector, text)

    def presses(self, expression):
        """Presses what a script finds: where many look alike, or one lies out of sight."""
        self.listens()
        self.browser.evaluate(f"{expression}.click()")

    def agrees(self, word=None):
        """Says yes to the question, and types what it wants to be typed."""
        self.browser.there("dialog[open] #question", "one is asked first", quiet=True)
        if word:
            self.browser.evaluate("document.querySelector('dialog[open] input').focus()")
            self.browser.types(word)
        self.browser.click("dialog[open] button[value=yes]")

    def fills(self, selector, text):
        found = f"document.querySelector({quoted(selector)})"
        self.browser.until(f"Boolean({found})", f"there is {selector}", quiet=True)
        # What is typed takes the place of what is there, and the page hears of it.
        self.browser.evaluate(f"{found}.focus(); {found}.select()")
        if text:
            self.browser.types(text)
        else:
            self.browser.press("Backspace")

    def picks(self, selector, *values):
        """Chooses entries of a list."""
        self.browser.until(f"Boolean(document.querySelector({quoted(selector)}))", f"there is {selector}", quiet=True)
        self.browser.evaluate(f"(() => {{ const list = document.querySelector({quoted(selector)}), wanted = {json.dumps(values)};"
                              " for (const entry of list.options) entry.selected = wanted.includes(entry.value) || wanted.includes(entry.text);"
                              " list.dispatchEvent(new Event('change', { bubbles: true })); })()")

    def uploads(self, selector, path):
        """Picks a file in a field."""
        root = self.browser.call("DOM.getDocument")["root"]["nodeId"]
        field = self.browser.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.browser.call("DOM.setFileInputFiles", files=[str(path)], nodeId=field)

    # ---- what comes of it --------------------------------------------------------------------------------

    @contextmanager
    def doing(self, *paths):
        """What is done inside sends this, and it is taken: then it counts as done."""
        answers = self.browser.answers
        answers.clear()
        yield
        for path in paths:
            wanted = pattern(path)
            is_it = lambda it: wanted.match(it[1].removeprefix(self.house.url))
            # With the cookies of another bot on this machine, a page tries one token after the other.
            taken = lambda: any(is_it(it) and it[2] < 400 for it in answers)
            self.browser.comes(taken, f"the page sends {path}, and it is taken; so far {answers}")
            self.done.add(path)

    def told(self, text):
        """It is said in the corner, and taken away there."""
        self.browser.shows(text, "#toasts", f"{self.name} is told: {text}")
        self.browser.evaluate("for (const one of document.querySelectorAll('#toasts .toast button')) one.click()")

    def shows(self, text, where="main", what=None):
        self.browser.shows(text, where, what or f"{self.name} sees: {text}")

    def hides(self, text, where="main", what=None):
        self.browser.hides(text, where, what or f"{self.name} does not see: {text}")

    def until(self, expression, what):
        self.browser.until(expression, what)

    def sends(self, path, body="{}"):
        """Sends it all the same, whatever the page offers: status and text."""
        return self.browser.evaluate(f"{SENDS}({quoted(path)}, {quoted(body)})")

    def offered(self):
        """All that this page could send."""
        return set(self.browser.evaluate("[...document.querySelectorAll('[data-post], [data-upload]')].map((it) => it.dataset.post ?? it.dataset.upload)"))

    def tabs(self):
        return self.browser.evaluate("[...document.querySelectorAll('#sidebar .nav a')].map((it) => it.getAttribute('href'))")
