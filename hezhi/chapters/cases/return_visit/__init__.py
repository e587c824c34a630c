"""Calling reporters back (回访) and leaving unreasonable verdicts out of the rate (剔除), 9.1.2-2."""
