"""Real calls between officers (实时通话): the engine that carries them, their verbs, the configuration of the media server.

    janus      the media server behind the port of `reach.calls`
    config     the media server's own configuration, written anew at each start
    actions    ring, answer, refuse, hang up; nobody answers
    queries    reads, always starting from who reads

How a call goes from ringing to its end, its tokens, and what a page may say stand in `reach.call_rules`.
"""
