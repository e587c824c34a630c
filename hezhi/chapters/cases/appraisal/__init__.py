"""业务考核 (9.1.2-5): indicators, templates, rounds, scores and results, counted from facts of cases."""
