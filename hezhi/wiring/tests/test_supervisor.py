"""Processes under one roof (进程看护)."""

import sys
import time

import pytest

from hezhi.wiring.supervisor import Part, Supervisor
from hezhi.wiring.voice import Trouble

pytestmark = pytest.mark.fault

SLEEPER = (sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)")


@pytest.fixture
def roof(tmp_path):
    def build(*parts):
        made = Supervisor(list(parts), tmp_path, {"PATH": "/usr/bin:/bin"}, tmp_path, breath=0.02)
        supervisors.append(made)
        return made

    supervisors: list[Supervisor] = []
    yield build
    for made in supervisors:
        made.stop()


def wait_for(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_part_that_was_killed_is_started_again(roof, capsys):
    house = roof(Part("web", "网页服务", SLEEPER))
    house.start()
    first = house.running["web"]
    first.kill()
    first.wait()
    house.tend()
    assert house.running["web"].pid != first.pid
    assert "网页服务意外退出" in capsys.readouterr().out


def test_a_part_that_keeps_dying_is_given_up_with_its_last_words(roof, capsys):
    house = roof(Part("worker", "后台任务", (sys.executable, "-c", "print('缺少密钥'); raise SystemExit(3)")))
    house.start()
    with pytest.raises(Trouble, match=r"后台任务反复退出.*缺少密钥"):
        for _ in range(10):
            house.running["worker"].wait()
            house.tend()


def test_a_part_that_ends_by_itself_is_not_an_accident(roof, capsys):
    house = roof(Part("messages", "诉求导入", (sys.executable, "-c", ""), once=True))
    house.start()
    house.running["messages"].wait()
    house.tend()
    assert not house.running
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("loud", "where"), [(True, "原因见上"), (False, "messages.log 末尾：文件没有表头")])
def test_a_part_that_ends_by_itself_and_failed_is_told_of_and_not_started_again(roof, capsys, loud, where):
    failing = (sys.executable, "-c", "print('文件没有表头'); raise SystemExit(1)")
    house = roof(Part("web", "网页服务", SLEEPER), Part("messages", "诉求导入", failing, once=True, loud=loud))
    house.start()
    house.running["messages"].wait()
    house.tend()
    told = capsys.readouterr().out
    assert "诉求导入未能完成（代码 1）" in told and where in told
    house.start()
    assert set(house.running) == {"web"}


def test_stopping_ends_what_the_parts_have_started_too(roof):
    family = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print('up', flush=True); time.sleep(60)"
    house = roof(Part("web", "网页服务", (sys.executable, "-c", family)))
    house.start()
    wait_for(lambda: "up" in house.log_of("web").read_text())
    from hezhi.wiring import machine

    children = machine.children(house.running["web"].pid)
    assert children
    house.stop()
    machine.wait_gone(children, 5)
    assert not any(machine.is_alive(child) for child in children)


def test_each_part_writes_its_own_log(roof):
    house = roof(Part("web", "网页服务", SLEEPER), Part("worker", "后台任务", SLEEPER))
    house.start()
    wait_for(lambda: all("awake" in house.log_of(name).read_text() for name in ("web", "worker")))
