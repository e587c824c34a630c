"""News pushed to outer systems (状态回推), to a real server on this machine."""

import asyncio
import http.server
import ipaddress
import json
import socket
import ssl
import threading
import time as machine
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hezhi.engines.connect import rules, webhooks
from hezhi.engines.connect.actions import change_key, push_again, rotate_key, withdraw_key
from hezhi.engines.connect.addresses import Forbidden, is_allowed, judged
from hezhi.engines.connect.models import Webhook
from hezhi.engines.connect.queries import webhooks_for
from hezhi.engines.connect.tests.world import ADMIN, STRANGER, make_key
from hezhi.engines.connect.webhooks import deliver_webhooks, push
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotNow

pytestmark = pytest.mark.django_db
NEWS = {"number": "SJ26112200001", "state": "closed", "state_name": "已办结"}


class OtherSide(http.server.ThreadingHTTPServer):
    """The outer system's server: notes what it gets and answers as the test wishes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.drip, self.headers = 200, 0.0, {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?a=1"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: OtherSide

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        if self.server.drip:
            machine.sleep(self.server.drip)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def other_side(settings) -> Iterator[OtherSide]:
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    server = OtherSide()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def pushed(url: str, **more: object) -> Webhook:
    made = make_key(webhook_url=url, **more)
    (row,) = push(made.row.system, event="cases.closed", body=NEWS)
    return row


def after(row: Webhook) -> Webhook:
    deliver_webhooks()
    row.refresh_from_db()
    return row


# -- sending ---------------------------------------------------------------------------------------


def test_news_arrive_signed_so_that_the_other_side_can_prove_them(other_side: OtherSide) -> None:
    made = make_key(webhook_url=other_side.url)
    (row,) = push("hotline-12345", event="cases.closed", body=NEWS)
    assert after(row).delivered_at
    ((path, headers, body),) = other_side.got
    assert path == "/hook?a=1"
    assert headers["Host"] == f"127.0.0.1:{other_side.server_port}"
    expected = rules.signature(made.webhook_secret, headers["X-Hezhi-Timestamp"].encode() + b"." + body)
    assert headers["X-Hezhi-Signature"] == expected
    assert json.loads(body) == {
        "id": str(row.pk), "event": "cases.closed", "at": row.created_at.isoformat(), "data": NEWS,
    }  # fmt: skip
    assert deliver_webhooks() == 0


def test_a_system_without_an_address_or_with_an_ended_key_gets_nothing(other_side: OtherSide) -> None:
    made = make_key()
    assert push("hotline-12345", event="cases.closed", body=NEWS) == []
    other = make_key(system="other", webhook_url=other_side.url)
    withdraw_key(other.row, by=ADMIN, reason="合作终止")
    assert push("other", event="cases.closed", body=NEWS) == []
    assert push("unknown", event="cases.closed", body=NEWS) == []
    assert made.row.webhook_url == ""


def test_after_a_rotation_waiting_news_go_out_once_under_the_new_secret(other_side: OtherSide) -> None:
    old = make_key(webhook_url=other_side.url)
    push("hotline-12345", event="cases.closed", body=NEWS)
    new = rotate_key(old.row, by=ADMIN)
    push("hotline-12345", event="cases.redo", body=NEWS)
    while deliver_webhooks():
        pass
    assert len(other_side.got) == 2
    for _, headers, body in other_side.got:
        text = rules.push_text(headers["X-Hezhi-Timestamp"], body)
        assert headers["X-Hezhi-Signature"] == rules.signature(new.webhook_secret, text)


def test_a_body_with_a_person_in_it_is_a_programmers_mistake() -> None:
    make_key(webhook_url="https://hotline.example.com/")
    with pytest.raises(ValueError, match="reporter"):
        push("hotline-12345", event="cases.closed", body={"reporter": "周明"})


# -- failing ---------------------------------------------------------------------------------------


def test_a_refusing_side_is_tried_with_growing_pauses_and_then_laid_before_a_person(other_side: OtherSide) -> None:
    other_side.status = 500
    with time.frozen_at("2126-11-22 09:00") as clock:
        row = pushed(other_side.url)
        waits = []
        while row.given_up_at is None:
            row = after(row)
            waits.append(row.next_try_at - clock.moment)
            assert deliver_webhooks() == 0
            clock.move_to(max(row.next_try_at, clock.moment))
    assert len(other_side.got) == row.tries == len(rules.PAUSES) + 1
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5)]
    assert row.last_answer == "对方未接收（500）"


def test_given_up_news_can_be_pushed_again_by_who_looks_after_channels(other_side: OtherSide) -> None:
    other_side.status = 410
    row = after(pushed(other_side.url))
    assert (row.given_up_at is not None, row.last_answer) == (True, "对方声明该地址已停用（410）")
    assert not webhooks_for(STRANGER).exists()
    with pytest.raises(NotAllowed):
        push_again(row, by=STRANGER)
    other_side.status = 204
    push_again(webhooks_for(ADMIN).get(), by=ADMIN)
    assert after(row).delivered_at
    with pytest.raises(NotNow):
        push_again(row, by=ADMIN)


def test_a_side_that_drips_is_cut_off_in_time(other_side: OtherSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 0.3)
    other_side.drip = 3
    began = machine.monotonic()
    row = after(pushed(other_side.url))
    assert machine.monotonic() - began < 2
    assert (row.delivered_at, "没有回应" in row.last_answer) == (None, True)


def test_one_dead_side_does_not_hold_up_the_others(other_side: OtherSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 1.0)
    dead = socket.create_server(("127.0.0.1", 0))  # takes connections and never answers
    try:
        lost = pushed(f"http://127.0.0.1:{dead.getsockname()[1]}/")
        well = pushed(other_side.url, system="other")
        assert deliver_webhooks() == 2
    finally:
        dead.close()
    lost.refresh_from_db()
    well.refresh_from_db()
    assert (lost.delivered_at is None, well.delivered_at is not None) == (True, True)


def test_a_redirect_is_not_followed(other_side: OtherSide) -> None:
    other_side.status, other_side.headers = 302, {"Location": "http://169.254.169.254/latest/"}
    row = after(pushed(other_side.url))
    assert (len(other_side.got), row.last_answer) == (1, "对方未接收（302）")


def test_news_whose_sender_was_killed_are_pushed_again(other_side: OtherSide, monkeypatch: pytest.MonkeyPatch) -> None:
    with time.frozen_at("2126-11-22 09:00") as clock:
        row = pushed(other_side.url)
        with monkeypatch.context() as broken:
            broken.setattr(webhooks, "_send_all", lambda rows: (_ for _ in ()).throw(SystemExit()))
            with pytest.raises(SystemExit):
                deliver_webhooks()
        assert deliver_webhooks() == 0
        clock.advance(minutes=3)
        assert after(row).delivered_at


# -- where it may go -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inside",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"],
)  # fmt: skip
def test_the_inside_is_closed(inside: str) -> None:
    assert not is_allowed(ipaddress.ip_address(inside))


def test_the_open_net_is_open_and_the_inside_where_it_is_named(settings) -> None:
    assert is_allowed(ipaddress.ip_address("203.119.25.1"))
    settings.WEBHOOK_NETWORKS = ["10.20.0.0/16"]
    assert is_allowed(ipaddress.ip_address("10.20.3.4"))
    assert not is_allowed(ipaddress.ip_address("10.21.3.4"))


def test_a_push_inside_is_not_sent_unless_it_is_named(other_side: OtherSide, settings) -> None:
    settings.WEBHOOK_NETWORKS = []
    for number, url in enumerate((other_side.url, other_side.url.replace("127.0.0.1", "localhost"))):
        row = after(pushed(url, system=f"inside-{number}"))
        assert row.last_answer == "地址在内部网络，未列入允许范围"
    assert other_side.got == []


def test_a_name_with_one_inside_address_among_open_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(*args: object, **more: object) -> list[tuple]:
        return [(2, 1, 6, "", ("203.119.25.1", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]

    async def ask() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both, raising=False)
        await judged("both.example.com", 80)

    with pytest.raises(Forbidden):
        asyncio.run(ask())


def test_the_certificate_is_checked_against_the_name(settings, tmp_path: Path) -> None:
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8", "::1/128"]
    names: list[str | None] = []
    with _tls_server(tmp_path, names) as port:
        row = after(pushed(f"https://localhost:{port}/"))
    assert names == ["localhost"]
    assert row.delivered_at is None, "a self-made certificate is not believed"


def test_an_address_can_be_changed_only_to_a_plain_one() -> None:
    made = make_key(webhook_url="https://hotline.example.com/")
    changed = change_key(
        made.row, by=ADMIN, name="热线", scopes=["cases.report"], quota_per_minute=60, must_sign=True,
        webhook_url="https://other.example.com/",
    )  # fmt: skip
    assert changed.webhook_url == "https://other.example.com/"


class _tls_server:
    """A TLS server with a self-made certificate that notes the name it is asked for."""

    def __init__(self, folder: Path, names: list[str | None]) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
        now = time.real_now()
        made = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        path = folder / "server.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path)
        self.context.sni_callback = lambda sock, asked, context: names.append(asked)
        self.socket = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> int:
        threading.Thread(target=self._serve, daemon=True).start()
        return int(self.socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _serve(self) -> None:
        try:
            link, _ = self.socket.accept()
            self.context.wrap_socket(link, server_side=True).close()
        except OSError:
            pass
