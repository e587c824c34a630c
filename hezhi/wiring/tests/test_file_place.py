"""Where files lie is told whole or refused in one sentence (附件存放位置)."""

import gc
import runpy
from pathlib import Path

import pytest

from hezhi.engines.records.tests.bucket_house import object_store
from hezhi.wiring import doctor, launch
from hezhi.wiring.file_place import file_place
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.voice import Trouble

HOME = Path("/srv/hezhi")
KEYS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Tell the environment; nothing of the machine's own stays."""
    for name in ("HEZHI_FILES", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", *KEYS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEZHI_HOME", str(tmp_path))
    return lambda **words: [monkeypatch.setenv(name, value) for name, value in words.items()]


def test_without_a_word_files_lie_in_the_data_folder():
    place = file_place({}, HOME)
    assert place.folder == HOME / "files" and place.storage()["BACKEND"].endswith("FileSystemStorage")


def test_a_folder_of_ones_own():
    assert file_place({"HEZHI_FILES": "/mnt/files"}, HOME).folder == Path("/mnt/files")


def test_a_bucket_with_its_prefix_endpoint_and_region():
    more = {"HEZHI_FILES": "s3://files/qu/9/", "AWS_ENDPOINT_URL": "https://oss.example.cn", "AWS_REGION": "cn-east-3"}
    storage = file_place(KEYS | more | {"HEZHI_FILES_ADDRESSING": "virtual"}, HOME).storage()
    assert storage["OPTIONS"] == {
        "bucket_name": "files", "location": "qu/9", "endpoint_url": "https://oss.example.cn",
        "region_name": "cn-east-3", "addressing_style": "virtual",
    }  # fmt: skip
    assert "s" not in storage["OPTIONS"].values(), "no secret stands in the settings"


def test_a_machine_with_a_role_of_its_own_needs_no_keys():
    assert file_place({"HEZHI_FILES": "s3://files"}, HOME).bucket == "files"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"HEZHI_FILES": "files"}, "完整路径"),
        ({"HEZHI_FILES": "ftp://files/x"}, "不认识 ftp://"),
        ({"HEZHI_FILES": "s3://"}, "s3://桶名/前缀"),
        ({"HEZHI_FILES": "s3:///prefix"}, "s3://桶名/前缀"),
        ({"HEZHI_FILES": "s3://files?x=1"}, "s3://桶名/前缀"),
        ({"HEZHI_FILES": "s3://key:secret@files"}, "地址里不能写密钥"),
        ({"HEZHI_FILES": "s3://files", "AWS_ACCESS_KEY_ID": "k"}, "还缺 AWS_SECRET_ACCESS_KEY"),
        ({"HEZHI_FILES": "s3://files", "AWS_SECRET_ACCESS_KEY": "s"}, "还缺 AWS_ACCESS_KEY_ID"),
        ({"HEZHI_FILES": "s3://files", "AWS_ENDPOINT_URL": "oss.example.cn"}, "https://"),
        ({"HEZHI_FILES": "s3://files", "HEZHI_FILES_ADDRESSING": "dns"}, "path 或 virtual"),
    ],
)
def test_half_an_answer_is_refused_before_anything_is_begun(told, wrong, sentence):
    told(**wrong)
    with pytest.raises(Trouble, match=sentence) as trouble:
        launch._open(launch._options([]))
    assert "secret" not in str(trouble.value)
    finding = doctor.files()
    assert finding.state == "bad" and sentence in finding.what and "HEZHI_FILES" in finding.mend


@pytest.mark.parametrize(
    ("address", "backend", "folder"),
    [
        ("", "FileSystemStorage", "files"),
        ("{home}/elsewhere", "FileSystemStorage", "elsewhere"),
        ("s3://b/p", "Bucket", "files"),
    ],
)
def test_the_settings_of_the_house_take_it(told, tmp_path, address, backend, folder):
    told(HEZHI_FILES=address.format(home=tmp_path))
    try:
        settings = runpy.run_path(str(CHECKOUT / "hezhi/wiring/settings.py"))
    finally:
        gc.enable()  # the settings stop the collector until the house is loaded
    assert settings["STORAGES"]["default"]["BACKEND"].endswith(backend)
    assert settings["MEDIA_ROOT"] == tmp_path / folder


def test_the_doctor_knocks_at_the_bucket(told):
    with object_store() as store:
        told(**store.environment("qu"))
        assert doctor.files().state == "good"
        assert {verb for verb, _, _ in store.asked} == {"GET"}, "to look changes nothing"
        told(AWS_ACCESS_KEY_ID="another")
        assert doctor.files().state == "bad" and "InvalidAccessKeyId" in doctor.files().what
    told(**store.environment())
    assert doctor.files().state == "bad", "nobody answers there any more"


def test_the_doctor_looks_at_the_folder(told, tmp_path):
    assert doctor.files().state == "look"
    (tmp_path / "files").mkdir()
    assert doctor.files().state == "good"
