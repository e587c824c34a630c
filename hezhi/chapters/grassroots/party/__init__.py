"""9.1.3-3 党建引领: organisations, members, activities and articles of the Party."""
