"""What stands in the way of a start is said in one sentence, and mended by the next (启动)."""

import os
import shutil
import socket
import subprocess
from collections import namedtuple

import pytest
from cryptography import x509

from hezhi.wiring import certificate, launch, places
from hezhi.wiring.voice import Trouble

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HEZHI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_taken_port_is_named_with_a_way_out():
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        with pytest.raises(Trouble, match=rf"端口 {port} 已被其他程序占用.*--port"):
            launch._check_ports(port)


def test_a_full_disk_is_said_before_anything_is_begun(empty_home, monkeypatch):
    empty_home.mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10, 10, 3 * 2**20))
    with pytest.raises(Trouble, match=r"磁盘空间不足.*仅剩 3 MB"):
        launch._check_disk()


def test_a_second_run_over_the_same_data_is_refused(empty_home):
    with launch._only_one(), pytest.raises(Trouble, match=f"系统已在运行.*{os.getpid()}"), launch._only_one():
        pass


def test_after_the_first_has_ended_the_second_may_begin(empty_home):
    for _ in range(2):
        with launch._only_one():
            pass


def test_keys_and_logs_are_for_their_owner_alone(empty_home):
    with launch._only_one():
        modes = {name: (empty_home / name).stat().st_mode & 0o777 for name in ("keys", "files", "log", "run")}
    assert set(modes.values()) == {0o700}


def test_what_serves_the_public_never_learns_the_owners_password(empty_home):
    options = launch._options(["--port", "8399"])
    environment = {"DATABASE_URL": "postgres://app@h/d", "DATABASE_OWNER_URL": "postgres://owner:secret@h/d"}
    with launch._only_one():
        served = launch._supervisor(options, environment).environment
    assert "DATABASE_OWNER_URL" not in served


def test_a_missing_file_of_messages_is_said_at_once(capsys):
    with pytest.raises(SystemExit):
        launch._options(["--messages", "/nowhere/messages.xlsx"])
    assert "找不到诉求文件" in capsys.readouterr().err


def test_two_checkouts_have_two_data_folders(monkeypatch, tmp_path):
    first = places.default_home()
    monkeypatch.setattr(places, "CHECKOUT", tmp_path / places.CHECKOUT.name)
    assert places.default_home() != first


def test_the_certificate_names_this_machine_and_its_key_is_private(tmp_path):
    crt, key = certificate.make(tmp_path)
    assert key.stat().st_mode & 0o777 == 0o600
    names = x509.load_pem_x509_certificate(crt.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert "localhost" in names.value.get_values_for_type(x509.DNSName)
    assert "127.0.0.1" in map(str, names.value.get_values_for_type(x509.IPAddress))
    before = crt.read_bytes()
    assert certificate.make(tmp_path)[0].read_bytes() == before


SHELL = '. scripts/lib.sh; id() { echo 1000; }; has() { [ "$1" = apt-get ]; }; '


def shell(script):
    return subprocess.run(["sh", "-c", script], cwd=places.CHECKOUT, capture_output=True, text=True)


def test_without_root_the_shell_says_what_to_install():
    done = shell(SHELL + "need_packages postgresql postgresql-postgis; echo went on")
    assert done.returncode == 1
    assert "请管理员执行:apt-get install postgresql postgresql-postgis" in done.stderr
    assert "went on" not in done.stdout


def test_with_a_database_of_ones_own_no_server_is_asked_for():
    script = SHELL + "python_here() { :; }; has_library() { :; }; postgres_here() { :; }; need_system"
    assert "postgresql" not in shell("DATABASE_URL=x; " + script).stderr
    assert "请管理员执行:apt-get install postgresql postgresql-postgis" in shell("DATABASE_URL=; " + script).stderr


def test_a_folder_with_too_little_room_is_refused():
    done = shell(". scripts/lib.sh; check_space / 999999999")
    assert done.returncode == 1 and "磁盘空间不足" in done.stderr
