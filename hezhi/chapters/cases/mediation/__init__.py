"""Mediation of disputes (矛盾纠纷调解, 9.1.2-2): parties, their consent, sessions, agreement, referral with receipt."""
