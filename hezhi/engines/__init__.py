"""Floor 2: engines, deep and few, with no word of the standard in them."""
