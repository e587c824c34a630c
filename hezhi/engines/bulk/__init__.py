"""Large imports (大批量导入): a register of a million rows, column by column and set by set.

The row-by-row import of `registry` stays the measure. This engine decides by itself only what it can decide
with certainty: a row that is surely new and right, or a cell that its own form field refuses. Every other row is
put before the row path itself, so both give the same answers in the same words.
"""
