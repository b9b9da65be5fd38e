"""Discord's markdown: what a text becomes, tried inside the page."""

import json

CASES = [
    ("plain", "plain"),
    ("**bold** *slanted* _too_ __under__ ~~gone~~", "<strong>bold</strong> <em>slanted</em> <em>too</em> <u>under</u> <s>gone</s>"),
    ("***both***", "<strong><em>both</em></strong>"),
    ("**bold *and slanted***", "<strong>bold <em>and slanted</em></strong>"),
    ("__**nested**__", "<u><strong>nested</strong></u>"),
    ("snake_case_name stays", "snake_case_name stays"),
    ("2 * 3 * 4", "2 * 3 * 4"),
    (r"\*not slanted\*", "*not slanted*"),
    ("**open", "**open"),
    ("`a **b** c`", "<code>a **b** c</code>"),
    ("``a ` b``", "<code>a ` b</code>"),
    ("**a `**` b**", "<strong>a <code>**</code> b</strong>"),
    ("```rust\nfn x() {}\n```", '<pre data-lang="rust" tabindex="0"><code>fn x() {}</code></pre>'),
    ("```one line```", '<pre tabindex="0"><code>one line</code></pre>'),
    ("before ```x``` after", 'before <pre tabindex="0"><code>x</code></pre> after'),
    ("``` never closed", "``` never closed"),
    ("# One\n## Two\n### Three\n#### Four", "<h1>One</h1><h2>Two</h2><h3>Three</h3>#### Four"),
    ("#no heading", "#no heading"),
    ("-# small", '<small class="sub">small</small>'),
    ("> quoted\n> more\nnot", "<blockquote>quoted\nmore</blockquote>not"),
    (">>> all\nof it", "<blockquote>all\nof it</blockquote>"),
    (">no quote", "&gt;no quote"),
    ("- a\n- b\n  - c\n- d", "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>"),
    ("3. three\n4. four", '<ol start="3"><li>three</li><li>four</li></ol>'),
    ("- **b**\ntext", "<ul><li><strong>b</strong></li></ul>text"),
    ("one\ntwo", "one\ntwo"),
    ("[text](https://example.com/a)", '<a href="https://example.com/a" target="_blank" rel="noreferrer noopener" title="https://example.com/a">text</a>'),
    ("[text](javascript:alert(1))", "[text](javascript:alert(1))"),
    ("see https://example.com/a_b_c.", 'see <a href="https://example.com/a_b_c" target="_blank" rel="noreferrer noopener">https://example.com/a_b_c</a>.'),
    ("<https://example.com/>", '<a href="https://example.com/" target="_blank" rel="noreferrer noopener">https://example.com/</a>'),
    ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
    ("**<script>**", "<strong>&lt;script&gt;</strong>"),
    ("<@1> <@!1> <@2>", '<span class="mention user">@ada</span> <span class="mention user">@ada</span> <span class="mention user">@unknown-user</span>'),
    ("<@&3> <#4>", '<span class="mention role">@Crew</span> <span class="mention channel">#tea</span>'),
    ("</tea order:5> @everyone", '<span class="mention command">/tea order</span> <span class="mention everyone">@everyone</span>'),
    ("mail@everyone.example", 'mail<span class="mention everyone">@everyone</span>.example'),
    ("`<@1>`", "<code>&lt;@1&gt;</code>"),
]
# What the table cannot say in one line of HTML.
CHECKS = [
    ("||hidden **text**||", "box.querySelector('.spoiler[role=button] strong').textContent === 'text'"),
    ("<t:1700000000:D>", "box.querySelector('time').dateTime === '2023-11-14T22:13:20.000Z'"),
    ("<t:1700000000:R>", "/years ago$/.test(box.querySelector('time').textContent)"),
    ("<t:99999999999999:F>", "box.textContent.includes('<t:')"),
    ("<:pour:12>", "box.querySelector('img.emoji').alt === ':pour:'"),
    ("😀 😀", "box.classList.contains('jumbo')"),
    ("😀 no", "!box.classList.contains('jumbo')"),
]
NAMES = {"1": {"name": "ada"}, "3": {"name": "Crew"}, "4": {"name": "tea"}}
# A long text of marks must not take long, whatever it is made of.
SLOW = ["*" * 2000, "_a" * 1000, "||" * 1000, "[" * 2000, "`" * 1999, "> " * 900, "**a" * 650, "<@" * 1000, "~~*_" * 500]


def check(browser, url):
    browser.open(url)
    draw = "const { markdown } = await import('/page/markdown.js'); const box = markdown(text, { names });"
    call = lambda text, result: browser.evaluate(f"(async () => {{ const text = {json.dumps(text)}, names = {json.dumps(NAMES)}; {draw} return {result}; }})()")
    wrong = [(text, expected, found) for text, expected in CASES if (found := call(text, "box.innerHTML")) != expected]
    wrong += [(text, what, call(text, "box.outerHTML")) for text, what in CHECKS if not call(text, what)]
    if wrong:
        raise AssertionError("markdown:\n" + "\n".join(f"  {text!r}\n    expected {expected}\n    found    {found}" for text, expected, found in wrong))
    print(f"ok  markdown: {len(CASES) + len(CHECKS)} texts", flush=True)
    for text in SLOW:
        took = browser.evaluate(f"(async () => {{ const {{ markdown }} = await import('/page/markdown.js'); const at = performance.now(); markdown({json.dumps(text)}); return performance.now() - at; }})()")
        if took > 1500:
            raise AssertionError(f"markdown: {text[:12]!r}… took {took:.0f} ms")
    print(f"ok  markdown: {len(SLOW)} hostile texts", flush=True)
