"""An editor for text with colours, in the page's theme, with a name for screen readers."""

from __future__ import annotations

from typing import Literal

from nicegui import ui

LABEL = "data-label"
"""The attribute from which the frame's script names what one types into."""


def code_editor(
    text: str, language: Literal["PostgreSQL", "JSON", "ProtoBuf"], label: str
) -> ui.codemirror:
    """The editor; `label` says what is in it."""
    dark = ui.context.client.request.cookies.get("tidemill_theme") == "dark"
    made = ui.codemirror(text, language=language, theme=_theme(dark)).classes("editor")
    return made.props(f'{LABEL}="{label}"')


def theme_editors(*, dark: bool) -> None:
    """Give all editors of the page the theme."""
    for element in list(ui.context.client.elements.values()):
        if isinstance(element, ui.codemirror):
            element.set_theme(_theme(dark))


def _theme(dark: bool) -> Literal["oneDark", "githubLight"]:
    return "oneDark" if dark else "githubLight"
