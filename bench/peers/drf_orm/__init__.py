"""The peer (对照): intake as most projects would write it, with Django REST framework and the ORM.

Ordinary and honest: a serializer, a view set, look-ups by code, a point-in-polygon query, five `create`
calls in one transaction, a token per caller, kept connections, gunicorn with two workers of four threads.
It does no idempotency, no audit and seals no field; so it does less than ours.
"""
