"""Floor 3: one app per part of the standard. A chapter says what, an engine knows how."""
