"""The ways in of a running engine, each by itself: one that is away would hide behind the others."""

from collections.abc import Sequence
from pathlib import Path

from citybrain.doctor.findings import Finding, Level, Section
from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from domain.errors import Refused, Temporary


def examine_feeds(data: Path) -> Sequence[Finding]:
    """As the engine of this directory sees them now; nothing while none runs."""
    address = EngineAddress.read(data)
    if address is None or not address.is_running:
        return []
    try:
        with EngineClient(address) as client:
            figures = client.get("/internal/statistics")
            connected, missing = figures["connected"], figures["missing_in_sequence"]
    except (Temporary, Refused, KeyError):  # KeyError: an engine of another version
        return [_finding(Level.NOTE, "引擎没有回答接入源的状态", "the engine does not say how its feeds are")]
    away = sorted(feed for feed, is_there in connected.items() if not is_there)
    there = sorted(connected.keys() - away)
    findings = (
        [_finding(Level.OK, f"接入源已连接：{_names(there)}", f"feeds connected: {_names(there)}")] if there else []
    )
    if away:
        findings.append(
            Finding(
                section=Section.BROKER,
                level=Level.BAD,
                zh=f"接入源已断开：{_names(away)}",
                en=f"feeds away: {_names(away)}",
                advice_zh="代理的接入源看引擎日志中的 broker lost；监听端口看 ingest.listeners 的地址是否可用",
                advice_en="for feeds of the broker see `broker lost` in the engine's log; for a listener whether its"
                " address can be had",
            )
        )
    if missing:
        findings.append(_missing(missing))
    return findings


def _missing(count: int) -> Finding:
    return Finding(
        section=Section.BROKER,
        level=Level.NOTE,
        zh=f"引擎启动以来，设备自编序号缺 {count} 条报文：到达本系统之前丢失，或到达时无法解读（见隔离区）",
        en=f"since the engine's start {count} messages that devices numbered are missing: lost before they reached us,"
        " or unreadable when they came (see the quarantine)",
        advice_zh="检查设备到代理的链路、代理的队列上限；设备应以 QoS 1 发布，并重发到收到确认为止",
        advice_en="look at the way from the devices to the broker and at its bounds on queues; devices publish at QoS 1"
        " and send again until they are answered",
    )


def _names(feeds: Sequence[str]) -> str:
    return ", ".join(feeds)


def _finding(level: Level, zh: str, en: str) -> Finding:
    return Finding(section=Section.BROKER, level=level, zh=zh, en=en)
