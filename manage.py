#!/usr/bin/env python
"""Django's own command line; the house's is `hezhi`."""

import os
import sys

from django.core.management import execute_from_command_line

from hezhi.wiring.places import adopt_cluster

if __name__ == "__main__":
    adopt_cluster()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
    execute_from_command_line(sys.argv)
