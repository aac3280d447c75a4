"""What a station is told once its packet is durable."""

from ingest.formats.hj212.crc import checksum
from ingest.formats.hj212.packet import Packet

_NOTICES = frozenset({"1013", "9015"})
"""Asking for a calibration of the clock, and the heartbeat of 2025: answered as notices. All others are data."""
_ANSWERS = frozenset({"9011", "9012", "9013", "9014"})
_SPLIT = 2


def answer_to(packet: Packet) -> bytes | None:
    """9014 for data, 9013 for notices, with the packet's own QN, PW and MN; None where it asks for no answer."""
    if not packet.wants_answer or packet.cn in _ANSWERS:
        return None
    command = "9013" if packet.cn in _NOTICES else "9014"
    flag = packet.version << 2
    part = ""
    if packet.parts > 1:
        flag, part = flag | _SPLIT, f"PNUM={packet.parts};PNO={packet.part};"
    header = f"QN={packet.qn};ST=91;CN={command};PW={packet.pw};MN={packet.mn};Flag={flag};{part}"
    segment = f"{header}CP=&&&&".encode()
    return b"##%04d%s%04X\r\n" % (len(segment), segment, checksum(segment))
