"""Situation (态势分析, 9.1.4-2): what is going on where, against before and against chance; asked once, or again and again."""
