"""The page with a small bot that has everything: autocompletion, all kinds of components, modals, menus."""

from browser import quoted


def use(browser, url, bot, axe, screenshots):
    def shot(name):
        # Each state that is worth a picture is worth a look by axe.
        browser.screenshot(screenshots, name)
        axe.check(name)

    browser.open(url)
    everybody_sees_their_channels(browser)
    browser.shows("Watching the kettle", "#members", "the bot's status stands below its name")
    shot("empty-light")
    slash_by_keyboard(browser, shot)
    options_are_checked(browser, shot)
    messages(browser, bot, shot)
    files(browser, shot)
    polls(browser, bot, shot)
    components(browser, shot)
    modal(browser, shot)
    waiting(browser, bot, shot)
    menus(browser, shot)
    inspector(browser, shot)
    controls(browser, shot)
    looks(browser, shot)
    axe.nothing_found()
    if bot.failure:
        raise AssertionError(f"the small bot failed: {bot.failure}")


def everybody_sees_their_channels(browser):
    seen = {"owner": "general bots staff", "mod": "general bots staff", "member": "general bots"}
    for user, channels in seen.items():
        browser.there(f"#identity [data-user={user}]", f"one can be {user}", quiet=True)
        browser.becomes(user)
        expected = quoted(channels + " dm")
        browser.until(f"[...document.querySelectorAll('#places .channel')].map((e) => e.dataset.name).join(' ') === {expected}", f"{user} sees {channels}")
    browser.becomes("owner")


def slash_by_keyboard(browser, shot):
    """From the empty box to the answer without a mouse."""
    browser.evaluate("document.getElementById('text').focus()")
    browser.types("/")
    browser.shows("Orders tea", "#suggest", "a slash lists the commands")
    browser.shows("Cogwright", "#suggest", "they stand below their application")
    shot("slash-light")
    browser.types("t")
    browser.until("document.querySelector('#suggest .active b')?.textContent === '/tea'", "typing filters them")
    browser.press("Tab")
    browser.there(".command [data-option=kind]", "Tab takes one, and its required options are there")
    browser.until("document.activeElement.id === 'opt-kind'", "the first of them has the focus")
    browser.types("gr")
    browser.until("document.querySelector('#suggest .active b')?.textContent === 'Earl Grey tea'", "the bot completes it")
    browser.types("ea")
    browser.shows("The application offers nothing", "#suggest", "it says so when the bot offers nothing")
    browser.press("Backspace", "Backspace")
    browser.until("document.querySelector('#suggest .active b')?.textContent === 'Earl Grey tea'", "and asks again")
    shot("autocomplete-light")
    browser.press("Enter")
    browser.until("document.activeElement.id === 'opt-cups'", "Enter takes it and goes on")
    browser.types("3")
    browser.press("Tab")
    browser.shows("may be left out", "#suggest", "Tab offers the others")
    browser.press("ArrowDown")
    browser.until("document.querySelector('#suggest .active b')?.textContent === 'size'", "an arrow marks one")
    browser.press("Enter")
    browser.until("document.activeElement.id === 'opt-size'", "Enter adds it")
    browser.press("ArrowDown", "Enter")
    browser.until("document.getElementById('opt-size').value === 'Large'", "its choices are offered")
    browser.press("ArrowDown", "ArrowDown")
    browser.until("document.querySelector('#suggest .active b')?.textContent === 'guest'", "the next ones, too")
    browser.press("Enter")
    browser.until("document.activeElement.id === 'opt-guest'", "a user is asked for")
    browser.types("memb")
    browser.until("document.querySelector('#suggest .active b')?.textContent === 'member'", "and found by name")
    browser.press("Enter")
    browser.press("Enter")
    browser.shows("Ordered: cups=3, guest=")
    browser.shows("kind=earl grey, size=l")
    browser.until("document.activeElement.id === 'text'", "the focus is in the box again")


def options_are_checked(browser, shot):
    browser.types("/tea ")
    browser.there(".command", "a blank takes the command, too")
    browser.press("Enter")
    browser.shows("kind must be given", "#suggest")
    browser.types("x")
    browser.press("Tab")
    browser.types("12")
    browser.shows("cups is at most 9", "#suggest")
    shot("refused-light")
    browser.press("Escape")
    browser.gone(".command", "Escape leaves the command")
    browser.says('/tea kind:assam cups:2')
    browser.shows("Ordered: cups=2, kind=assam", what="a whole line works as well")
    browser.types("/shelf t")
    browser.until("document.querySelector('#suggest .active b')?.textContent === '/shelf take'", "subcommands are commands")
    browser.press("Enter")
    browser.types("the tin")
    browser.press("Enter")
    browser.shows("Shelf: take the tin")
    browser.shows("Only you can see this")
    browser.click("#messages .only button", "Dismiss message")
    browser.hides("Shelf: take the tin", what="an ephemeral message can be dismissed")


def messages(browser, bot, shot):
    browser.says("text")
    browser.shows("Field notes")
    browser.click("#messages .spoiler")
    browser.there("#messages .spoiler.open", "a spoiler opens")
    browser.says("embed")
    browser.there("#messages .embed .fields", "an embed is drawn")
    shot("messages-light")
    # One's own message: react, reply, edit, delete.
    browser.says("mine")
    browser.shows("mine")
    own = "[...document.querySelectorAll('.msg')].findLast((e) => e.querySelector('.md')?.textContent === 'mine')"
    browser.evaluate(f"{own}.querySelector('[aria-label=\"Add a reaction\"]').click()")
    browser.there(".pop [role=option]", "emojis are offered", quiet=True)
    browser.press("Enter")
    browser.there("#messages .reaction[aria-pressed=true]", "one can react")
    browser.becomes("mod")
    browser.click("#messages .reaction")
    browser.until("document.querySelector('#messages .reaction span').textContent === '2'", "and somebody else, too")
    browser.click("#messages .reaction")
    browser.until("document.querySelector('#messages .reaction span').textContent === '1'", "and take it back")
    browser.evaluate(f"{own}.querySelector('[aria-label=Reply]').click()")
    browser.until("!document.getElementById('reply-bar').hidden && document.activeElement.id === 'text'", "a reply begins", quiet=True)
    browser.types("an answer with <@")
    browser.press("Enter")
    browser.until("[...document.querySelectorAll('.msg .before')].at(-1)?.textContent.includes('mine')", "a reply shows what it answers")
    browser.press("ArrowUp")
    browser.there(".editing textarea", "arrow up edits the last message")
    browser.evaluate("document.querySelector('.editing textarea').select()")
    browser.types("changed")
    browser.press("Enter")
    browser.shows("changed (edited)")
    browser.evaluate("[...document.querySelectorAll('.msg')].at(-1).querySelector('[aria-label=Delete]').click()")
    browser.hides("changed", what="it can be deleted")
    browser.becomes("owner")
    browser.says("type")
    browser.shows("Cogwright is typing", "#typing")
    bot.say(bot.ask("POST", "/users/@me/channels", {"recipient_id": browser.evaluate("fetch('/sandbox/state?user=owner').then((a) => a.json()).then((s) => s.me.id)")})["id"], content="psst")
    browser.there("#places .channel[data-name=dm] .count", "news elsewhere are marked")
    browser.goes("dm")
    browser.shows("psst")
    browser.gone("#places .channel[data-name=dm] .count", "until they are looked at")
    browser.says("embed")
    browser.there("#messages .embed", "direct messages reach the bot")
    browser.goes("general")


def files(browser, shot):
    """A picture and a text, put into the box as a paste does."""
    browser.evaluate("""(async () => {
      const canvas = new OffscreenCanvas(120, 60), draw = canvas.getContext('2d');
      draw.fillStyle = '#0b6a6d'; draw.fillRect(0, 0, 120, 60);
      const data = new DataTransfer();
      data.items.add(new File([await canvas.convertToBlob()], 'leaf.png', { type: 'image/png' }));
      data.items.add(new File(['twelve bytes'], 'notes.txt', { type: 'text/plain' }));
      document.getElementById('compose').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    })()""")
    browser.shows("notes.txt", "#compose", "files wait in the box")
    browser.says("files")
    browser.shows("notes.txt has 12 bytes")
    browser.until("[...document.querySelectorAll('#messages img.big')].at(-1)?.naturalWidth === 120", "a picture is shown")
    browser.there("#messages a.file[download='notes.txt']", "a file can be fetched")


def polls(browser, bot, shot):
    browser.says("poll")
    browser.there("#messages .poll", "a poll is drawn")
    browser.click("#messages .poll .answer")
    browser.there("#messages .poll .answer[aria-pressed=true]", "one can vote")
    browser.shows("1 vote", "#messages .poll")
    shot("files-and-poll-light")
    browser.says("flood")
    browser.shows("line 230", what="a channel of many messages")
    browser.until("document.querySelectorAll('#messages .msg').length <= 100", "is shown in part")
    browser.click("#older")
    browser.until("document.querySelectorAll('#messages .msg').length === 100", "older ones are loaded")
    for _ in range(2):
        first = browser.evaluate("document.querySelector('#messages .msg').dataset.id")
        browser.until("!document.getElementById('older').hidden", "there are more", quiet=True)
        browser.evaluate("document.getElementById('older').click()")
        browser.until(f"document.querySelector('#messages .msg').dataset.id !== '{first}'", "still older ones are loaded")
        browser.until("document.querySelectorAll('#messages .msg').length <= 100", "and the page stays small")
    browser.click("#newest")
    browser.shows("line 230", what="and one jump leads back")


def components(browser, shot):
    browser.says("controls")
    browser.shows("Pick and press")
    browser.until("[...document.querySelectorAll('#messages .button')].find((b) => b.textContent === 'Off').disabled", "a button can be disabled")
    browser.click("#messages .button", "Pour")
    browser.shows("pour: pressed")
    browser.click("#messages .pick", "Who drinks it")
    browser.there(".pop [role=option]", "a user select lists people", quiet=True)
    browser.types("mod")
    browser.until("document.querySelectorAll('.pop [role=option]').length === 1", "and is searched by name")
    browser.press("Enter")
    browser.shows("who: ")
    browser.click("#messages .pick", "What goes with it")
    browser.there(".pop [role=option]", "a select of several lists its options", quiet=True)
    shot("select-light")
    browser.press("Enter", "ArrowDown", "Enter", "Escape")
    browser.shows("with: milk, lemon")
    browser.click("#messages .button", "Silent")
    browser.shows("This interaction failed")
    browser.says("panel")
    browser.there("#messages .box .sect .button", "components of the second kind are drawn")
    browser.click("#messages .button", "Take it")
    browser.shows("take: pressed")
    shot("components-light")


def modal(browser, shot):
    browser.says("/order")
    browser.there("dialog[open]", "a modal opens")
    browser.until("document.querySelector('dialog').contains(document.activeElement)", "the focus is in it")
    browser.click("dialog .primary")
    browser.there("dialog :invalid", "what is required is asked for")
    browser.evaluate("document.querySelector('dialog input').focus()")
    browser.types("Ada")
    browser.click("dialog .pick")
    browser.there("dialog .pop [role=option]", "its list opens inside of it", quiet=True)
    browser.press("ArrowDown", "Enter")
    browser.shows("Large", "dialog")
    shot("modal-light")
    browser.click("dialog .primary")
    browser.gone("dialog[open]", "it closes when it is answered")
    browser.shows('Order: {"name": "Ada", "size": ["l"], "wishes": ""}')
    browser.says("/order")
    browser.there("dialog[open]", "it opens again", quiet=True)
    browser.press("Escape")
    browser.gone("dialog[open]", "Escape closes it")


def waiting(browser, bot, shot):
    browser.says("/kettle")
    browser.shows("Cogwright is thinking")
    shot("thinking-light")
    browser.says("brew")
    browser.shows("The kettle has boiled.")
    browser.says("/silent")
    browser.shows("The application did not respond.")
    browser.click("#messages .only button", "Dismiss message")


def menus(browser, shot):
    browser.says("to be quoted")
    browser.shows("to be quoted")
    message = "[...document.querySelectorAll('.msg')].findLast((e) => e.textContent.includes('to be quoted'))"
    browser.mouse(message + ".querySelector('.md')", "right")
    browser.there(".pop [role=menuitem]", "a right click opens a message's menu")
    shot("menu-light")
    browser.click(".pop [role=menuitem]", "Quote")
    browser.until("[...document.querySelectorAll('#messages blockquote')].at(-1)?.textContent === 'to be quoted'", "a message command runs")
    browser.evaluate("document.querySelector('#members .member[data-user=mod]').focus()")
    browser.press("Enter")
    browser.there(".pop [role=menuitem]", "a person's menu opens by keyboard")
    browser.press("ArrowUp", "Enter")
    browser.shows("Greetings, @mod!")


def inspector(browser, shot):
    browser.press("i", modifiers=2)
    browser.there("#inspector:not([hidden]) .crossing", "the inspector shows what crosses")
    browser.click("#inspector .seg button", "REST")
    filtered(browser, "teapots")
    browser.shows("UNKNOWN ROUTE", "#inspector .rows")
    filtered(browser, "/callback")
    browser.until("[...document.querySelectorAll('#inspector .crossing')].every((e) => e.textContent.includes('/callback'))", "it can be filtered")
    browser.click("#inspector .crossing")
    browser.shows("Greetings", "#inspector .detail", "a line opens to what was sent")
    browser.shows("took", "#inspector .detail")
    shot("inspector-light")
    browser.click("#inspector [aria-label=Pause]")
    count = browser.evaluate("document.querySelectorAll('#inspector .crossing').length")
    browser.says("/tea kind:oolong cups:1")
    browser.shows("kind=oolong")
    browser.until(f"document.querySelectorAll('#inspector .crossing').length === {count}", "it pauses")
    browser.click("#inspector [aria-label='Go on']")
    browser.until(f"document.querySelectorAll('#inspector .crossing').length > {count}", "and goes on")


def filtered(browser, text):
    browser.evaluate("document.querySelector('#inspector input[type=search]').select()")
    browser.types(text)


def controls(browser, shot):
    browser.click("#tab-controls")
    browser.shows("UTC", "#panel-controls", "the sandbox's clock is shown")
    browser.click("#panel-controls button", "Pause")
    browser.shows("paused", "#panel-controls output", "it can be paused")
    shot("controls-light")
    browser.click("#panel-controls button", "Go on")
    browser.hides("paused", "#panel-controls output", "and goes on")
    browser.click("#panel-controls button", "+ 1 day")
    browser.until("Date.parse(document.querySelector('#panel-controls output').textContent.replace(' UTC', 'Z').replace(' ', 'T')) > Date.now() + 8e7", "and moved")
    browser.shows("Assam won with 1 of 1 vote.", what="the poll has ended with the day")
    browser.click("#panel-controls button", "strict")
    browser.there("#panel-controls .seg [aria-pressed=true]", "limits are set", quiet=True)
    browser.until("document.querySelector('#panel-controls .seg [aria-pressed=true]').textContent === 'strict'", "rate limits can be set")
    browser.click("#panel-controls button", "generous")
    browser.click("#tab-traffic")


def looks(browser, shot):
    browser.scheme("dark")
    browser.until("document.documentElement.dataset.theme === 'dark'", "it is dark where the system is")
    shot("inspector-dark")
    browser.press("i", modifiers=2)
    browser.until("document.getElementById('inspector').hidden", "the inspector closes", quiet=True)
    shot("components-dark")
    browser.click("#theme")
    browser.until("document.documentElement.dataset.theme === 'light'", "and light where one wants it")
    browser.click("#theme")
    contrast(browser, "dark")
    browser.size(390, 844, mobile=True)
    browser.until("document.documentElement.scrollWidth <= 390", "it fits a phone")
    shot("phone-dark")
    browser.click("#open-side")
    browser.there("#side.on", "a phone's places open")
    browser.evaluate("new Promise((done) => setTimeout(done, 250))")
    shot("phone-places-dark")
    browser.goes("bots")
    browser.gone("#side.on", "and close when one is chosen")
    browser.scheme("light")
    browser.evaluate("document.getElementById('text').focus()")
    browser.types("/")
    browser.shows("Orders tea", "#suggest", "commands on a phone")
    shot("phone-slash-light")
    browser.press("Backspace")
    contrast(browser, "light")
    browser.size(1720, 1000)
    browser.click("#places .channel[data-name=general]")
    browser.there("#messages .msg", "a wide screen", quiet=True)
    shot("wide-light")
    browser.size(1280, 800)


# The contrast of every text that is seen, as WCAG counts it: at least 4.5, or 3 for large and bold.
CONTRAST = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const bad = new Set();
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) || element.closest(':disabled, .unseen, .spoiler:not(.open), .skip')) continue;
    const style = getComputedStyle(element), chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(rgba(getComputedStyle(at).backgroundColor));
    const ground = chain.reduce((under, color) => over(color, under), [255, 255, 255, 1]), ink = over(rgba(style.color), ground);
    const [one, other] = [light(ground), light(ink)], ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.add(`${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 24)} ${ratio.toFixed(2)}`);
  }
  return [...bad];
})()"""


def contrast(browser, name):
    bad = browser.evaluate(CONTRAST)
    if bad:
        raise AssertionError(f"too little contrast ({name}): " + "; ".join(bad))
    print(f"ok  all text has enough contrast ({name})", flush=True)
