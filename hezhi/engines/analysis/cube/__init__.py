"""Counting many rows by place, day and matter (多维计数): questions written once, answered wherever it is quickest.

`facts` declares what is counted, `questions` asks it (Ibis), `keeping` keeps roll-ups and Parquet files up, `store` is the
folder of Parquet files, `asking` chooses who answers. docs/analysis.md tells the method.
"""
