"""Dictionaries and base data on screen (用户管理 10.1-3 and the tables of the engines): declarations only."""
