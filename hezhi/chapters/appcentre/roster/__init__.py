"""值班表 (10.1-3): who answers for the centre and each unit at every hour, and who is called next."""
