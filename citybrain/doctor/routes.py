"""The routes: which alerts would be told to nobody, and which receivers are not there. Nothing is sent."""

import os
from collections.abc import Mapping, Sequence

from citybrain.doctor.findings import Finding, Level, Section
from domain.alerts import AlertMove
from domain.conditions import Severity
from domain.errors import Refused, Temporary
from notify.receivers import knock, server_of
from notify.routes import LOG, address_of
from notify.settings import NotifySettings, RouteSettings
from notify.texts import COLOURS

WAIT_S = 3.0
"""For a receiver to take a connection."""
_ADD_ZH = "在 notify.routes 中加入值班人员的路由"
_ADD_EN = "add the route of the person on duty to notify.routes"


def examine_routes(settings: NotifySettings, environment: Mapping[str, str] = os.environ) -> Sequence[Finding]:
    """Whether anybody is reached, of every colour, and whether whoever shall be told is there."""
    if not settings.routes:
        return [_note("没有通知路由：无人会被通知", "no routes: nobody is told of anything", _ADD_ZH, _ADD_EN)]
    findings: list[Finding] = []
    people: list[tuple[RouteSettings, str]] = []
    for route in settings.routes:
        try:
            address = address_of(route, environment)
        except Refused as exc:
            findings.append(
                _note(f"路由 {route.id}：{exc}", f"route {route.id}: {exc}", "修正其地址", "mend its address")
            )
            continue
        if not address.startswith(LOG):
            people.append((route, address))
    if not people:
        return [*findings, _note("通知只写入文件", "notices only go to files", _ADD_ZH, _ADD_EN)]
    names = ", ".join(route.id for route, _ in people)
    findings.append(Finding(section=Section.ROUTES, level=Level.OK, zh=f"通知路由 {names}", en=f"routes {names}"))
    findings.extend(_untold([route for route, _ in people]))
    for route, address in people:
        findings.extend(_absent(route, address))
    return findings


def _untold(people: Sequence[RouteSettings]) -> Sequence[Finding]:
    """Colours of alerts whose beginning no route tells a person."""
    told = {severity for route in people if AlertMove.HOLD in route.moves for severity in route.severities}
    untold = [severity for severity in Severity if severity not in told]
    if not untold:
        return []
    zh = "、".join(COLOURS[severity].zh for severity in untold)
    en = ", ".join(COLOURS[severity].en for severity in untold)
    return [
        _note(
            f"{zh}色告警发生时无人会被通知",
            f"nobody is told when alerts of these colours are raised: {en}",
            "若非有意，在 notify.routes 某一路由的 severities（及 moves: hold）中加入",
            "unless that is meant, add them to the severities (and hold to the moves) of a route in notify.routes",
        )
    ]


def _absent(route: RouteSettings, address: str) -> Sequence[Finding]:
    server = server_of(address)
    if server is None:
        return []
    try:
        knock(*server, wait_s=WAIT_S)
    except Temporary as exc:
        return [
            _note(
                f"路由 {route.id} 的接收端无应答：{exc}",
                f"the receiver of route {route.id} does not answer: {exc}",
                "检查地址、接收服务与防火墙；其间通知会重试，次数用尽即放弃",
                "look at its address, the receiver and the firewall; notices are tried again, then given up",
            )
        ]
    return []


def _note(zh: str, en: str, advice_zh: str, advice_en: str) -> Finding:
    return Finding(section=Section.ROUTES, level=Level.NOTE, zh=zh, en=en, advice_zh=advice_zh, advice_en=advice_en)
