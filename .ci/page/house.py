"""A bot of its own process on the sandbox, as `cogwright run` runs one, and what it can be looked at by beside its pages."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from browser import PATIENCE, end

SECRET = "made up for this check"
PEOPLE = ("owner", "helper", "visitor", "stranger", "member")
WORLD = f"""
[application]
owner = "owner"
client_secret = "{SECRET}"
""" + "".join(f"""
[[user]]
name = "{name}"
""" for name in PEOPLE) + """
[[guild]]
name = "Tea House"
owner = "owner"
[[guild.role]]
name = "Steward"
[[guild.channel]]
name = "kitchen"
[[guild.channel]]
name = "cellar"
""" + "".join(f"""
[[guild.member]]
user = "{name}"
""" for name in PEOPLE[1:]) + """
[[guild]]
name = "Harbour"
owner = "member"
[[guild.channel]]
name = "docks"
[[guild.member]]
user = "owner"
"""


def config(sandbox, port):
    """All else is as it comes, but that nothing here waits for a minute to be over, and a trial of a plugin fails five times at most."""
    gateway = sandbox.line("gateway").split()[1]
    return f"""[pages]
listen = "127.0.0.1:{port}"
requests_per_minute = 100000
[metrics]
listen = "off"
[discord]
api_url = "http://{sandbox.address}"
gateway_url = "{gateway}"
[storage]
backup_on_shutdown = false
"""


def free_port():
    """A port that it can have again after a restart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def words(message):
    """All words of a message, those of embeds among them."""
    embeds = [f"{embed.get('title', '')} {embed.get('description', '')} {json.dumps(embed.get('fields', []), ensure_ascii=False)}" for embed in message["embeds"]]
    return " ".join([message["content"], *embeds]).strip()


class House:
    def __init__(self, sandbox, program, libraries):
        self.sandbox, self.folder = sandbox, sandbox.folder / "bot"
        self.extensions, self.data = self.folder / "extensions", self.folder / "data"
        self.extensions.mkdir(parents=True)
        for library in libraries:
            shutil.copy(library, self.extensions)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        (self.folder / "config.toml").write_text(config(sandbox, port))
        self.log = sandbox.folder / "bot.log"
        self.program = program
        self.start()

    def start(self):
        variables = {"DISCORD_TOKEN": self.sandbox.token(), "BOT_OWNER_ID": self.user("owner"), "DISCORD_CLIENT_SECRET": SECRET}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen([self.program, "run"], cwd=self.folder, env={**os.environ, **variables}, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            self.until(self.serves, "the bot serves its pages")
        except AssertionError:
            self.stop()
            raise

    def stop(self):
        end(self.process)

    def serves(self):
        try:
            with urllib.request.urlopen(f"{self.url}/login", timeout=5) as answer:
                # The pages are there before the bot is ready.
                return answer.status == 200 and self.ask("/sandbox/state")["bot"]["online"]
        except OSError:
            return False

    # ---- looked at from outside --------------------------------------------------------------------------

    def until(self, is_so, what):
        """Until something holds beside the pages; what it was then."""
        deadline = time.monotonic() + PATIENCE
        while not (found := is_so()):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"{what}: it never came. The bot's log ends with:\n" + "\n".join(self.said()[-30:]))
            time.sleep(0.03)
        print(f"ok  {what}", flush=True)
        return found

    def said(self):
        return self.log.read_text(errors="replace").splitlines()

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.sandbox.address}{path}", data=data, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def rest(self, path, method="GET", body=None):
        """Discord's API, as the bot's own token sees it; `None`: it is not there."""
        headers = {"Authorization": f"Bot {self.sandbox.token()}", "Content-Type": "application/json", "User-Agent": "DiscordBot (page check, 1)"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.sandbox.address}/api/v10{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            if error.code in (403, 404):
                return None
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def user(self, name):
        return self.ask(f"/sandbox/state?user={name}")["me"]["id"]

    def guild(self, name):
        return next((guild["id"] for guild in self.rest("/users/@me/guilds") if guild["name"] == name), None)

    def channel(self, name):
        guilds = (self.rest(f"/guilds/{guild['id']}/channels") for guild in self.rest("/users/@me/guilds"))
        return next(channel["id"] for channels in guilds for channel in channels if channel["name"] == name)

    def messages(self, channel):
        """What is written in a channel, the newest first."""
        return self.rest(f"/channels/{self.channel(channel)}/messages?limit=20")

    def written(self, channel, text):
        """The message of the bot's with these words; `None`: there is none."""
        me = self.ask("/sandbox/state")["bot"]["id"]
        found = (message for message in self.messages(channel) if message["author"]["id"] == me and text in json.dumps(message, ensure_ascii=False))
        return next(found, None)

    def says(self, user, channel, text):
        """Somebody writes in Discord."""
        answer = self.ask("/sandbox/act", {"user": user, "channel": channel, "do": "say", "text": text})
        if "error" in answer:
            raise AssertionError(f"{user} in #{channel}: {text}: {answer['error']}")

    def hears(self, user, channel, text, contains=""):
        """The same, and what the bot answers there with these words."""
        known = {message["id"] for message in self.messages(channel)}
        self.says(user, channel, text)

        said = []

        def answer():
            fresh = (message for message in self.messages(channel) if message["id"] not in known and message["author"].get("bot"))
            said[:] = [words(message) for message in fresh]
            return next((text for text in said if contains in text), None)

        try:
            return self.until(answer, f"in Discord {text} is answered{contains and f' with {contains}'}")
        except AssertionError as error:
            raise AssertionError(f"{text} is answered with {said}, and {contains} was expected; {error}") from error

    def link(self):
        """A link to log in with, as the owner gets one by direct message."""
        before = len(self.direct("owner"))
        self.says("owner", "kitchen", "!livemonitor quickstart")
        return self.link_in(self.until(lambda: self.direct("owner")[before:], "the owner gets a direct message"))

    def link_in(self, messages):
        text = json.dumps(messages, ensure_ascii=False)
        found = re.search(re.escape(self.url) + r"/login/link#[0-9a-f]+", text)
        if not found:
            raise AssertionError(f"no link is in: {text}")
        return found.group(0)

    def link_denied(self, user):
        """What somebody is told who asks for a link and is no owner."""
        return self.hears(user, "kitchen", "!livemonitor quickstart")

    def login_fails(self):
        """Somebody has a link that never was."""
        try:
            self.logs_in("#" + "0" * 64)
        except urllib.error.HTTPError as error:
            if error.code != 403:
                raise

    def logs_in(self, link):
        """Somebody uses a link without a browser."""
        headers = {"Origin": self.url, "Content-Type": "text/plain"}
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/login/link", link.split("#")[1].encode(), headers), timeout=10).close()

    def direct(self, user):
        return self.ask(f"/sandbox/messages?user={user}&channel=dm")["items"]

    def generation(self, plugin):
        """How often a plugin was loaded, as the bot's journal of generations has it."""
        lines = [line for line in self.said() if "loaded" in line and f'plugin="{plugin}"' in line]
        found = [int(number) for line in lines for number in re.findall(r"generation=(\d+)", line)]
        return max(found, default=0)
