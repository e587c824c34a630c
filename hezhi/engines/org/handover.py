"""Work changes hands (工作移交): hooks that the engines above fill in.

Posts live here, work lives above; so whoever keeps work registers two functions, and the verbs that
move people ask them. Nothing is left without an owner.
"""

from collections.abc import Callable
from datetime import datetime

from hezhi.engines.org.models import Post, User

Move = Callable[[User, User | None, datetime, Post | None], int]
"""Move open work of a person to another: `(user_from, user_to, moment, post) -> how many`.

`user_to` None: back to the post's queue, where any holder may claim it. `post` None: the work of all his
posts; otherwise only what he holds in that post (its unit and its role's permissions). Moving twice must
do no harm.
"""

OpenWork = Callable[[Post], int]
"""How many open pieces of work wait for a post, claimed or not."""

_moves: list[Move] = []
_counts: list[OpenWork] = []


def register(move: Move, open_work: OpenWork | None = None) -> None:
    """Tell the house how a kind of work changes hands, and how to count it; registering twice counts once."""
    if move not in _moves:
        _moves.append(move)
    if open_work is not None and open_work not in _counts:
        _counts.append(open_work)


def hand_over(user_from: User, user_to: User | None, moment: datetime, post: Post | None = None) -> int:
    """Move all open work of a person, inside the caller's transaction; gives how many pieces moved."""
    return sum(move(user_from, user_to, moment, post) for move in _moves)


def open_work(post: Post) -> int:
    """How many open pieces of work wait for this post."""
    return sum(count(post) for count in _counts)
