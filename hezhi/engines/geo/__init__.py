"""Areas (区、镇街、社区、网格), places and coordinate systems. Knows no screen and no chapter."""
