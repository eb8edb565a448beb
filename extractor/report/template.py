"""What all pages share: templates, style, script, and a policy under which nothing else runs or loads."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from extractor.records import State

MEANINGS: Mapping[State, str] = {
    "proven": "stands in the source, and takes part in an identity that holds",
    "grounded": "stands in the source; no identity covers it",
    "ambiguous": "stands in the source, but the text doesn’t tell which column or row it belongs to",
    "contradicted": "an identity that covers it is violated: a misreading, or the office’s own mistake",
    "ungrounded": "doesn’t stand in the source",
}


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("extractor.report", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    return made


def render(name: str, values: Mapping[str, Any]) -> str:
    """Render a page from its template, with the style and the script of the same name."""
    style = "".join(_environment().get_template(part).render() for part in ("base.css", f"{name}.css"))
    script = _own("theme.js") + _own(f"{name}.js")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    template = _environment().get_template(f"{name}.html.j2")
    # Both are files of this package, nothing of a document is in them.
    shown = {"style": Markup(style), "script": Markup(script), "policy": policy}  # noqa: S704
    return template.render({**values, **shown})


@cache
def _own(name: str) -> str:
    """Return a script as it stands in this package."""
    loader, environment = _environment().loader, _environment()
    return loader.get_source(environment, name)[0] if loader else ""


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
