"""The broker, by what it does with messages of our own."""

from collections.abc import Sequence

from citybrain.doctor.findings import Finding, Level, Section
from citybrain.doctor.probes import Probes, probe
from domain.errors import Misconfigured, Temporary
from domain.ports import Clock
from ingest.settings import BrokerSettings

SLOW_P99_S = 0.03
"""Above it Nagle's algorithm is at work somewhere: 40 ms is its signature."""


def examine_broker(broker: BrokerSettings, clock: Clock) -> Sequence[Finding]:
    """Publishes some thousand messages to `citybrain-doctor/…`, a topic of its own."""
    where = f"{broker.host}:{broker.port}"
    try:
        probes = probe(broker, clock)
    except (Temporary, Misconfigured) as exc:
        return [
            _finding(
                Level.BAD,
                f"{where} 无法使用：{exc}",
                f"{where} cannot be used: {exc}",
                advice_zh="检查地址、端口、TLS、账号与主题权限；见 docs/brokers.md",
                advice_en="mend address, port, TLS, account or rights to topics; see docs/brokers.md",
            )
        ]
    return [_delivery(probes), _survival(probes), _latency(probes)]


def _delivery(probes: Probes) -> Finding:
    lost = probes.sent - probes.back
    zh = f"QoS 1 探测 {probes.sent} 条，返回 {probes.back} 条，重复 {probes.twice} 条"
    en = f"{probes.sent} probes at QoS 1, {probes.back} came back, {probes.twice} of them twice"
    if not lost:
        return _finding(Level.OK, zh, en)
    return _finding(
        Level.BAD,
        f"{zh}：代理丢失了已确认的 {lost} 条",
        f"{en}: the broker lost {lost} messages that it had acknowledged",
        advice_zh="提高会话队列上限。Mosquitto：设置 max_queued_messages 0",
        advice_en="raise the bound of a session's queue. Mosquitto: max_queued_messages 0",
    )


def _survival(probes: Probes) -> Finding:
    zh = f"会话断开期间发布 {probes.absent_sent} 条，重连后收到 {probes.absent_back} 条"
    en = f"{probes.absent_sent} messages while our session was away, {probes.absent_back} came after its return"
    if probes.absent_back >= probes.absent_sent:
        return _finding(Level.OK, zh, en)
    return _finding(
        Level.BAD,
        zh,
        en,
        advice_zh="代理须保留持久会话及其队列。Mosquitto：设置 max_queued_messages 0 与 persistence true",
        advice_en="the broker must keep sessions and their queues. Mosquitto: max_queued_messages 0, persistence true",
    )


def _latency(probes: Probes) -> Finding:
    zh = f"往返时延 p50 {probes.p50_s * 1000:.1f} ms，p99 {probes.p99_s * 1000:.1f} ms"
    en = f"there and back p50 {probes.p50_s * 1000:.1f} ms, p99 {probes.p99_s * 1000:.1f} ms"
    if probes.p99_s < SLOW_P99_S:
        return _finding(Level.OK, zh, en)
    return _finding(
        Level.NOTE,
        zh,
        en,
        advice_zh="Mosquitto：设置 set_tcp_nodelay true；否则检查网络与代理负载",
        advice_en="Mosquitto: set set_tcp_nodelay true; else look at the network and the broker's load",
    )


def _finding(level: Level, zh: str, en: str, *, advice_zh: str = "", advice_en: str = "") -> Finding:
    return Finding(section=Section.BROKER, level=level, zh=zh, en=en, advice_zh=advice_zh, advice_en=advice_en)
