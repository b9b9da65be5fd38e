"""The bot's dashboard, as its owner opens it by the link that the terminal prints: every tab, in light, in dark and on a phone."""

import re
import time

from browser import PATIENCE

# Names as somebody makes them who wants to be seen, or to see more than they should.
WORLD = f"""
[application]
owner = "owner"
[[user]]
name = "owner"
[[user]]
name = "script"
display_name = "<img src=x onerror=alert(1)>"
[[guild]]
name = "<script>alert(1)</script>"
owner = "owner"
[[guild.channel]]
name = "general"
[[guild.member]]
user = "script"
[[guild]]
name = "\\u202egnirts detrever"
owner = "script"
[[guild]]
name = "{chr(0x1F600) * 50}"
owner = "script"
[[guild]]
name = "Z{chr(0x0323) * 16}{chr(0x0301) * 16}"
owner = "script"
"""


def link_of(sandbox):
    deadline = time.monotonic() + PATIENCE
    while True:
        for line in sandbox.said():
            if found := re.search(r"(http://[\d.:]+)(/login/link#[0-9a-f]+)", line):
                return found.group(1), found.group(2)
        if time.monotonic() > deadline:
            raise AssertionError("the terminal prints no link to the dashboard")
        time.sleep(0.05)


def use(browser, sandbox, axe, screenshots):
    base, path = link_of(sandbox)
    browser.size(1280, 800)
    browser.open(base + path)
    browser.until("location.hash === ''", "the link's secret leaves the address")
    browser.click("button", "Log in")
    # The page that one has come from has a heading, too.
    browser.there("nav a[href^='/p/']", "one is logged in")
    browser.until("document.readyState === 'complete'", "the first page is loaded", quiet=True)
    axe.check("the first page")
    tabs = browser.evaluate("[...new Set([...document.querySelectorAll('nav a[href]')].map((link) => link.getAttribute('href')))]")
    tabs = [tab for tab in tabs if tab.startswith("/p/") or tab.startswith("/tab/")]
    if len(tabs) < 10:
        raise AssertionError(f"there are but {len(tabs)} tabs: {tabs}")
    for tab in tabs:
        name = tab.strip("/").replace("/", "-")
        browser.size(1280, 800)
        browser.scheme("light")
        browser.open(base + tab)
        browser.there("main h1", f"{tab} is open")
        settled(browser)
        harmless(browser, tab)
        axe.check(f"{tab}, light")
        browser.screenshot(screenshots, f"dashboard-{name}-light")
        browser.scheme("dark")
        axe.check(f"{tab}, dark")
        browser.screenshot(screenshots, f"dashboard-{name}-dark")
        browser.scheme("light")
        browser.size(390, 844, mobile=True)
        fits = "document.documentElement.scrollWidth <= window.innerWidth"
        browser.until(fits, f"{tab} fits on a phone")
        axe.check(f"{tab}, on a phone")
        browser.screenshot(screenshots, f"dashboard-{name}-phone")
    browser.size(1280, 800)
    palette(browser, base)
    axe.nothing_found()


def settled(browser):
    """Until the parts of a page have come that it fetches."""
    parts = "[...document.querySelectorAll('[data-src]')].every((part) => part.childElementCount > 0 || part.textContent.trim() !== '')"
    browser.until(parts, "its parts are there", quiet=True)


def harmless(browser, tab):
    """Nothing of what others have named runs, or is an element."""
    made = browser.evaluate("document.querySelectorAll('main img[onerror], main script').length")
    if made:
        raise AssertionError(f"{tab}: somebody's name has become an element")


def palette(browser, base):
    browser.open(base + "/")
    browser.there("main h1", "the first page is open", quiet=True)
    browser.press("k", modifiers=2)
    browser.there("dialog[open] input", "Ctrl+K opens the palette")
    browser.types("sett")
    browser.press("Enter")
    browser.until("location.pathname.includes('settings')", "the palette leads to the settings")
