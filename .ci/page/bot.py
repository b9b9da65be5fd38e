"""A small raw bot: it has what no example plugin has, autocompletion among it, and uses no library at all."""

import base64
import json
import os
import socket
import struct
import threading
import urllib.error
import urllib.request
from pathlib import Path

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = 3, 4, 5, 6, 7, 8, 9, 10
TEAS = ["Assam", "Ceylon", "Darjeeling", "Earl Grey", "Genmaicha", "Gunpowder", "Lapsang", "Oolong", "Sencha"]
TEXT = """# Field notes
Plain, **bold**, *slanted*, __underlined__, ~~gone~~, ||a secret||, `inline code` and [a link](https://example.com/).
> Quoted, with **weight**
- first
  - inside of the first
- second
-# small print, <t:1700000000:D>
```rust
fn main() { println!("calm"); }
```"""


class Bot:
    def __init__(self, address, token):
        self.address, self.token, self.me, self.ready = address, token, None, threading.Event()
        self.failure = None
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.sendall((f"GET /?v=10&encoding=json HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        while self.file.readline().strip():
            pass
        self.lock, self.sequence = threading.Lock(), None
        threading.Thread(target=self.run, daemon=True).start()
        if not self.ready.wait(10):
            raise AssertionError(f"the small bot did not get ready: {self.failure}")

    # ---- the gateway ---------------------------------------------------------------------------------------

    def send(self, payload):
        data, mask = json.dumps(payload).encode(), os.urandom(4)
        size = struct.pack("!BB", 0x81, 0x80 | len(data)) if len(data) < 126 else struct.pack("!BBH", 0x81, 0xFE, len(data))
        with self.lock:
            self.socket.sendall(size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))

    def frames(self):
        while head := self.file.read(2):
            size = head[1] & 0x7F
            if size > 125:
                size = int.from_bytes(self.file.read(2 if size == 126 else 8), "big")
            data = self.file.read(size)
            if head[0] & 0x0F == 1:
                yield json.loads(data)
            elif head[0] & 0x0F == 8:
                raise OSError(f"closed: {int.from_bytes(data[:2])} {data[2:].decode()}")

    def run(self):
        try:
            for payload in self.frames():
                self.sequence = payload.get("s") or self.sequence
                if payload["op"] == 10:
                    self.beat(payload["d"]["heartbeat_interval"] / 1000)
                    properties = {"os": "linux", "browser": "raw", "device": "raw"}
                    presence = {"status": "idle", "afk": False, "since": None, "activities": [{"name": "the kettle", "type": 3}]}
                    self.send({"op": 2, "d": {"token": self.token, "intents": 0x1FFFF, "properties": properties, "presence": presence}})
                elif payload["op"] == 1:
                    self.send({"op": 1, "d": self.sequence})
                elif payload["op"] == 0:
                    self.hear(payload["t"], payload["d"])
        except (OSError, ValueError, KeyError) as error:
            self.failure = error

    def beat(self, interval):
        def again():
            try:
                while True:
                    self.send({"op": 1, "d": self.sequence})
                    threading.Event().wait(interval)
            except OSError:
                pass  # The sandbox has ended.
        threading.Thread(target=again, daemon=True).start()

    # ---- REST ----------------------------------------------------------------------------------------------

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bot {self.token}", "Content-Type": "application/json", "User-Agent": "DiscordBot (page check, 1)"}
        request = urllib.request.Request(f"http://{self.address}/api/v10{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            self.failure = f"{method} {path}: {error.code} {error.read().decode()}"
            return None

    def say(self, channel, **message):
        return self.ask("POST", f"/channels/{channel}/messages", message)

    def answer(self, interaction, kind, **data):
        self.ask("POST", f"/interactions/{interaction['id']}/{interaction['token']}/callback", {"type": kind, "data": data} if data else {"type": kind})

    # ---- what it does --------------------------------------------------------------------------------------

    def hear(self, event, data):
        if event == "READY":
            self.me = data["user"]["id"]
            self.ask("PUT", f"/applications/{self.me}/commands", commands())
            # A route that Discord does not have, for the inspector.
            self.ask("GET", "/teapots/1")
            self.failure = None
            self.ready.set()
        elif event == "MESSAGE_CREATE" and data["author"]["id"] != self.me:
            self.message(data["channel_id"], data["content"], data)
        elif event == "INTERACTION_CREATE":
            {2: self.command, 3: self.component, 4: self.complete, 5: self.submit}[data["type"]](data)

    def message(self, channel, text, data):
        match text:
            case "text":
                self.say(channel, content=TEXT)
            case "embed":
                self.say(channel, embeds=[embed()])
            case "controls":
                self.say(channel, content="Pick and press", components=controls())
            case "panel":
                self.say(channel, flags=1 << 15, components=panel())
            case "type":
                self.ask("POST", f"/channels/{channel}/typing")
            case "files":
                self.say(channel, content=", ".join(f"{file['filename']} has {file['size']} bytes" for file in data["attachments"]))
            case "poll":
                media = [{"poll_media": {"text": tea}} for tea in TEAS[:3]]
                self.say(channel, poll={"question": {"text": "Which next?"}, "answers": media, "duration": 24, "allow_multiselect": False})
            case "flood":
                for number in range(1, 231):
                    self.say(channel, content=f"line {number}")
            case "brew":
                self.ask("PATCH", f"/webhooks/{self.me}/{self.waiting}/messages/@original", {"content": "The kettle has boiled."})

    def command(self, interaction):
        data = interaction["data"]
        options = {option["name"]: option.get("value") for option in data.get("options", [])}
        match data["name"]:
            case "tea":
                said = ", ".join(f"{name}={value}" for name, value in sorted(options.items()))
                self.answer(interaction, 4, content=f"Ordered: {said}")
            case "kettle":
                self.waiting = interaction["token"]
                self.answer(interaction, 5)
            case "shelf":
                inner = data["options"][0]
                self.answer(interaction, 4, content=f"Shelf: {inner['name']} {inner['options'][0]['value']}", flags=64)
            case "order":
                self.answer(interaction, 9, **modal())
            case "Greet":
                self.answer(interaction, 4, content=f"Greetings, <@{data['target_id']}>!")
            case "Quote":
                quoted = data["resolved"]["messages"][data["target_id"]]["content"]
                self.answer(interaction, 4, content=f"> {quoted}")
            case "silent":
                pass

    def complete(self, interaction):
        typed = next(option for option in interaction["data"]["options"] if option.get("focused"))["value"].lower()
        self.answer(interaction, 8, choices=[{"name": f"{tea} tea", "value": tea.lower()} for tea in TEAS if typed in tea.lower()])

    def component(self, interaction):
        data = interaction["data"]
        if data["custom_id"] == "silent":
            return
        said = ", ".join(data.get("values", ["pressed"]))
        self.answer(interaction, 4, content=f"{data['custom_id']}: {said}", flags=64)

    def submit(self, interaction):
        filled = {}
        for outer in interaction["data"]["components"]:
            inner = outer.get("component") or outer["components"][0]
            filled[inner["custom_id"]] = inner.get("value", inner.get("values"))
        self.answer(interaction, 4, content=f"Order: {json.dumps(filled, sort_keys=True)}")


def commands():
    option = lambda kind, name, about, **more: {"type": kind, "name": name, "description": about, **more}
    return [
        {"name": "tea", "description": "Orders tea", "options": [
            option(STRING, "kind", "Which tea", required=True, autocomplete=True),
            option(INTEGER, "cups", "How many", required=True, min_value=1, max_value=9),
            option(STRING, "size", "How large", choices=[{"name": "Small", "value": "s"}, {"name": "Large", "value": "l"}]),
            option(BOOLEAN, "milk", "With milk"), option(USER, "guest", "For whom"), option(CHANNEL, "room", "Where to"),
            option(ROLE, "crew", "For which crew"), option(MENTIONABLE, "anyone", "For anyone"),
            option(NUMBER, "strength", "From 0 to 1", min_value=0, max_value=1),
        ]},
        {"name": "kettle", "description": "Thinks until the kettle has boiled"},
        {"name": "shelf", "description": "The shelf", "options": [
            {"type": 1, "name": name, "description": f"Would {name} it", "options": [option(STRING, "what", "What", required=True)]} for name in ("keep", "take")
        ]},
        {"name": "order", "description": "Opens a form"},
        {"name": "silent", "description": "Never answers"},
        {"name": "Greet", "type": 2}, {"name": "Quote", "type": 3},
    ]


def embed():
    return {
        "title": "Water temperature", "url": "https://example.com/", "description": "How hot, for **which** leaf.", "color": 0x0F7B7E,
        "author": {"name": "The tea room"}, "footer": {"text": "measured twice"}, "timestamp": "2026-01-05T10:00:00Z",
        "fields": [
            {"name": "Green", "value": "75 °C", "inline": True}, {"name": "Oolong", "value": "88 °C", "inline": True},
            {"name": "Black", "value": "96 °C", "inline": True}, {"name": "Note", "value": "Never `boil` a green tea."},
        ],
    }


def button(style, label, **more):
    target = {"url": "https://example.com/"} if style == 5 else {"custom_id": more.pop("custom_id", label.lower())}
    return {"type": 2, "style": style, "label": label, **target, **more}


def controls():
    options = [{"label": label, "value": label.lower(), "description": f"served {how}"} for label, how in (("Milk", "cold"), ("Lemon", "sliced"), ("Honey", "warm"))]
    row = lambda *parts: {"type": 1, "components": list(parts)}
    return [
        row(button(1, "Pour"), button(2, "Wait", emoji={"name": "⏳"}), button(3, "Serve"), button(4, "Spill"), button(2, "Off", disabled=True)),
        row(button(5, "Read more"), button(2, "Silent", custom_id="silent")),
        row({"type": 3, "custom_id": "with", "placeholder": "What goes with it", "options": options, "min_values": 1, "max_values": 2}),
        row({"type": 5, "custom_id": "who", "placeholder": "Who drinks it"}),
        row({"type": 8, "custom_id": "where", "placeholder": "Where it is served"}),
    ]


def panel():
    return [{"type": 17, "accent_color": 0xB26A00, "components": [
        {"type": 10, "content": "## Today's kettle\nThree things are on the stove."},
        {"type": 14, "divider": True, "spacing": 1},
        {"type": 9, "components": [{"type": 10, "content": "**Sencha**, 75 °C"}], "accessory": button(1, "Take it", custom_id="take")},
        {"type": 14, "divider": True, "spacing": 2},
        {"type": 1, "components": [{"type": 6, "custom_id": "crew", "placeholder": "Which crew"}]},
        {"type": 10, "content": "-# leaves are changed hourly"},
    ]}]


def modal():
    return {"custom_id": "order", "title": "An order", "components": [
        {"type": 18, "label": "Name on the cup", "description": "As it is to be written", "component": {"type": 4, "custom_id": "name", "style": 1, "max_length": 20, "required": True}},
        {"type": 18, "label": "Size", "component": {"type": 3, "custom_id": "size", "placeholder": "Choose a size", "options": [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}]}},
        {"type": 18, "label": "Wishes", "component": {"type": 4, "custom_id": "wishes", "style": 2, "required": False}},
    ]}


if __name__ == "__main__":
    import sys

    Bot(sys.argv[1], sys.argv[2])
    threading.Event().wait()
