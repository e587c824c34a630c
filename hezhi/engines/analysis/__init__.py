"""Text of messages: suggestions, near-duplicates, places (文本分析)."""
