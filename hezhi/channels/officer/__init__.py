"""The officer desk (电脑端工作台), and later the adapter to 山东通."""
