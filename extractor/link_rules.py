"""Specs of links: what two documents say about the same money, as data in ``schemas/links.yaml``."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .data import data_folder
from .errors import SpecError
from .rules import parse
from .specs import CrossSpec

LinkKind = Literal["budget-final", "years", "units"]
ROLES: dict[LinkKind, tuple[str, str]] = {
    "budget-final": ("budget", "final"),
    "years": ("last", "next"),
    "units": ("department", "unit"),
}
"""What each document is in a link; its tables have this word in front."""


class _Rule(BaseModel):
    """A rule as it is written; see the top of ``schemas/links.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    link: LinkKind
    says: str
    rule: str
    over: dict[str, tuple[str, ...]] = {}
    if_equal: bool = False

    def written_out(self) -> Iterator[str]:
        """Yield the rule for each combination of what its words stand for."""
        for values in product(*self.over.values()):
            text = self.rule
            for name, value in zip(self.over, values, strict=True):
                text = text.replace(f"${name}", value)
            yield text


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[_Rule, ...]


class LinkSpec(BaseModel):
    """One rule between two documents.

    Attributes:
        link: The kind of link that it belongs to.
        says: The rule in words.
        spec: The rule, its tables with a role in front.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    link: LinkKind
    says: str
    spec: CrossSpec


@lru_cache(maxsize=1)
def link_specs() -> tuple[LinkSpec, ...]:
    """Load the packaged rules.

    Raises:
        SpecError: The file is malformed; the message names the rule.
    """
    return load_links(data_folder("schemas") / "links.yaml")


def load_links(path: Path) -> tuple[LinkSpec, ...]:
    """Load and validate rules.

    Raises:
        SpecError: The file is malformed, a rule doesn't follow the grammar, or a table is in no document of its link.
    """
    try:
        file = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise SpecError(f"{path.name}: not valid YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SpecError(f"{path.name}: {where}: {first['msg']}") from None
    return tuple(_checked(rule, text, path.name) for rule in file.rules for text in rule.written_out())


def _checked(rule: _Rule, text: str, name: str) -> LinkSpec:
    left, _, right = parse(text)
    for term in left + right:
        if not term.table.startswith(tuple(f"{role}_" for role in ROLES[rule.link])):
            roles = " or ".join(ROLES[rule.link])
            raise SpecError(f"{name}: {term.table!r} in {text!r} doesn't say whose table it is: {roles}.")
    return LinkSpec(
        link=rule.link, says=rule.says, spec=CrossSpec(id=rule.id, rule=text, if_equal=rule.if_equal)
    )  # fmt: skip
