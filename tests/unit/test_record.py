"""Records: the values that the library is made of."""

from __future__ import annotations

from typing import ClassVar

import pytest

from swapctl.record import Record


class Point(Record):
    kind: ClassVar[str] = "point"

    x: int
    y: int = 0


class SamePoint(Point):
    pass


class Named(Point):
    name: str = ""


class Even(Record):
    number: int

    @classmethod
    def _checked(cls, fields):
        if fields["number"] % 2:
            raise ValueError(fields["number"])
        return {"number": fields["number"] // 2 * 2}


@pytest.mark.parametrize(
    ("made", "fields"),
    [
        pytest.param(Point(1), {"x": 1, "y": 0}, id="default"),
        pytest.param(Point(1, 2), {"x": 1, "y": 2}, id="by-place"),
        pytest.param(Point(y=2, x=1), {"x": 1, "y": 2}, id="by-name"),
        pytest.param(Named(1, 2, "here"), {"x": 1, "y": 2, "name": "here"}, id="fields-of-the-base-first"),
    ],
)
def test_a_record_has_its_fields(made, fields):
    assert made.__dict__ == fields


def test_a_class_variable_is_no_field():
    assert Named._fields == ("x", "y", "name")


@pytest.mark.parametrize(
    ("args", "kwargs", "complaint"),
    [
        pytest.param((), {}, "Point needs a value", id="one-missing"),
        pytest.param((1, 2, 3), {}, "Point takes x, y; not", id="one-too-many"),
        pytest.param((1,), {"z": 3}, "Point takes x, y; not", id="unknown"),
        pytest.param((1,), {"x": 1}, "Point takes x, y; not", id="given-twice"),
    ],
)
def test_a_record_made_wrongly_says_what_it_takes(args, kwargs, complaint):
    with pytest.raises(TypeError, match=complaint):
        Point(*args, **kwargs)


def test_records_are_equal_when_class_and_fields_are():
    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(1, 3)
    assert SamePoint(1, 2) != Point(1, 2)


def test_equal_records_are_one_member_of_a_set():
    assert {Point(1), Point(1, 0), Point(2)} == {Point(1), Point(2)}


def test_a_field_cannot_be_set():
    point = Point(1)
    with pytest.raises(AttributeError, match="Point is immutable"):
        point.x = 2
    assert point == Point(1)


def test_a_field_cannot_be_deleted():
    point = Point(1)
    with pytest.raises(AttributeError, match="Point is immutable"):
        del point.x
    assert point == Point(1)


def test_replace_makes_a_changed_copy():
    point = Named(1, 2, "here")
    assert point.replace(y=5) == Named(1, 5, "here")
    assert point == Named(1, 2, "here")


def test_a_record_prints_as_the_call_that_makes_it():
    assert repr(Named(1, name="here")) == "Named(x=1, y=0, name='here')"


def test_checked_fields_are_what_the_record_holds():
    assert Even(4).number == 4
    with pytest.raises(ValueError, match="5"):
        Even(5)


def test_a_changed_copy_is_checked_as_well():
    with pytest.raises(ValueError, match="3"):
        Even(2).replace(number=3)
