"""The text of messages (文本分析): pure functions, values in and values out, no database.

Rooms: `classify` suggests a label and says why, `duplicates` proposes messages of the same matter,
`places` reads places, `correct` learns from officers' choices, `measure` prints the figures.
`segment`, `features`, `model`, `train` and `validate` stand behind them. Numbers of persons in a text
are found and masked on the ground floor, in `hezhi.ground.masks`, since every floor needs that.
"""
