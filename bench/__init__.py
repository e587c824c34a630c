"""Our figures beside a peer's and a limit's, in the same run (性能测量). `python -m bench --help`."""
