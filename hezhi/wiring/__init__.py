"""Floor 5 (总装): the only floor that knows all the others.

It starts the house, gives it its settings and addresses, and answers at the `hezhi` command.
Nothing here is imported by a lower floor.
"""
