"""The dossier (档案): what gathers round a row of any registry, as parts that a declaration plugs in.

    parts = (Files(), Visits(), Lifecycle("state", MOVES), Relations(lists=…, ties=…), Tags(), Duplicates(by=…))

The registry engine knows none of them. Each hangs on a row by its kind and its id, so a registry takes or
drops a part without a change to its table.
"""
