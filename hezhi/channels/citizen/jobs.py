"""What the clock does here: proofs of a telephone are kept a day."""

from hezhi.channels.citizen.actions import tidy

__all__ = ["tidy"]
