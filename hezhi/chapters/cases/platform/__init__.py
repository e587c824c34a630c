"""Outside platforms that bring matters and want them back (来源平台对接, 9.1.2-1): their clock, their yes, their sheet."""
