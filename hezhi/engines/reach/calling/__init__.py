"""Real calls between officers (实时通话): the life of a call, the engine that carries it, the door for its signals.

rules      how a call goes from ringing to its end; tokens; what a browser may say to the media server
janus      the media server behind the port of `reach.calls`
config     the media server's own configuration, written anew at each start
actions    ring, answer, refuse, hang up; nobody answers
queries    reads, always starting from who reads
"""
