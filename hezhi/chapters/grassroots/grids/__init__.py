"""9.1.3-1-1 网格管理: so far the areas themselves: shapes for maps, the phone's first guess, search of places."""
