"""Floor 4: the faces of the system: officer, grid worker, citizen, wall, open API (clause 11)."""
