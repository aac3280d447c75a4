"""One device, many spellings: an EUI-64 is folded, everything else stays as it is."""

import pytest

from domain.names import folded, is_eui, why_no_name


@pytest.mark.parametrize(
    "spelled", ["24E124743D402DAB", "24e124743d402dab", "24-E1-24-74-3D-40-2D-AB", "24:e1:24:74:3d:40:2d:ab"]
)
def test_an_eui_has_one_spelling(spelled: str) -> None:
    assert is_eui(spelled) and folded(spelled) == "24e124743d402dab"


@pytest.mark.parametrize(
    "name",
    [
        "NM-001",
        "nm-001",
        "24-E1:24-74-3D-40-2D-AB",
        "24E124743D402DAG",
        "24E124743D402DA",
        "１２３４５６７８９０１２３４５６",
    ],
)
def test_other_names_stay_as_they_are(name: str) -> None:
    assert not is_eui(name) and folded(name) == name


@pytest.mark.parametrize("text", ["", "  ", "a#b", "a+b", "a\nb", "x" * 201])
def test_what_cannot_name_a_device_says_why(text: str) -> None:
    assert why_no_name(text)


@pytest.mark.parametrize("text", ["x" * 200, "Lamp 12/3", "噪声点", "group/edge/device"])
def test_networks_may_name_devices_freely(text: str) -> None:
    assert why_no_name(text) is None
