"""The frame around every page: navigation, theme, who is logged in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from tidemill.console.hub import Hub
from tidemill.console.parts.editor import theme_editors
from tidemill.console.parts.failures import Failures
from tidemill.console.security.sessions import Session
from tidemill.records import dataclass

NAVIGATION = (
    ("Overview", "/overview", "dashboard", "o"),
    ("Pipelines", "/pipelines", "account_tree", "p"),
    ("Topics", "/topics", "view_list", "t"),
    ("Consumer groups", "/groups", "groups", "g"),
    ("Connectors", "/connectors", "cable", "c"),
    ("Schemas", "/schemas", "schema", "s"),
    ("Dead letters", "/dead-letters", "report", "d"),
    ("Lake", "/lake", "water", "l"),
    ("Checks", "/checks", "fact_check", "k"),
    ("Faults", "/faults", "bolt", "f"),
    ("Predictions", "/predictions", "insights", "r"),
    ("Query", "/query", "terminal", "q"),
)
_KEYS = "".join(
    f"if (event.key === '{key}') location.href = '{path}';" for _, path, _, key in NAVIGATION
)
_HEAD = '<link rel="stylesheet" href="/console-assets/console.css">'
_SCRIPT = f"""<script>
// Quasar takes the page's language away when it starts; screen readers need it.
const speak = () => {{ document.documentElement.lang = 'en'; }};
speak();
window.addEventListener('load', () => setTimeout(speak, 300));
// An editor makes its own elements: the name goes to the one that one types into.
new MutationObserver(() => {{
  for (const typed of document.querySelectorAll('[data-label] .cm-content:not([aria-label])')) {{
    typed.setAttribute('aria-label', typed.closest('[data-label]').dataset.label);
  }}
  for (const scroller of document.querySelectorAll('.cm-scroller:not([tabindex="0"])')) {{
    scroller.setAttribute('tabindex', '0');
  }}
  for (const bar of document.querySelectorAll('.q-loading-bar:not([aria-label])')) {{
    bar.setAttribute('aria-label', 'Loading');
  }}
}}).observe(document.documentElement, {{ childList: true, subtree: true }});
let went = 0;
document.addEventListener('keydown', (event) => {{
  const tag = event.target.tagName;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.isContentEditable ||
      tag === 'INPUT' || tag === 'TEXTAREA') return;
  if (event.key === '/') {{
    const box = document.querySelector('[data-search] input');
    if (box) {{ box.focus(); event.preventDefault(); }}
  }}
  if (Date.now() - went < 1200) {{ {_KEYS} }}
  went = event.key === 'g' ? Date.now() : 0;
}});
</script>"""


_REMEMBER = """(event) => {
  const theme = document.body.classList.contains('body--dark') ? 'light' : 'dark';
  document.cookie = `tidemill_theme=${theme}; path=/; max-age=31536000; samesite=strict`;
  emit(event);
}"""
"""On the click itself, so that a page that is opened at once after it has the new theme."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Who looks at the page."""

    session: Session

    @property
    def may_change(self) -> bool:
        """Whether buttons that change something are shown."""
        return self.session.may_change


@contextmanager
def frame(hub: Hub, title: str, active: str, *, trail: str = "") -> Iterator[Frame]:
    """Build a page inside the frame; `trail` is the name of the thing that the page shows."""
    request = ui.context.client.request
    session: Session = request.scope["state"]["session"]
    hub.look()
    ui.page_title(f"{trail or title} · {hub.project.name} · Tidemill")
    ui.add_head_html(_HEAD + _SCRIPT)
    dark = ui.dark_mode(value=request.cookies.get("tidemill_theme", "light") == "dark")
    ui.colors(primary="#0b6a84", secondary="#52606d", positive="#1d7a46", negative="#b3372c",
              warning="#9a6700", info="#2b6cb0", dark="#171e26", dark_page="#11161c")  # fmt: skip
    drawer = ui.left_drawer(value=True, bordered=True).props("width=208 breakpoint=700")
    drawer.set_value(None)  # the browser decides by its width, and need not be asked how
    with drawer.classes("nav"):
        ui.link("Tidemill", "/overview").classes("brand")
        ui.label(hub.project.name).classes("project")
        with ui.element("nav").props('aria-label="Pages"'):
            for name, path, icon, key in NAVIGATION:
                _entry(name, path, icon, key, here=path == active)
        ui.space()
        with ui.row().classes("who"):
            ui.label("operator" if session.may_change else "viewer: read-only")
            theme = ui.button(icon="contrast")
            theme.on("click", lambda: _toggle(dark), js_handler=_REMEMBER)
            theme.props('flat dense round size=sm aria-label="Light or dark"')
            leave = ui.button(icon="logout", on_click=lambda: _logout(hub, session))
            leave.props('flat dense round size=sm aria-label="Log out"')
    with ui.element("main").classes("page"):
        with ui.row().classes("heading"):
            pages = ui.button(icon="menu", on_click=drawer.toggle).classes("menu")
            pages.props('flat dense round size=sm aria-label="Pages"')
            if trail:
                ui.link(title, active).classes("up")
                ui.label("/").classes("up")
            ui.label(trail or title).props('role=heading aria-level="1"').classes("title")
        Failures()
        yield Frame(session)
    ui.timer(2.0, lambda: _still_here(hub, session))


def _entry(name: str, path: str, icon: str, key: str, *, here: bool) -> None:
    with ui.link(target=path).classes("entry" + (" here" if here else "")) as link:
        ui.icon(icon).props('aria-hidden="true"')
        ui.label(name)
        ui.label(f"g {key}").classes("key").props('aria-hidden="true"')
    if here:
        link.props('aria-current="page"')


def _still_here(hub: Hub, session: Session) -> None:
    hub.look()
    if session.closed:
        ui.navigate.to("/login")


def _toggle(dark: ui.dark_mode) -> None:
    dark.set_value(not dark.value)
    theme_editors(dark=bool(dark.value))


def _logout(hub: Hub, session: Session) -> None:
    hub.gate.sessions.logout(session)
    ui.navigate.to("/login")
