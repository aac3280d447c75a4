"""A small HJ 212 station: writes frames as the standard has them, by its own arithmetic."""


def crc(segment: bytes) -> int:
    """Annex A, bit by bit: the slow twin of ingest.formats.hj212.crc."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            is_odd = register & 1
            register >>= 1
            if is_odd:
                register ^= 0xA001
    return register


def framed(segment: str, *, checksum: str | None = None, length: str | None = None, end: bytes = b"\r\n") -> bytes:
    """The segment with its length and checksum, or with others."""
    content = segment.encode()
    written = f"{crc(content):04X}" if checksum is None else checksum
    return (
        f"##{len(content):04d}".encode() * (length is None)
        + (f"##{length}".encode() if length else b"")
        + (content + written.encode() + end)
    )


def packet(
    content: str,
    *,
    mn: str = "NM-0001",
    cn: str = "2011",
    qn: str = "20261122200000123",
    flag: int = 5,
    part: tuple[int, int] | None = None,
) -> str:
    """The segment of one packet; `part`: PNO of PNUM."""
    split = f"PNUM={part[1]};PNO={part[0]};" if part else ""
    return f"QN={qn};ST=23;CN={cn};PW=123456;MN={mn};Flag={flag};{split}CP=&&{content}&&"


def frame(content: str, **more: object) -> bytes:
    """One whole frame."""
    return framed(packet(content, **more))  # type: ignore[arg-type]  # handed on as they are
