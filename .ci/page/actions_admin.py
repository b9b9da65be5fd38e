"""What is done on the tabs Roles, Security and Servers, and by the buttons that restart and stop the bot."""

import people


def do(me, house):
    roles(me, house)
    sessions(me, house)
    journal(me, house)
    leave(me, house)


def roles(me, house):
    kept = lambda: "".join(path.read_text() for path in (house.data / "pages").glob("*.json"))
    me.open("/roles/edit")
    me.fills("[name=name]", "Cook")
    me.fills("[name=words]", "Sees the stove")
    for right in ("plugins.list", "bot.status"):
        me.presses(f"document.querySelector('#rights input[value=\"{right}\"]')")
    with me.doing("/roles/save"):
        me.click("form button", "Make the role")
    me.shows("Cook")
    house.until(lambda: '"Cook"' in kept(), "the role is on the disk")
    people.gives(me, house, "member", "Cook")
    cook = me.browser.somebody()
    people.through_discord(cook, house, "member")
    people.logged_in(cook, "member", "Cook")
    tabs = cook.evaluate("document.querySelectorAll('#sidebar .nav a').length")
    me.open("/roles")
    with me.doing("/roles/people/remove"):
        me.click("#people button", "Remove member")
        me.agrees()
    me.told("They have no role any more")
    cook.shows("You have no role here any more.", "main", f"whoever had the role, with {tabs} tabs, is told at once that they have none")
    cook.complaints.clear()
    me.open("/roles/all")
    with me.doing("/roles/remove"):
        me.click("main button", "Delete Cook")
        me.agrees()
    me.hides("Cook", "main table")
    house.until(lambda: '"Cook"' not in kept(), "and gone from the disk")


def sessions(me, house):
    people.gives(me, house, "member", "Visitor")
    for words, path in (("End: member", "one session"), ("End all of theirs: member", "all of somebody's")):
        page = me.browser.somebody()
        people.through_discord(page, house, "member")
        people.logged_in(page, "member", "Visitor")
        me.open("/security")
        # The one that was used last comes first.
        button = f"[...document.querySelectorAll('#sessions button')].find((it) => it.ariaLabel === {words!r})"
        me.until(f"Boolean({button})", f"the owner sees {path}")
        with me.doing("/security/revoke"):
            me.presses(button)
            me.agrees()
        page.until("location.pathname === '/login'", f"{path}: the open page is led to the login at once")
        page.complaints.clear()
    me.hides("member", "#sessions")


def journal(me, house):
    me.open("/security/journal")
    with me.doing("/security/journal/verify"):
        me.click("button", "Verify the chain")
    me.shows("The chain holds", "#verified")
    text = me.browser.evaluate("fetch('/p/dashboard/security/journal.csv').then((it) => it.text())")
    for call in ("plugins.unload", "settings.write", "botfiles.write", "pages.set_user", "pages.login", "hooks.switch", "dashboard/chat.send"):
        if call not in text:
            raise AssertionError(f"the journal has no {call}:\n{text[:2000]}")
    print("ok  what was done is in the journal", flush=True)


def leave(me, house):
    me.open(f"/servers/{house.guild('Harbour')}")
    me.fills("[name=name]", "Harbour")
    with me.doing("/servers/{guild}/leave"):
        me.click("form button", "Leave this server")
        me.agrees()
    house.until(lambda: house.guild("Harbour") is None, "the bot is in that server no more")
    me.hides("Harbour", "main .list, main table")


def restart(me, house):
    """The page outlives the bot's restart."""
    readies = lambda: sum(" ready: " in line for line in house.said())
    before = readies()
    me.open("/")
    me.browser.evaluate("window.stays = true")
    with me.doing("/actions/restart"):
        me.click(".page-head button", "Restart")
        me.agrees()
    house.until(lambda: readies() > before and house.serves(), "the bot is back")
    me.until("!document.body.classList.contains('lost') && window.stays === true", "the page has gone on without being loaded anew")
    me.browser.complaints.clear()
    me.open("/")
    people.logged_in(me.browser, "owner", "Owner")


def stop(me, house):
    with me.doing("/actions/stop"):
        me.click(".page-head button", "Stop")
        me.agrees()
    code = house.process.wait(60)
    if code != 0:
        raise AssertionError(f"the bot has ended with {code}")
    print("ok  the bot has ended, and in order", flush=True)
    me.shows("does not answer", "#toasts", "the page says that nobody answers")
    me.browser.complaints.clear()
