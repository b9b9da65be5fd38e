"""What is done on the tabs Files, Chat, Automations, Events, Backups, Database and Servers, and seen on the disk and in Discord."""

import sqlite3


def do(me, house):
    files(me, house)
    chat(me, house)
    automations(me, house)
    events(me, house)
    backups(me, house)
    database(me, house)


def files(me, house):
    root = house.folder
    me.open("/files")
    me.click("button[data-dialog]", "New file")
    me.fills("#new-file [name=name]", "notes/tea.md")
    with me.doing("/files/create"):
        me.click("#new-file button[type=submit]")
    me.until("Boolean(document.querySelector('textarea[name=text]'))", "a new file opens to be written in")
    house.until(lambda: (root / "notes/tea.md").read_bytes() == b"", "it is on the disk")
    me.fills("textarea[name=text]", "Assam\nCeylon\n")
    with me.doing("/files/changes"):
        me.click("button", "Show changes")
    me.shows("+2", "#changes", "two lines would be new")
    if (root / "notes/tea.md").read_bytes():
        raise AssertionError("what was to be shown only was written")
    with me.doing("/files/save"):
        me.click("#changes button", "Save")
    me.shows("Ceylon")
    house.until(lambda: (root / "notes/tea.md").read_text() == "Assam\nCeylon\n", "they are on the disk")
    me.open("/files")
    me.click("button[data-dialog]", "New folder")
    me.fills("#new-folder [name=name]", "shelf")
    with me.doing("/files/folder"):
        me.click("#new-folder button[type=submit]")
    house.until((root / "shelf").is_dir, "a folder is made")
    (house.sandbox.folder / "cups.txt").write_text("six cups\n")
    me.open("/files?path=shelf")
    with me.doing("/files/upload"):
        me.uploads("input[data-upload]", house.sandbox.folder / "cups.txt")
    me.shows("cups.txt", "#entries")
    house.until(lambda: (root / "shelf/cups.txt").read_text() == "six cups\n", "an upload is on the disk")
    me.click("#entries a", "Rename or move cups.txt")
    me.fills("[name=to]", "shelf/mugs.txt")
    with me.doing("/files/rename"):
        me.click("form button", "Move")
    house.until(lambda: (root / "shelf/mugs.txt").exists() and not (root / "shelf/cups.txt").exists(), "it is renamed there")
    me.shows("mugs.txt", "#entries")
    with me.doing("/files/remove"):
        me.click("#entries button", "Delete mugs.txt")
        me.agrees()
    house.until(lambda: not (root / "shelf/mugs.txt").exists(), "it is deleted there")
    me.open("/files/bin")
    with me.doing("/files/bin/restore"):
        me.click("main button", "Restore shelf/mugs.txt")
        me.agrees()
    house.until(lambda: (root / "shelf/mugs.txt").read_text() == "six cups\n", "and comes back out of the bin")
    me.shows("tea.md")
    with me.doing("/files/bin/empty"):
        me.click("button", "Empty the bin")
        me.agrees()
    me.shows("The bin is empty")


def chat(me, house):
    place = f"/chat/{house.guild('Tea House')}/{house.channel('kitchen')}"
    me.open(place)
    me.fills("#write [name=content]", "Tea is **ready**")
    with me.doing("/chat/{guild}/{channel}/send"):
        me.click("#write button", "Send")
    house.until(lambda: house.written("kitchen", "Tea is **ready**"), "it is written in Discord")
    me.shows("Tea is ready", "#messages")
    me.browser.evaluate("document.querySelector('#write details').open = true")
    me.fills("#write [name=title]", "On the stove")
    me.fills("#write [name=description]", "One kettle")
    with me.doing("/chat/{guild}/{channel}/send"):
        me.click("#write button", "Send")
    house.until(lambda: (house.written("kitchen", "On the stove") or {}).get("embeds"), "so is an embed")
    me.open(place)
    edit = "[...document.querySelectorAll('#messages li')].findLast((it) => it.innerText.includes('Tea is ready')).querySelector('a[href*=\"edit=\"]')"
    me.presses(edit)
    me.until("document.querySelector('#write textarea')?.value === 'Tea is **ready**'", "its words are in the form")
    me.fills("#write [name=content]", "Tea is gone")
    with me.doing("/chat/{guild}/{channel}/edit"):
        me.click("#write button", "Save")
    house.until(lambda: house.written("kitchen", "Tea is gone"), "it is changed in Discord")
    me.shows("Tea is gone", "#messages")
    delete = "[...document.querySelectorAll('#messages li')].findLast((it) => it.innerText.includes('Tea is gone')).querySelector('button[data-post]')"
    with me.doing("/chat/{guild}/{channel}/delete"):
        me.presses(delete)
        me.agrees()
    house.until(lambda: not house.written("kitchen", "Tea is gone"), "it is gone from Discord")
    me.hides("Tea is gone", "#messages")


def automations(me, house):
    """On another plugin's pages, which stay within its tab."""
    server = "/p/automations/servers/{guild}"
    me.open("/tab/automations/automations")
    me.click("main a", "Tea House")
    me.shows("No automations yet")
    me.click("main a", "Welcome")
    me.until("location.search.includes('new%2Fwelcome')", "the page's address has the open form in it")
    me.fills("[name=name]", "door")
    me.click("main form button", "Save")
    me.shows("it does nothing yet", "main form [data-error]", "what is missing is told, and the form stays")
    # A browser counts what is refused among its complaints.
    me.browser.complaints.clear()
    me.picks("[name='p.channel']", "#kitchen")
    me.fills("[name='p.message']", "Come in, {username}")
    me.click("main form button", "Preview")
    me.shows("says in #kitchen", "#preview")
    with me.doing(f"{server}/save"):
        me.click("main form button", "Save")
    me.told("door is saved and on.")
    me.shows("#1 door", what="the list has it, within the tab")
    me.browser.evaluate("location.reload()")
    me.shows("#1 door", what="and still after a reload of the page")
    for switched in ("off", "on"):
        with me.doing(f"{server}/switch"):
            me.click("main button", f"Switch {switched} door")
        me.told(f"door is {switched}.")
    with me.doing(f"{server}/delete"):
        me.click("main button", "Delete door")
        me.agrees()
    me.told("door is deleted.")
    me.shows("No automations yet")


def events(me, house):
    me.open("/events")
    me.until("Boolean(document.querySelector('#events'))", "events are listened to")
    heard = "[...document.querySelectorAll('#events li')].find((it) => it.innerText.includes('who has the cups'))"
    # It begins to listen when the page is opened: what comes before that is not heard.
    say = lambda: house.says("member", "cellar", "who has the cups?") or me.browser.is_so(f"Boolean({heard})")
    house.until(say, "a message is an event on the page")
    with me.doing("/events/show"):
        me.presses(f"{heard}.querySelector('button')")
    me.shows("who has the cups?", "#event", "its JSON is shown")
    me.browser.press("Escape")


def backups(me, house):
    made = lambda: {path.name for path in (house.data / "backups").glob("*")}
    me.open("/backups")
    with me.doing("/backups/create"):
        me.click("button", "Back up now")
    me.told("copied and checked")
    house.until(made, "a backup is on the disk")
    before = made()
    me.open("/backups")
    me.fills("[name=guild]:not([type=search])", house.guild("Tea House"))
    with me.doing("/backups/create"):
        me.click("form button", "Back it up")
    me.told("is made")
    me.shows(f"server {house.guild('Tea House')}")



def cups(house):
    with sqlite3.connect(f"file:{house.data / 'main.db'}?mode=ro", uri=True) as database:
        return dict(database.execute("SELECT name, cups FROM pantry__jars"))["tea"]


def shelves(house):
    found = []
    for file in house.data.glob("**/*.db"):
        if "backups" not in file.parts:
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
                found += database.execute("SELECT name FROM sqlite_master WHERE name = 'pantry__shelves'").fetchall()
    return found


def database(me, house):
    me.open("/database/sql?db=main")
    me.fills("[name=sql]", "SELECT name, cups FROM pantry__jars ORDER BY cups")
    with me.doing("/database/query"):
        me.click("form button", "Run")
    me.shows("tea", "#result", "a statement finds rows")
    me.shows("<script>", "#result", "and shows them as text")
    me.open("/database/edit?db=main")
    me.fills("[name=sql]", "UPDATE pantry__jars SET cups = 9 WHERE name = 'tea'")
    with me.doing("/database/try"):
        me.click("form button", "Try")
    me.shows("What would change", "#result")
    if cups(house) != 3:
        raise AssertionError("a trial has changed a row")
    with me.doing("/database/execute"):
        me.click("#result button", "Change")
        me.agrees()
    me.shows("What has changed", "#result")
    house.until(lambda: cups(house) == 9, "the row is changed in the database")
    me.open("/database/checks")
    with me.doing("/database/check"):
        me.click("button", "Begin")
    me.shows("Nothing is wrong.", "#check")
    me.open("/database/migrations?plugin=pantry")
    with me.doing("/database/migrate"):
        me.click("button", "Run what is missing")
        me.agrees()
    me.until("document.querySelectorAll('#toasts .toast').length > 0", "it is told what has run")
    me.hides("some on use", "main")
    house.until(lambda: shelves(house), "the servers' databases have the table")
