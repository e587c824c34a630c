"""The usual ways to bring a sheet into Django: row by row with `bulk_create`, and django-import-export.

Both write the house's own table, so sealing, prints and history are the same; both make the same checks with the same
rules, found the same households and count the same homes.
"""
