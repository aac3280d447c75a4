"""Codes of cases: texts, in two namespaces, of two generations that must not be mixed."""

import pytest

from cases.codes import CaseKind, Codes, load_codes

CODES = load_codes()
NEW, OLD = CODES.generations["gbt30428"], CODES.generations["cjt214"]
PART, EVENT = CaseKind.PART, CaseKind.EVENT


def test_the_street_lamp_has_another_code_in_each_generation() -> None:
    assert (NEW.minor(PART, "0137"), OLD.minor(PART, "0118")) == ("路灯", "路灯")
    assert (NEW.minor(PART, "0118"), OLD.minor(PART, "0137")) == ("化粪池井盖", None)


def test_0114_means_two_different_covers() -> None:
    assert (NEW.minor(PART, "0114"), OLD.minor(PART, "0114")) == ("园林井盖", "无主井盖")


def test_events_04_and_05_are_swapped_between_the_generations() -> None:
    assert [NEW.majors[EVENT][code] for code in ("04", "05")] == ["街面秩序", "突发事件"]
    assert [OLD.majors[EVENT][code] for code in ("04", "05")] == ["突发事件", "街面秩序"]


def test_parts_and_events_are_separate_namespaces() -> None:
    assert (NEW.minor(PART, "0128"), NEW.minor(EVENT, "0128")) == ("电力设施", "商业噪音")
    assert "names nothing" in (NEW.fault(None, "0128") or "")


def test_a_code_that_lost_its_zero_is_not_another_code() -> None:
    assert "write 0118" in (NEW.fault(PART, "118") or "")
    assert "four digits" in (NEW.fault(PART, "118.0") or "")
    assert NEW.minor(PART, "118") is None


def test_a_major_class_of_the_other_generation_is_refused() -> None:
    assert "no major class" in (NEW.fault(PART, "0601") or "")
    assert OLD.fault(PART, "0601") is None


def test_a_code_that_is_not_listed_is_no_fault_yet_has_no_name() -> None:
    assert (NEW.fault(PART, "0199"), NEW.minor(PART, "0199")) == (None, None)


def test_the_table_refuses_codes_that_are_numbers() -> None:
    plain = CODES.model_dump(mode="json")
    plain["generations"]["gbt30428"]["minors"]["part"] = {137: "路灯"}
    with pytest.raises(ValueError):
        Codes.model_validate(plain)


@pytest.mark.parametrize("generation", CODES.generations.values(), ids=CODES.generations)
def test_every_minor_code_lies_in_a_major_class(generation: object) -> None:
    assert isinstance(generation, type(NEW))
    assert [
        (kind, code)
        for kind, minors in generation.minors.items()
        for code in minors
        if generation.fault(kind, code) is not None
    ] == []
