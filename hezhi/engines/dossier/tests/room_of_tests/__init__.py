"""A small room with every part of the dossier, installed only for the tests."""
