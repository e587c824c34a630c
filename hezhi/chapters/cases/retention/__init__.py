"""保存期限 (12.3-1, P12): reporters of closed matters become nameless when their term is over; tried out first, reported always."""
