"""The channels against real receivers."""

import json
from pathlib import Path

import pytest

from domain.errors import Refused, Temporary
from notify.channels import AppriseChannel
from notify.log_channel import LogChannel
from tests.notify.receivers import mailbox, webhook
from tests.records.samples import notice_of

NOTICE = notice_of(
    title="【黄·发生】噪声 | [yellow, raised] Noise", body="数值：57.3 dB(A)，要求 ≤ 50\n\nValue: <57.3> & more"
)


def test_webhook_gets_title_and_body_as_they_are() -> None:
    with webhook() as hook:
        AppriseChannel(hook.url).deliver(NOTICE)
    ((_, content),) = hook.requests
    assert (content["title"], content["message"]) == (NOTICE.title, NOTICE.body)


def test_webhook_gets_the_key_in_a_header_beside_the_users_own() -> None:
    with webhook() as hook:
        AppriseChannel(f"{hook.url}?+X-Token=t0k").deliver(NOTICE)
    ((headers, _),) = hook.requests
    assert (headers["Idempotency-Key"], headers["X-Token"]) == ("a1:2:sms", "t0k")


def test_mail_gets_title_body_and_key() -> None:
    with mailbox() as box:
        AppriseChannel(box.url).deliver(NOTICE)
    (mail,) = box.mails
    assert (mail["Subject"], mail["To"], mail["Idempotency-Key"]) == (NOTICE.title, "duty@example.cn", "a1:2:sms")
    assert mail.get_content().replace("\r\n", "\n").strip() == NOTICE.body


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
def test_receiver_that_does_not_take_it_is_worth_another_try(status: int) -> None:
    with webhook(status) as hook, pytest.raises(Temporary, match=str(status)):
        AppriseChannel(hook.url).deliver(NOTICE)
    assert len(hook.requests) == 1


@pytest.mark.parametrize("scheme", ["json", "mailto"])
def test_receiver_that_is_away_is_worth_another_try(scheme: str) -> None:
    with webhook() as hook:
        port = hook.url.split(":")[2].split("/")[0]
    with pytest.raises(Temporary, match="onnection"):
        AppriseChannel(f"{scheme}://127.0.0.1:{port}?from=a@example.cn&to=b@example.cn").deliver(NOTICE)


@pytest.mark.parametrize("url", ["", "nonsense", "json://", "telegrm://token@chat"])
def test_address_that_apprise_does_not_understand_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        AppriseChannel(url)


def test_log_gets_one_line_for_each_notice(tmp_path: Path) -> None:
    channel = LogChannel(tmp_path / "notices.log")
    channel.deliver(NOTICE)
    channel.deliver(notice_of("a1:3:sms"))
    lines = [json.loads(line) for line in (tmp_path / "notices.log").read_text().splitlines()]
    assert [(line["key"], line["alert"], line["title"]) for line in lines] == [
        ("a1:2:sms", "a1", NOTICE.title),
        ("a1:3:sms", "a1", notice_of().title),
    ]


def test_log_that_cannot_be_written_is_worth_another_try(tmp_path: Path) -> None:
    with pytest.raises(Temporary, match=r"notices\.log"):
        LogChannel(tmp_path / "gone" / "notices.log").deliver(NOTICE)
