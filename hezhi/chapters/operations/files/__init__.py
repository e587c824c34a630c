"""Files given out (附件调阅): each opening is checked, and openings of personal ones are logged (12.3)."""
