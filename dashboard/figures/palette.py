"""The colours of figures; those of the pages stand in assets/base.css and are the same."""

PANEL = "#111820"
LINE = "#22303C"
GRID = "#1A2630"
TEXT = "#EAF0F4"
MUTED = "#A6B5C1"
LIMIT = "#F4F7FA"
YELLOW = "#FFC629"
EXCEEDED = "rgba(255,198,41,.34)"
NOTHING = "rgba(0,0,0,0)"

SERIES = ("#6FB1F0", "#7BD0A2", "#B79AF0")
"""One for each chart of the wall, in their order."""

KINDS = {
    "lamp": "#5FA7A6",
    "manhole_cover": "#B79AF0",
    "noise_meter": "#6FB1F0",
    "air_station": "#7BD0A2",
    "feeder_cabinet": "#D9A27B",
}
OTHER_KINDS = ("#C9C27A", "#E08FB4", "#8FA3E0", "#9CCB8E")
OFFLINE = "#5A6874"

FONT = '"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","WenQuanYi Micro Hei",sans-serif'


def kind_colours(kinds: list[str]) -> dict[str, str]:
    """A colour for every kind of device; kinds that the catalogue gained later share the spare ones."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    return {kind: KINDS[kind] for kind in kinds if kind in KINDS} | {
        kind: OTHER_KINDS[place % len(OTHER_KINDS)] for place, kind in enumerate(unknown)
    }
