"""The stream with a quicker pulse, for its tests (测试用实时消息服务)."""

from hezhi.wiring import stream, stream_hub

stream_hub.BEAT_SECONDS, stream_hub.CHECK_SECONDS, stream_hub.WALL_SECONDS = 0.5, 0.5, 0.1
application = stream.application
