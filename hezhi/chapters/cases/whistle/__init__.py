"""Who may whistle for whom, and how the called came (吹哨报到, 9.1.2-2)."""
