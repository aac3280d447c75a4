"""The registry: what a device would miss."""

from collections.abc import Sequence

from citybrain.doctor.findings import Finding, Level, Section
from domain.devices import Device, Registry

SHOWN = 5
NOISE_METER = "noise_meter"
LAMP = "lamp"


def examine_registry(registry: Registry) -> Sequence[Finding]:
    """Whether every device has what its limits need."""
    findings = [_finding(Level.OK, f"{len(registry)} 台设备", f"{len(registry)} devices")]
    without_zone = [device for device in registry.of_kind(NOISE_METER) if device.zone is None]
    if without_zone:
        findings.append(
            _lacking(without_zone, "噪声仪缺声环境功能区 zone", "noise meters without a zone: no limit applies")
        )
    without_road = [device for device in registry.of_kind(LAMP) if device.road is None]
    if without_road:
        findings.append(_lacking(without_road, "路灯缺道路 road", "lamps without a road: they count in no lit rate"))
    return findings


def _lacking(devices: Sequence[Device], zh: str, en: str) -> Finding:
    names = ", ".join(device.id for device in devices[:SHOWN]) + ("…" if len(devices) > SHOWN else "")
    return _finding(Level.NOTE, f"{len(devices)} {zh}：{names}", f"{len(devices)} {en}: {names}")


def _finding(level: Level, zh: str, en: str) -> Finding:
    return Finding(section=Section.REGISTRY, level=level, zh=zh, en=en)
