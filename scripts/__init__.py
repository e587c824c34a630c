"""Tools for the people who build the house; nothing here runs in the office."""
