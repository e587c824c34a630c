"""A ruling (裁定): may this be done, and if not, why not, in a sentence for the person who asked."""

from __future__ import annotations

from dataclasses import dataclass

from hezhi.ground.errors import NotNow

__all__ = ["YES", "Ruling", "no"]


@dataclass(frozen=True, slots=True)
class Ruling:
    """True when allowed. `why` explains a refusal and `remedy` says what to do instead."""

    allowed: bool
    why: str = ""
    remedy: str = ""

    def __bool__(self) -> bool:
        return self.allowed

    def or_refuse(self) -> None:
        """Raise the ruling as a letter (`NotNow`, 409) unless it allows."""
        if not self.allowed:
            raise NotNow(self.why, "系统没有做任何改动", self.remedy)


YES = Ruling(True)


def no(why: str, remedy: str = "") -> Ruling:
    """A refusal with its reason."""
    return Ruling(False, why, remedy)
