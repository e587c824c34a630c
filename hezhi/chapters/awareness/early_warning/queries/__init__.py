"""Reads of early warning (9.1.4-1): how events stand, the lists and pages of a reader, what a model would have done."""
