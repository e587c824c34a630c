"""The command-hall screen (指挥大屏)."""
