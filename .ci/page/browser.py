"""A headless Chromium with one page, driven through its DevTools pipe.

Descriptors 3 and 4, messages end with a zero byte. The page keeps an event stream open, so `--dump-dom` never ends.
"""

import base64
import copy
import fcntl
import json
import os
import signal
import subprocess
import time

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en-US",
    # Of several people's pages none waits because another one lies above it.
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
    "--remote-debugging-pipe",
]
# A busy machine takes its time; nothing here waits longer than it has to.
PATIENCE = float(os.environ.get("PATIENCE", 60))
KEYS = {
    "Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), "Backspace": (8, ""), "ArrowUp": (38, ""), "ArrowDown": (40, ""),
    "ArrowLeft": (37, ""), "ArrowRight": (39, ""), "Home": (36, ""), "End": (35, ""), "Space": (32, " "),
}


def quoted(text):
    return json.dumps(text)


class Browser:
    def __init__(self, folder):
        def high(fd):
            # Out of the way of 3 and 4, which the child gets.
            moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 16)
            os.close(fd)
            return moved

        (to_read, to_write), (from_read, from_write) = os.pipe(), os.pipe()
        to_read, to_write, from_read, from_write = map(high, (to_read, to_write, from_read, from_write))
        self.process = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={folder}", "about:blank"],
            preexec_fn=lambda: (os.dup2(to_read, 3), os.dup2(from_write, 4)),
            pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(from_write)
        self.write, self.read = to_write, os.fdopen(from_read, "rb")
        self.last, self.session, self.complaints, self.sent, self.answers, self.streams, self.contexts = 0, None, [], {}, [], [], []
        self.begin()

    def begin(self, **where):
        target = self.call("Target.createTarget", url="about:blank", **where)["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")
        self.size(1280, 800)
        self.scheme("light")

    def somebody(self):
        """Somebody else's page in the same Chromium: it knows none of the others' cookies."""
        other = copy.copy(self)
        other.session = None
        context = other.call("Target.createBrowserContext")["browserContextId"]
        self.contexts.append(context)
        other.begin(browserContextId=context)
        # In the background a page holds back what it fetches.
        other.call("Emulation.setFocusEmulationEnabled", enabled=True)
        return other

    def alone(self):
        """Closes all others' pages, and leaves its own."""
        root = copy.copy(self)
        root.session = None
        while self.contexts:
            root.call("Target.disposeBrowserContext", browserContextId=self.contexts.pop())
        self.call("Page.navigate", url="about:blank")
        self.complaints.clear()

    def watch(self):
        """From here on what the page sends is noted: `answers` has method, address and status of each that is no GET."""
        self.call("Network.enable")

    # ---- the protocol ------------------------------------------------------------------------------------

    def call(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self.message())
            self.hear(answer)
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]

    def message(self):
        text = bytearray()
        while (byte := self.read.read(1)) != b"\0":
            if not byte:
                raise AssertionError("the browser has ended")
            text += byte
        return text

    def hear(self, event):
        """Notes what the page's console has to complain of, and what was answered to what it has sent."""
        said = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                if "redirectResponse" in said:
                    self.answered(said["requestId"], said["redirectResponse"]["status"])
                if said["request"]["method"] not in ("GET", "HEAD"):
                    self.sent[said["requestId"]] = (said["request"]["method"], said["request"]["url"])
            case "Network.responseReceived":
                self.answered(said["requestId"], said["response"]["status"])
                if said["type"] == "EventSource":
                    self.streams.append(said["response"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(said["exceptionDetails"].get("exception", said["exceptionDetails"]))[:900])
            case "Runtime.consoleAPICalled" if said["type"] in ("error", "assert"):
                self.complaints.append(json.dumps(said["args"])[:900])
            case "Log.entryAdded" if said["entry"]["level"] == "error":
                entry = said["entry"]
                # A picture that the sandbox does not have is shown by its name.
                if not any(part in entry.get("url", "") for part in ("/emojis/", "/stickers/")):
                    self.complaints.append(f"{entry['text']} {entry.get('url', '')}")

    def answered(self, request, status):
        if found := self.sent.pop(request, None):
            self.answers.append((*found, status))

    def no_complaints(self):
        self.evaluate("0")
        if self.complaints:
            raise AssertionError("the page's console has: " + "\n".join(self.complaints))

    # ---- the page ----------------------------------------------------------------------------------------

    def open(self, url):
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'", f"{url} is loaded", quiet=True)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {json.dumps(result['exceptionDetails'])[:700]}")
        return result["result"].get("value")

    def until(self, expression, what, quiet=False):
        deadline = time.monotonic() + PATIENCE
        while not self.is_so(expression):
            if time.monotonic() > deadline:
                shown = self.evaluate("document.body.innerText")
                raise AssertionError(f"{what}; the page shows:\n{shown}\n{self.complaints}")
            time.sleep(0.03)
        if not quiet:
            print(f"ok  {what}", flush=True)

    def comes(self, is_so, what):
        """Until something is known of what the page has sent."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > deadline:
                shown = self.evaluate("document.body.innerText")
                raise AssertionError(f"{what}; the page shows:\n{shown}\n{self.complaints}")
            # What has come is read with the next answer.
            self.is_so("0")
            time.sleep(0.03)

    def is_so(self, expression):
        """Whether it holds now; while the page goes to another one nothing does."""
        try:
            return self.evaluate(expression)
        except AssertionError as error:
            if any(words in str(error) for words in ("context was destroyed", "navigated or closed", "Cannot find context")):
                return False
            raise

    def there(self, selector, what, quiet=False):
        self.until(f"document.querySelector({quoted(selector)}) !== null", what, quiet)

    def gone(self, selector, what):
        self.until(f"document.querySelector({quoted(selector)}) === null", what)

    def shows(self, text, where="#messages", what=None):
        self.until(f"document.querySelector({quoted(where)})?.innerText.includes({quoted(text)})", what or f"it shows: {text}")

    def hides(self, text, where="#messages", what=None):
        self.until(f"!document.querySelector({quoted(where)})?.innerText.includes({quoted(text)})", what or f"it does not show: {text}")

    def find(self, selector, text):
        """JavaScript for the last element that fits and says exactly this."""
        return (f"[...document.querySelectorAll({quoted(selector)})]"
                f".findLast((e) => e.textContent.trim() === {quoted(text)} || e.getAttribute('aria-label') === {quoted(text)})")

    def center(self, element):
        place = self.evaluate(f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'nearest'}}); const r = e.getBoundingClientRect();"
                              " return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        return {"x": place[0], "y": place[1]}

    def mouse(self, element, button="left"):
        """Clicks where the element is, as a hand does."""
        at = self.center(element)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", **at)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button=button, clickCount=1, **at)

    def click(self, selector, text=None, button="left"):
        element = self.find(selector, text) if text is not None else f"document.querySelector({quoted(selector)})"
        self.until(f"Boolean({element})", f"there is {selector} {text or ''}", quiet=True)
        # Something that is still on its way out may lie above it.
        self.until(f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'nearest'}}); const r = e.getBoundingClientRect();"
                   " const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);"
                   " return Boolean(top) && (e.contains(top) || top.contains(e)); })()", f"{selector} {text or ''} can be clicked", quiet=True)
        self.mouse(element, button)

    def types(self, text):
        self.call("Input.insertText", text=text)

    def press(self, *keys, modifiers=0):
        for key in keys:
            code, text = KEYS.get(key, (ord(key.upper()) if len(key) == 1 else 0, key if not modifiers else ""))
            name = " " if key == "Space" else key
            common = {"key": name, "code": f"Key{key.upper()}" if len(key) == 1 else key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
            down = {"text": text} if text else {}
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **down)
            self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def says(self, text):
        self.until("document.getElementById('text') && !document.getElementById('text').disabled", "one can write", quiet=True)
        self.evaluate("document.getElementById('text').focus()")
        self.types(text)
        self.press("Enter")

    def becomes(self, user):
        self.click(f"#identity [data-user={quoted(user)}]")
        self.until(f"document.querySelector('#identity [aria-pressed=true]')?.dataset.user === {quoted(user)}", f"one is {user}", quiet=True)

    def goes(self, channel):
        self.click(f"#places .channel[data-name={quoted(channel)}]")
        self.there(f"#places .channel[data-name={quoted(channel)}][aria-current]", f"#{channel} is open", quiet=True)

    # ---- looks -------------------------------------------------------------------------------------------

    def size(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if mobile else 1, mobile=mobile)
        # What is clicked next has to lie where it will be clicked.
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, folder, name):
        if folder:
            self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 120))))")
            (folder / f"{name}.png").write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def end(self):
        end(self.process)


def end(process):
    if process and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
