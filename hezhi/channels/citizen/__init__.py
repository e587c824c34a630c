"""The phone page of the citizen (市民通), and later the adapter to 爱山东."""
