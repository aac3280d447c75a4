"""Which server an address leads to: a token that stands where a host is written is none."""

import pytest

from notify.receivers import server_of


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("json://hooks.example.cn", ("hooks.example.cn", 80)),
        ("jsons://hooks.example.cn/path", ("hooks.example.cn", 443)),
        ("xml://hooks.example.cn:8080", ("hooks.example.cn", 8080)),
        ("mailtos://u:p@example.cn?smtp=smtp.example.cn", ("smtp.example.cn", 587)),
        ("dingtalk://abcdefghijklmnopqrstuvwxyz0123456789/13800000000", ("oapi.dingtalk.com", 443)),
        ("json://u:p@[::1]:8080/x", ("::1", 8080)),
        ("wecombot://mykey", ("qyapi.weixin.qq.com", 443)),
        ("slack://TokenA/TokenB/TokenC", None),
        ("nonsense", None),
    ],
)
def test_the_server_of_an_address(
    monkeypatch: pytest.MonkeyPatch, address: str, server: tuple[str, int] | None
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    assert server_of(address) == server


def test_what_is_reached_through_a_proxy_cannot_be_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", "http://proxy.example.cn:3128")
    assert server_of("json://hooks.example.cn") is None
