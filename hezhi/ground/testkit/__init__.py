"""What every room's tests stand on (测试工具): databases, a browser, figures that may not grow.

It lies on the lowest floor, so it knows no model and no page; the root `conftest.py` ties it to the house.
"""
