"""What users do besides writing, faults, the keyboard, a phone's drawer, and a sandbox that goes away."""

from browser import quoted


def use(browser, sandbox, axe, screenshots):
    shot = lambda name: browser.screenshot(screenshots, name)
    browser.size(1280, 800)
    browser.scheme("light")
    browser.open(sandbox.url)
    browser.there("#identity [data-user=owner]", "the page is there", quiet=True)
    browser.becomes("owner")
    browser.goes("general")
    unknown_command(browser)
    pins(browser)
    threads(browser, shot)
    posts(browser, shot)
    people(browser, axe, shot)
    faults(browser, axe, shot)
    keyboard(browser)
    long_names(browser, shot)
    states(browser, axe, shot)
    drawer(browser, axe, shot)
    goes_and_comes(browser, sandbox, axe, shot)
    axe.nothing_found()


def unknown_command(browser):
    browser.says("/nothing of the kind")
    browser.shows("/nothing of the kind", what="an unknown command is sent as text")
    browser.shows("no command is named", "#error.note", "and the page says so, which is no error")
    browser.click("#error button", "Dismiss")


def last_menu(browser, text):
    """Opens the menu of the last message with this text."""
    message = f"[...document.querySelectorAll('.msg')].findLast((e) => e.querySelector('.md')?.textContent === {quoted(text)})"
    browser.until(f"Boolean({message})", f"there is {text}", quiet=True)
    browser.mouse(message + ".querySelector('.md')", "right")
    browser.there(".pop [role=menuitem]", "its menu opens", quiet=True)


def pins(browser):
    browser.says("worth keeping")
    last_menu(browser, "worth keeping")
    browser.click(".pop [role=menuitem]", "Pin")
    browser.shows("pinned a message to this channel", what="a message can be pinned")
    last_menu(browser, "worth keeping")
    browser.click(".pop [role=menuitem]", "Unpin")
    browser.until("![...document.querySelectorAll('.msg .marks')].some((e) => e.textContent === 'pinned')", "and taken down")
    browser.becomes("member")
    last_menu(browser, "worth keeping")
    browser.until("![...document.querySelectorAll('.pop [role=menuitem]')].some((e) => e.textContent === 'Pin')", "by those who may")
    browser.press("Escape")
    browser.becomes("owner")


def threads(browser, shot):
    browser.says("let us talk")
    last_menu(browser, "let us talk")
    browser.click(".pop [role=menuitem]", "Start a thread…")
    browser.there("#ask[open]", "a thread's name is asked for")
    browser.until("document.activeElement.id === 'word-0'", "the focus is in the field", quiet=True)
    browser.types("A long talk")
    shot("thread-dialog-light")
    browser.press("Enter")
    browser.there("#places .channel.thread[aria-current][data-name='A long talk']", "the thread is started, and open")
    browser.says("in here")
    browser.shows("in here")
    browser.goes("general")
    browser.click("#start-thread")
    browser.there("#ask[open]", "one without a message, too", quiet=True)
    browser.press("Escape")
    browser.gone("#ask[open]", "Escape leaves it")
    browser.until("document.activeElement.id === 'start-thread'", "and the focus goes back")


def posts(browser, shot):
    browser.goes("questions")
    browser.until("document.getElementById('start-thread').hidden && !document.getElementById('write-post').hidden", "a forum takes posts, not threads")
    browser.click("#write-post")
    browser.there("#ask[open]", "a post is asked for", quiet=True)
    browser.types("Who knows?")
    browser.evaluate("document.getElementById('word-1').focus()")
    browser.types("It is about the kettle.")
    shot("post-dialog-light")
    browser.click("#ask button", "Post it")
    browser.there("#places .channel.thread[aria-current][data-name='Who knows?']", "the post is there, and open")
    browser.shows("It is about the kettle.")
    browser.goes("general")


def menu_of(browser, user):
    browser.evaluate(f"document.querySelector('#members .member[data-user={user}]').focus()")
    browser.press("Enter")
    browser.there(".pop [role=menuitem]", f"{user}'s menu opens", quiet=True)


def people(browser, axe, shot):
    menu_of(browser, "member")
    axe.check("a person's menu")
    shot("person-menu-light")
    browser.click(".pop [role=menuitem]", "Change the nickname…")
    browser.there("#ask[open]", "a nickname is asked for", quiet=True)
    browser.types("Captain")
    axe.check("a dialog")
    browser.press("Enter")
    browser.shows("Captain", "#members", "nicknames can be changed")
    menu_of(browser, "member")
    browser.click(".pop [role=menuitem]", "Roles…")
    browser.there(".pop [role=option]", "roles are offered", quiet=True)
    browser.press("Enter")
    browser.press("Escape")
    browser.until("document.querySelector('#members .member[data-user=member]').closest('section').ariaLabel === 'Moderator'", "roles can be given")
    menu_of(browser, "member")
    browser.click(".pop [role=menuitem]", "Roles…")
    browser.there(".pop [role=option]", "roles are offered again", quiet=True)
    browser.press("Enter")
    browser.press("Escape")
    browser.until("document.querySelector('#members .member[data-user=member]').closest('section').ariaLabel === 'Members'", "and taken")
    browser.becomes("member")
    menu_of(browser, "owner")
    browser.until("![...document.querySelectorAll('.pop [role=menuitem]')].some((e) => /nickname|Roles/.test(e.textContent))", "by those who may")
    browser.press("Escape")
    browser.becomes("owner")


def faults(browser, axe, shot):
    browser.press("i", modifiers=2)
    browser.click("#tab-controls")
    browser.shows("Faults", "#panel-controls", "faults can be chosen")
    browser.click("#panel-controls button", "Let it go wrong")
    browser.shows("POST /channels/*/messages: 429", ".faults", "and injected")
    browser.shows("1 left", ".faults", "so many times")
    browser.evaluate("(() => { const e = document.querySelector('[aria-label=\"What goes wrong\"]'); e.value = 'lose-dispatch'; e.dispatchEvent(new Event('change')); })()")
    browser.click("#panel-controls button", "Let it go wrong")
    browser.shows("An event is lost: MESSAGE_CREATE", ".faults", "of other kinds, too")
    axe.check("the controls")
    shot("faults-light")
    browser.click(".faults li button")
    browser.until("document.querySelectorAll('.faults li').length === 1", "each can be ended")
    browser.click("#panel-controls button", "End all")
    browser.until("document.querySelectorAll('.faults li').length === 0", "and all of them")
    browser.click("#tab-traffic")
    axe.check("the traffic")
    browser.click("#tab-parts")
    axe.check("the plugins")
    browser.press("i", modifiers=2)


# The elements that Tab stops at, in order, as far as the message box.
STOPS = """(() => {
  const all = [...document.querySelectorAll('#messages a[href], #messages button, #messages [tabindex], #messages summary')];
  return all.filter((e) => e.tabIndex >= 0 && !e.disabled).map((e) => e.className.includes('msg') ? 'message' : e.outerHTML.slice(0, 80));
})()"""


def keyboard(browser):
    browser.says("one stop each")
    browser.shows("one stop each")
    stops = browser.evaluate(STOPS)
    count = browser.evaluate("document.querySelectorAll('#messages .msg').length")
    if stops != ["message"] * count:
        raise AssertionError(f"{count} messages have these stops: {stops}")
    print("ok  each message is one stop of Tab", flush=True)
    browser.evaluate("[...document.querySelectorAll('#messages .msg')].at(-1).focus()")
    browser.press("ArrowUp")
    browser.until("document.activeElement === [...document.querySelectorAll('#messages .msg')].at(-2)", "arrows go from message to message")
    browser.press("ArrowDown", "ArrowRight")
    browser.until("document.activeElement.closest('.msg') && document.activeElement.tagName !== 'LI'", "and into one")
    browser.press("ArrowRight")
    label = browser.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")
    if not label:
        raise AssertionError("a control of a message has no name")
    browser.press("Escape")
    browser.until("document.activeElement === [...document.querySelectorAll('#messages .msg')].at(-1)", "Escape leads out of it")
    browser.press("Home")
    browser.until("document.activeElement === document.querySelector('#messages .msg')", "Home to the first")
    browser.press("End", "Tab")
    browser.until("!document.activeElement.closest('#messages')", "and Tab goes on behind the last")


LONG = "Bartholomew-Maximilian-the-32nd"


def long_names(browser, shot):
    menu_of(browser, "owner")
    browser.click(".pop [role=menuitem]", "Change the nickname…")
    browser.there("#ask[open]", "a nickname is asked for", quiet=True)
    browser.types(LONG)
    browser.press("Enter")
    browser.shows(LONG, "#members", "a long name")
    browser.says("who am I?")
    browser.shows("who am I?")
    for width in (1280, 390):
        browser.size(width, 844, mobile=width < 500)
        browser.until("[...document.querySelectorAll('.msg .head b, .member .cut, .channel .cut, .msg .before b, #name .cut')].filter((e) => e.checkVisibility()).every((e) => "
                      "e.scrollWidth <= e.clientWidth + 1 || getComputedStyle(e).textOverflow === 'ellipsis')", f"long names end in an ellipsis ({width} px)")
        browser.until(f"document.documentElement.scrollWidth <= {width}", f"and push nothing out ({width} px)", quiet=True)
    shot("phone-long-name-light")
    browser.size(1280, 800)


def states(browser, axe, shot):
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        browser.until(f"document.documentElement.dataset.theme === '{scheme}'", f"it is {scheme}", quiet=True)
        axe.check(f"messages, {scheme}")
        shot(f"deeds-{scheme}")
        browser.goes("dm")
        axe.check(f"direct messages, {scheme}")
        browser.goes("questions")
        axe.check(f"a forum, {scheme}")
        browser.goes("general")
    browser.scheme("light")


def drawer(browser, axe, shot):
    browser.size(390, 844, mobile=True)
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        browser.until(f"document.documentElement.dataset.theme === '{scheme}'", f"it is {scheme}", quiet=True)
        axe.check(f"a phone, {scheme}")
        for opener, element in (("#open-side", "#side"), ("#tools [aria-label=Members]", "#members")):
            browser.click(opener)
            browser.there(f"{element}.on", f"{element} opens", quiet=True)
            browser.until(f"document.querySelector({quoted(element)}).contains(document.activeElement)", f"the focus is in {element}")
            browser.until("document.getElementById('main').inert", "what lies below is inert")
            axe.check(f"{element} as a drawer, {scheme}")
            shot(f"drawer-{element[1:]}-{scheme}")
            for _ in range(40):
                browser.press("Tab")
            browser.until(f"document.activeElement === document.body || document.querySelector({quoted(element)}).contains(document.activeElement)", "Tab stays in it")
            browser.evaluate(f"document.querySelector({quoted(element)}).querySelector('button').focus()")
            browser.press("Escape")
            browser.gone(f"{element}.on", "Escape closes it")
            browser.until(f"document.activeElement === document.querySelector({quoted(opener)}) && !document.getElementById('main').inert", "and gives the focus back")
    browser.click("#open-side")
    browser.there("#side.on", "it opens again", quiet=True)
    browser.call("Input.dispatchMouseEvent", type="mousePressed", button="left", clickCount=1, x=375, y=500)
    browser.call("Input.dispatchMouseEvent", type="mouseReleased", button="left", clickCount=1, x=375, y=500)
    browser.gone("#side.on", "a touch beside it closes it")
    browser.click("#open-side")
    browser.there("#side.on", "it opens again", quiet=True)
    browser.size(1280, 800)
    browser.until("!document.getElementById('main').inert", "a wide screen has no drawer")
    browser.scheme("light")


def goes_and_comes(browser, sandbox, axe, shot):
    sandbox.stop()
    browser.until("!document.getElementById('gone').hidden", "a banner says that the sandbox is gone")
    browser.shows("does not answer", "#gone")
    axe.check("the banner")
    shot("gone-light")
    sandbox.again()
    browser.until("document.getElementById('gone').hidden", "it goes by itself when the sandbox is there again")
    browser.says("back again")
    browser.shows("back again", what="and the page goes on")
    # That the sandbox was away is what the console complained of.
    browser.complaints.clear()
