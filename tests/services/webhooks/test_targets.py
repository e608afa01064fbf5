"""Nothing is sent to where a stranger must not reach: not by address, spelling or name, nor on the second try."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from ambra_tui.errors import Invalid
from ambra_tui.services.webhooks import targets
from ambra_tui.services.webhooks.targets import allowed_addresses, check_target, parse_target
from ambra_tui.settings import WebhookSettings
from tests.services.webhooks.conftest import Office
from tests.services.webhooks.receiver import Receiver

OPEN = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "198.18.0.1", "192.0.2.1", "203.0.113.9", "::1", "fc00::1", "fd12:3456::1", "2001:db8::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::127.0.0.1", "::10.0.0.1", "2002:7f00:1::1", "2002:a00:1::1", "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "4000::1", "1::1",
]  # fmt: skip
NEVER = [
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "fe80::1", "fec0::1", "ff02::1",
    "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::169.254.169.254",
    "fe80::1%eth0",
]  # fmt: skip
ALL = tuple(ipaddress.ip_network(text) for text in ("0.0.0.0/0", "::/0"))


def test_addresses() -> None:
    for text in OPEN:
        assert allowed_addresses([text], ()), text
    for text in [*PRIVATE, *NEVER]:
        with pytest.raises(Invalid, match="may not be reached"):
            allowed_addresses([text], ())
    for text in PRIVATE:
        assert allowed_addresses([text], ALL), text
    for text in NEVER:
        with pytest.raises(Invalid, match="may not be reached"):
            allowed_addresses([text], ALL)
    lan = (ipaddress.ip_network("10.1.0.0/16"),)
    assert allowed_addresses(["10.1.2.3", "::ffff:10.1.2.3", "8.8.8.8"], lan)
    for found in (["8.8.8.8", "10.2.0.1"], ["10.1.0.1", "127.0.0.1"], [], ["no address"]):
        with pytest.raises(Invalid):
            allowed_addresses(found, lan)


REFUSED_URLS = [
    "", "ftp://erp.example.com", "file:///etc/passwd", "gopher://erp.example.com", "//erp.example.com",
    "erp.example.com",
    "https://", "https:///path", "https://user@erp.example.com", "https://user:word@erp.example.com",
    "https://@erp.example.com", "https://erp.example.com:22", "https://erp.example.com:6379", "https://erp.example.com:0",
    "https://erp.example.com:99999", "https://erp.example.com:port", "https://erp.example.com/#part",
    "https://erp.example.com/a b", "https://erp.example.com/\n", "https://erp.example.com\\@127.0.0.1",
    "https://erp.example.com/\u202e", "https://[::1", "https://" + "a" * 2_000, "https://fe80::1%25eth0/",
    "https://" + "a" * 64 + ".example", "javascript:alert(1)",
]  # fmt: skip
SPELLED = ["127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "017700000001", "localhost", "[::1]", "[::ffff:7f00:1]"]


def test_spellings() -> None:
    for url in REFUSED_URLS:
        with pytest.raises(Invalid) as refused:
            parse_target(url)
        assert refused.value.field == "url", url
    for host in SPELLED:
        with pytest.raises(Invalid, match="may not be reached"):
            check_target(f"http://{host}/hooks", settings=WebhookSettings())
        check_target(f"http://{host}/hooks", settings=WebhookSettings(ALL))
    assert parse_target("HTTPS://Erp.Example.com/x?y=1").host == "erp.example.com"
    assert parse_target("https://bücher.example/").host == "xn--bcher-kva.example"
    assert (parse_target("http://[2606:4700::1]:8080/").host, parse_target("https://a.example/").port) == (
        "2606:4700::1",
        443,
    )


def test_a_name_without_an_address_is_let_through_until_it_is_tried(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "resolve", lambda host, port: _nothing())
    check_target("https://receiver.invalid/hooks", settings=WebhookSettings())
    webhook = office.add("https://receiver.invalid/hooks")
    office.publish()
    office.tell()
    office.resolve = lambda host, port: _nothing()
    office.send()
    assert office.log(webhook)[0].last_error == "the host's name cannot be looked up"


def _nothing() -> list[str]:
    raise OSError("no such name")


def test_a_name_is_judged_at_every_attempt_and_connected_to_as_judged(office: Office, receiver: Receiver) -> None:
    """The second answer of a name leads inside; a second look after the judgement would find a third."""
    webhook = office.add(f"http://erp.example.com:{receiver.port}/hooks")
    looked: list[tuple[str, int]] = []
    answers: list[list[str]] = [["127.0.0.1"], ["127.0.0.1", "169.254.169.254"], ["10.0.0.1"]]

    def rebinding(host: str, port: int) -> list[str]:
        looked.append((host, port))
        return answers[min(len(looked), len(answers)) - 1]

    office.resolve = rebinding
    receiver.answers = [500]
    office.publish()
    office.tell()
    office.send()
    assert receiver.received[0].headers["host"] == f"erp.example.com:{receiver.port}"
    assert looked == [("erp.example.com", receiver.port)], "once an attempt, and connected to what was judged"
    for step in ({"seconds": 61}, {"minutes": 5}):
        office.later(**step)
        office.send()
        assert office.log(webhook)[0].last_error.startswith("this address may not be reached")
    assert (len(receiver.received), len(looked)) == (1, 3)


def test_no_redirect_is_followed(office: Office, receiver: Receiver) -> None:
    webhook = office.add(receiver.url)
    with Receiver() as inner:
        receiver.answers, receiver.location = [307], inner.url
        office.publish()
        office.tell()
        office.send()
        assert inner.received == []
    assert office.log(webhook)[0].last_error == "answered 307"


@pytest.mark.parametrize(("text", "count"), [("", 0), ("10.0.0.0/8, 127.0.0.1/32,fd00::/8,", 3)])
def test_the_setting(text: str, count: int) -> None:
    environment: dict[str, Any] = {"AMBRA_WEBHOOK_ALLOWED_NETWORKS": text}
    assert len(WebhookSettings.from_environment(environment).allowed_networks) == count
    with pytest.raises(Invalid, match="Give networks such as"):
        WebhookSettings.from_environment({"AMBRA_WEBHOOK_ALLOWED_NETWORKS": "10.0.0.1/8"})
