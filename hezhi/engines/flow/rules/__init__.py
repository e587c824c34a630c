"""The thinking of the flow engine (流程规则): values in, values out, no database and no screen.

- `calendar`, `clocks`, `working_time`, `reasons`: time limits (时限) and why they are what they are
- `limits`: which limit applies
- `life_cycle`: states and verbs of a life cycle (流转), and the check before it takes effect
- `work_orders`: the tree of orders (承办单), and what it says about its case
"""
