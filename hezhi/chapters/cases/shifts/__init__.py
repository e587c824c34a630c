"""Shifts that answer for urgent cases and hand over to each other (值班与交接班, 9.1.2-2)."""
