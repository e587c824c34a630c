"""Hezhi (合治): the open digital system for the social governance of one district."""

__version__ = "0.1.0"
