"""Events found in a stream of messages (事件发现): pure functions and one object in memory, no database.

Rooms: `terms` cuts messages into numbered terms, `stream` joins them one by one, `titles` names an
event from its members, `scores` compares with what people say, `measure` prints the figures.
"""
