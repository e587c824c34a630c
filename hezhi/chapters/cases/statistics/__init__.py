"""统计分析 (9.1.2-4): facts of the stages of each case, and the reports that are counted from them."""
