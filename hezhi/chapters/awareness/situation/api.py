"""The face of the situation room for the house above (态势分析的门面)."""

from hezhi.chapters.awareness.situation.queries.counting import latest_spots, news_of_models, spot_shapes
from hezhi.chapters.awareness.situation.rules import Period, change, compared, say

__all__ = ["Period", "change", "compared", "latest_spots", "news_of_models", "say", "spot_shapes"]
