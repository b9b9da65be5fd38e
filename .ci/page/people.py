"""Who logs in to the dashboard, by which way, with which role; and what it keeps from those who may not."""

import json
import re

import visit


def through_discord(page, house, name):
    """Logs in by Discord's consent page, as whoever picks themselves there."""
    page.open(house.url + "/login")
    page.click("a.button", "Log in with Discord")
    page.shows("Cogwright wants to access", "h1", f"{name} comes to Discord's consent page")
    page.click(".people label bdi", name)
    page.click("button", "Authorise")


def by_link(page, house, link):
    page.open(link)
    page.until("location.hash === ''", "the link's secret leaves the address", quiet=True)
    page.click("button", "Log in")


def logged_in(page, name, role):
    page.there("nav a[href^='/p/']", f"{name} is logged in", quiet=True)
    page.shows(role, ".user-name", f"{name} is logged in as {role}")


def owner(browser, house):
    """The owner by Discord, out again, and in by a link, which is good once."""
    through_discord(browser, house, "owner")
    logged_in(browser, "owner", "Owner")
    me = visit.Visit(browser, house, "owner")
    with me.doing("/logout"):
        me.click("button", "Log out")
    browser.until("location.pathname === '/login'", "logging out leads to the login")
    status = browser.evaluate("fetch('/p/dashboard/').then((it) => it.status)")
    if status != 401:
        raise AssertionError(f"after logging out the dashboard answers {status}")
    link = house.link()
    with me.doing("/login/link"):
        by_link(browser, house, link)
    logged_in(browser, "owner", "Owner")
    again = browser.somebody()
    by_link(again, house, link)
    again.shows("used before", "#said", "a link logs in once")
    browser.complaints.clear()
    return me


def gives(me, house, name, role):
    me.open("/roles")
    me.fills("#give [name=user_id]", house.user(name))
    me.picks("#give [name=role]", role)
    with me.doing("/roles/people/set"):
        me.click("#give button", "Give")
    me.told(f"{name} has the role {role} now.")
    me.shows(name, "#people")


def others(me, house, role):
    """Somebody whom the owner gives a role, logged in by a link that the owner has sent them, and by Discord."""
    name = role.lower()
    print(f"ok  {name} gets no link by asking: {house.link_denied(name)}", flush=True)
    page = me.browser.somebody()
    through_discord(page, house, name)
    page.shows("have no role here", "main", f"without a role {name} is told so")
    page.complaints.clear()
    gives(me, house, name, role)
    before = house.direct(name)
    with me.doing("/roles/people/link"):
        me.click("#people button", f"Send a link to {name}")
        me.agrees()
    me.told("The bot has sent them a link.")
    other = visit.Visit(me.browser.somebody(), house, name)
    by_link(other.browser, house, house.link_in(house.until(lambda: house.direct(name)[len(before):], f"{name} gets a link")))
    logged_in(other.browser, name, role)
    other.shows(name, ".user-name")
    other.click("button", "Log out")
    other.until("location.pathname === '/login'", f"{name} logs out")
    # Discord does not ask a second time.
    page.open(house.url + "/login")
    page.click("a.button", "Log in with Discord")
    logged_in(page, name, role)
    return visit.Visit(page, house, name)


def stranger(me, house, operations):
    """Without a role: no way in, no page, and no deed."""
    page = me.browser.somebody()
    print(f"ok  a stranger gets no link: {house.link_denied('stranger')}", flush=True)
    through_discord(page, house, "stranger")
    page.shows("You are stranger", "main", "a stranger is told who they are to the bot")
    page.shows("The bot's owner gives roles", "main", "and who gives roles")
    who = visit.Visit(page, house, "stranger")
    page.open(house.url + "/p/dashboard/")
    page.until("location.pathname === '/login'", "a stranger is led to the login")
    for path in sorted(operations):
        if path in visit.HOSTS:
            continue
        status, text = who.sends(example(path, house))
        if status not in (401, 403) or not is_sentence(text):
            raise AssertionError(f"a stranger's {path} is answered by {status} {text!r}")
    print(f"ok  each of {len(operations)} deeds is refused to a stranger by a sentence", flush=True)
    page.complaints.clear()


def rights_of(me, role):
    """The rights that a role has, as the owner sees them."""
    me.open(f"/roles/edit?role={role}")
    return set(me.browser.evaluate("[...document.querySelectorAll('#rights input:checked')].map((it) => it.value)"))


def kept_from(who, house, operations, rights):
    """What a role may not do is on no page that it sees, and refused when it is sent all the same."""
    denied = {path for path, right in operations.items() if right and right not in rights}
    seen, offers = set(), {}
    to_see = who.tabs()
    while to_see:
        path = to_see.pop()
        if path in seen:
            continue
        seen.add(path)
        who.open(path, whole=True)
        settled(who)
        for address in who.offered():
            offers.setdefault(address, path)
        links = who.browser.evaluate("[...document.querySelectorAll('main a[href]')].map((it) => it.getAttribute('href'))")
        # Each kind of page once: of servers, plugins and the like the first one stands for all.
        kinds = {kind(it) for it in seen} | {kind(it) for it in to_see}
        for link in links:
            if link.startswith("/p/dashboard/") and kind(link) not in kinds and not re.search(r"[.]csv|/raw", link):
                kinds.add(kind(link))
                to_see.append(link)
    wrong = [f"{address} on {page}" for address, page in offers.items() if any(visit.pattern(path).match(address) for path in denied)]
    if wrong:
        raise AssertionError(f"{who.name} is offered what they may not: {wrong}")
    print(f"ok  {who.name} is offered nothing of {len(denied)} deeds on {len(seen)} pages", flush=True)
    who.open("/")
    for path in sorted(denied):
        status, text = who.sends(example(path, house))
        if status != 403 or not is_sentence(text):
            raise AssertionError(f"{who.name} may not {path}, and is answered by {status} {text!r}")
    print(f"ok  each of them is refused to {who.name} by a sentence, such as: {text}", flush=True)
    who.browser.complaints.clear()
    return denied


def kind(address):
    """An address without what is one's own in it."""
    return re.sub(r"\d{6,}|(?<=/of/)[^/?]+|\?.*", "*", address)


def example(path, house):
    """An address of this kind."""
    found = {"guild": house.guild("Tea House"), "channel": house.channel("kitchen")}
    return visit.full(re.sub(r"\{(\w+)\}", lambda it: found.get(it[1], "1"), path))


def settled(who):
    """Until the parts of a page have come that it fetches."""
    parts = "[...document.querySelectorAll('[data-src]')].every((part) => part.childElementCount > 0 || part.textContent.trim() !== '')"
    who.browser.until(parts, "its parts are there", quiet=True)


def is_sentence(text):
    return len(text) > 15 and " " in text and not text.lstrip().startswith(("<", "{"))


def operations(me):
    """All that the bot offers to be done, by its own description, and the right that each needs."""
    described = json.loads(me.browser.evaluate("fetch('/openapi.json').then((it) => it.text())"))
    found = {}
    for path, methods in described["paths"].items():
        if path.startswith("/p/dashboard/"):
            for method, operation in methods.items():
                if method != "get":
                    right = re.search(r"Needs `([^`]+)`", operation["description"])
                    found[path.removeprefix("/p/dashboard")] = right and right[1]
    if len(found) < 40:
        raise AssertionError(f"the description has but {len(found)} deeds: {sorted(found)}")
    # The host's own are in no plugin's manifest.
    return found | dict.fromkeys(visit.HOSTS)
