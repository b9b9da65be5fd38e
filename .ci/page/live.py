"""How long it takes until what has happened is on an open page: told in milliseconds, which are no test. That it comes to the page as it is, is one."""

import json
import time

HANDLER = "pantry:pantry.ordered:shop"

# Notes when something holds for the first time. Whoever loads the page anew forgets that.
WATCH = """((isSo) => {
  window.seen = null;
  const look = () => { if (window.seen === null && isSo()) window.seen = Date.now(); };
  look();
  if (window.seen !== null) throw new Error("it is so already");
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
})"""


def comes(me, what, expression, happens):
    """Lets something happen, and waits until the page that is open has it: milliseconds from before it was asked for in Discord."""
    page = me.browser
    page.evaluate(f"{WATCH}(() => {expression})")
    before = time.time() * 1000
    happens()
    page.until("window.seen", f"{what}: it comes to the open page", quiet=True)
    took = page.evaluate("window.seen") - before
    print(f"ok  {what}: on the page after {took:.0f} ms", flush=True)
    return what, took


def has(where, words):
    return f"document.querySelector({json.dumps(where)})?.textContent.includes({json.dumps(words)})"


def use(me, house):
    took = [*messages(me, house), *events(me, house), *lines(me, house), *figures(me, house)]
    slowest = max(took, key=lambda it: it[1])
    print(f"    the slowest of {len(took)}: {slowest[0]}, {slowest[1]:.0f} ms", flush=True)


def messages(me, house):
    me.open(f"/chat/{house.guild('Tea House')}/{house.channel('cellar')}")
    me.follows()
    for turn in range(3):
        words = f"cup number {turn}"
        yield comes(me, "a message", has("#messages", words), lambda: house.says("member", "cellar", words))


def events(me, house):
    me.open("/events")
    me.follows()
    # It begins to listen with the page: what comes before that is not heard.
    heard = lambda: house.says("member", "cellar", "anybody?") or me.browser.is_so(has("#events", "anybody?"))
    house.until(heard, "events are heard")
    for turn in range(3):
        words = f"saucer number {turn}"
        yield comes(me, "an event", has("#events", words), lambda: house.says("member", "cellar", words))


def lines(me, house):
    me.open("/log")
    me.follows()
    for turn in range(3):
        words = f"a login to the pages was refused"
        count = f"[...document.querySelectorAll('#log li')].filter((it) => it.innerText.includes('{words}')).length"
        before = me.browser.evaluate(count)
        yield comes(me, "a line of the log", f"{count} > {before}", lambda: house.login_fails())


def figures(me, house):
    state = f"document.querySelector('#hooks tr[data-key=\"{HANDLER}\"]').cells[1].innerText.trim()"
    me.open(f"/hooks?q={HANDLER}")
    me.follows()
    for words, command in (("off", "eh_disable"), ("on", "eh_enable")):
        yield comes(me, "a handler's state", f"{state} === '{words}'", lambda: house.says("owner", "kitchen", f"!{command} {HANDLER}"))
    me.open("/settings?q=bot.prefix")
    me.follows()
    value = "document.querySelector('#setting-host-bot-prefix').getAttribute('value')"
    for words, command in (("!!", "!cogwright set bot.prefix !!"), ("!", "!!cogwright unset bot.prefix")):
        yield comes(me, "a setting", f"{value} === '{words}'", lambda: house.says("owner", "kitchen", command))
    me.open("/security")
    me.follows()
    count = "document.querySelectorAll('#sessions tbody tr').length"
    before = me.browser.evaluate(count)
    link = house.link()
    yield comes(me, "a session", f"{count} > {before}", lambda: house.logs_in(link))
    me.open("/plugins?q=hello")
    me.follows()
    standing = "document.querySelector('#plugins .plugin-row').innerText"
    yield comes(me, "a plugin's state", f"/unloaded/.test({standing})", lambda: house.says("owner", "kitchen", "!unload hello"))
    yield comes(me, "a plugin's state", f"!/unloaded/.test({standing})", lambda: house.says("owner", "kitchen", "!load hello"))
