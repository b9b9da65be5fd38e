"""What is done on the tab Plugins, and seen in the bot: in its folder of plugins, in its log, and by what it answers."""


def do(me, house):
    reload(me, house)
    unload_and_load(me, house)
    files(me, house)
    canary(me, house)
    remove(me, house)
    all_of_them(me, house)


def reload(me, house):
    before = house.generation("hello")
    me.open("/plugins?q=hello")
    with me.doing("/plugins/reload"):
        me.click("#plugins button", "Reload hello")
    me.shows(f"load {before + 1}", "#plugins", "the page has the next load")
    house.until(lambda: house.generation("hello") == before + 1, "the bot has loaded it once more")
    house.hears("member", "kitchen", "!hello", "Hello, member!")


def unload_and_load(me, house):
    with me.doing("/plugins/unload"):
        me.click("#plugins button", "Unload hello")
        me.agrees()
    me.shows("unloaded", "#plugins")
    house.until(lambda: "hello" not in commands(house), "its slash command is gone from Discord")
    with me.doing("/plugins/check"):
        me.click("#plugins button", "Dry run of hello")
    me.shows("Dry run: hello", "#report")
    me.shows("can be loaded", "#report")
    with me.doing("/plugins/load"):
        me.click("#plugins button", "Load hello")
    me.shows("loaded", "#plugins")
    house.until(lambda: "hello" in commands(house), "and is there again")
    house.hears("member", "kitchen", "!hello", "Hello, member!")
    me.open("/plugins/of/counter")
    me.fills("#unload-reason", "the cups are being counted")
    with me.doing("/plugins/unload"):
        me.click("form button", "Unload")
        me.agrees()
    me.shows("the cups are being counted", "#plugin", "an unload's reason stays on the page")
    with me.doing("/plugins/load"):
        me.click("#plugin button", "Load counter")
    house.hears("member", "kitchen", "!count", "Count: 1")


def commands(house):
    me = house.rest("/applications/@me")["id"]
    return {command["name"] for command in house.rest(f"/applications/{me}/commands")}


def newer(house, name, zeros):
    """A library that does the same, and is another file."""
    path = house.sandbox.folder / f"lib{name}.so"
    path.write_bytes((house.extensions / path.name).read_bytes() + b"\0" * zeros)
    return path


def files(me, house):
    waiting = lambda: list(house.data.glob("**/arrived/*.so"))
    file = newer(house, "echo", 16)
    me.open("/plugins")
    with me.doing("/plugins/upload"):
        me.uploads("#plugin-file", file)
    me.shows("Dry run: echo", "#report", "a file that is uploaded is tried first")
    house.until(waiting, "it waits beside the plugins")
    with me.doing("/plugins/discard"):
        me.click("#report button", "Throw away")
    me.told("is thrown away")
    house.until(lambda: not waiting(), "and does not any more")
    before = (house.extensions / file.name).read_bytes()
    with me.doing("/plugins/upload"):
        me.uploads("#plugin-file", file)
    me.shows("Dry run: echo", "#report", "it is uploaded once more")
    with me.doing("/plugins/install"):
        me.click("#report button", "Install only")
    me.told("is installed and waits")
    if house.generation("echo") != 1:
        raise AssertionError("a file that was to be installed only was loaded")
    me.before = before


def canary(me, house):
    files_page = "/plugins/of/echo?part=files"
    for end in ("back", "promote"):
        me.open(files_page)
        me.fills("#canary-servers", "Harbour")
        with me.doing("/plugins/canary/begin"):
            me.click("#plugin form button", "Begin")
        me.shows("1 server", "#plugin", "a canary serves one server")
        if end == "back":
            with me.doing("/plugins/canary/back"):
                me.click("#plugin button", "Take back echo")
                me.agrees()
            me.shows("Begin", "#plugin", "it is taken back")
    with me.doing("/plugins/canary/promote"):
        me.click("#plugin button", "Promote echo")
        me.agrees()
    me.until("document.querySelectorAll('#plugin table')[0].tBodies[0].rows.length === 2", "the former file is kept")
    house.until(lambda: (house.extensions / "libecho.so").read_bytes() != me.before, "the newer file is in its place")
    house.hears("member", "kitchen", "!echo promoted", "promoted")
    me.open(files_page)
    with me.doing("/plugins/rollback"):
        me.presses("document.querySelector('#plugin button[data-post$=\"/plugins/rollback\"]')")
        me.agrees()
    house.until(lambda: (house.extensions / "libecho.so").read_bytes() == me.before, "a rollback brings the former file back")
    house.hears("member", "kitchen", "!echo back", "back")


def remove(me, house):
    me.open("/plugins/of/wizard")
    with me.doing("/plugins/remove"):
        me.click("#plugin button", "Remove wizard")
        me.agrees()
    me.until("location.pathname === '/p/dashboard/plugins'", "a plugin that is removed has no page any more")
    # The page may have asked for it before it went.
    me.browser.complaints.clear()
    house.until(lambda: not (house.extensions / "libwizard.so").exists(), "its file is gone from the folder")
    house.until(lambda: "announce" not in commands(house), "and its command from Discord")


def all_of_them(me, house):
    before = {name: house.generation(name) for name in ("hello", "help", "dashboard")}
    me.open("/plugins")
    with me.doing("/actions/reload-all"):
        me.click(".page-head button", "Reload all")
        me.agrees()
    for name, generation in before.items():
        house.until(lambda: house.generation(name) == generation + 1, f"{name} is reloaded with all others")
