"""接入管理 (10.1-1): the keys of outer systems and the news that go back to them."""
