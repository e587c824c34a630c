"""The face of the mediation room (调解室的门面)."""

from hezhi.chapters.cases.mediation.models import Dispute

__all__ = ["Dispute"]
