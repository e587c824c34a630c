"""9.1.3 基层治理: grids, registers, care, Party."""
