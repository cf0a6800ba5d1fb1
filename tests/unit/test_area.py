"""What may be asked of an area. Each error names the field, the value and what is allowed."""

from __future__ import annotations

import pytest

from swapctl.errors import InvalidInput
from swapctl.sizes import Size
from swapctl.swap.area import Area

ABSOLUTE = "begin it with / or, for a device, with UUID=, LABEL=, PARTUUID="
BY_ITSELF = "write it without .. and let it be more than /"
CONTROL = "allowed are tabs, spaces and everything printable"
OPTION = "give each by itself, without blanks, commas, # and backslashes"
PATH = "give the absolute path of a swap file or block device"
PRIORITY = "leave it out and the kernel chooses, below all that are set"
UUID = "write it as 01234567-89ab-cdef-0123-456789abcdef"


def test_a_path_is_enough():
    assert Area("/swapfile") == Area(
        path="/swapfile",
        state="present",
        size=None,
        active=True,
        persist="fstab",
        priority=None,
        discard="none",
        nofail=False,
        label=None,
        uuid=None,
        options=(),
        force=False,
    )


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("path", "", f"path '' is not a path; hint: {PATH}"),
        ("path", None, f"path None is not a path; hint: {PATH}"),
        ("path", 5, f"path 5 is not a path; hint: {PATH}"),
        ("path", "swapfile", f"path 'swapfile' is not absolute; hint: {ABSOLUTE}"),
        ("path", "./swapfile", f"path './swapfile' is not absolute; hint: {ABSOLUTE}"),
        ("path", "uuid=1", f"path 'uuid=1' is not absolute; hint: {ABSOLUTE}"),
        ("path", "/", f"path '/' does not name a file or device by itself; hint: {BY_ITSELF}"),
        ("path", "/./", f"path '/./' does not name a file or device by itself; hint: {BY_ITSELF}"),
        ("path", "/a/../b", f"path '/a/../b' does not name a file or device by itself; hint: {BY_ITSELF}"),
        ("path", "/a\nb", rf"path '/a\nb' has a control character in it; hint: {CONTROL}"),
        ("path", "/a\rb", rf"path '/a\rb' has a control character in it; hint: {CONTROL}"),
        ("path", "/a\x00b", rf"path '/a\x00b' has a control character in it; hint: {CONTROL}"),
        (
            "path",
            "/a\ud800",
            r"path '/a\ud800' has half a character in it; hint: a surrogate stands for no bytes, and a path is bytes",
        ),
        ("path", "/a\x7fb", rf"path '/a\x7fb' has a control character in it; hint: {CONTROL}"),
        ("path", "UUID=", "path 'UUID=' names no device; hint: write UUID= and the value that the device bears"),
        (
            "path",
            'LABEL=""',
            "path 'LABEL=\"\"' names no device; hint: write LABEL= and the value that the device bears",
        ),
        ("state", "here", "state 'here' is not one of present, absent"),
        ("state", None, "state None is not one of present, absent"),
        ("active", "yes", "active 'yes' is neither true nor false"),
        ("active", 1, "active 1 is neither true nor false"),
        ("persist", "cron", "persist 'cron' is not one of fstab, systemd, none, keep"),
        ("persist", False, "persist False is not one of fstab, systemd, none, keep"),
        ("priority", -1, f"priority -1 is outside 0..32767; hint: {PRIORITY}"),
        ("priority", 32768, f"priority 32768 is outside 0..32767; hint: {PRIORITY}"),
        ("priority", "10", f"priority '10' is outside 0..32767; hint: {PRIORITY}"),
        ("priority", True, f"priority True is outside 0..32767; hint: {PRIORITY}"),
        ("priority", 1.5, f"priority 1.5 is outside 0..32767; hint: {PRIORITY}"),
        ("discard", "always", "discard 'always' is not one of none, once, pages, both"),
        ("discard", True, "discard True is not one of none, once, pages, both"),
        ("nofail", None, "nofail None is neither true nor false"),
        (
            "label",
            "sixteen-letters!",
            "label 'sixteen-letters!' has more than 15 bytes; hint: mkswap would cut it, and LABEL= would never match",
        ),
        (
            "label",
            "ääääääää",
            "label 'ääääääää' has more than 15 bytes; hint: mkswap would cut it, and LABEL= would never match",
        ),
        ("label", "a\nb", r"label 'a\nb' is not printable text"),
        ("label", 7, "label 7 is not printable text"),
        ("uuid", "1234", f"uuid '1234' is not a UUID; hint: {UUID}"),
        (
            "uuid",
            "g" * 8 + "-1111-1111-1111-" + "1" * 12,
            f"uuid 'gggggggg-1111-1111-1111-111111111111' is not a UUID; hint: {UUID}",
        ),
        ("uuid", 0, f"uuid 0 is not a UUID; hint: {UUID}"),
        ("options", "noauto", "options 'noauto' is not a list of fstab options"),
        ("options", None, "options None is not a list of fstab options"),
        ("options", ["a,b"], f"options holds 'a,b', which is not one fstab option; hint: {OPTION}"),
        ("options", ["a b"], f"options holds 'a b', which is not one fstab option; hint: {OPTION}"),
        ("options", ["a#b"], f"options holds 'a#b', which is not one fstab option; hint: {OPTION}"),
        ("options", [""], f"options holds '', which is not one fstab option; hint: {OPTION}"),
        ("options", [1], f"options holds 1, which is not one fstab option; hint: {OPTION}"),
        ("options", ["pri=5"], "options holds 'pri=5'; hint: say it with priority"),
        ("options", ["discard"], "options holds 'discard'; hint: say it with discard"),
        ("options", ["nofail"], "options holds 'nofail'; hint: say it with nofail"),
        ("force", "true", "force 'true' is neither true nor false"),
    ],
    ids=repr,
)
def test_what_makes_no_sense_is_refused(field, value, complaint):
    with pytest.raises(InvalidInput) as caught:
        Area(**{"path": "/swapfile", field: value})
    assert str(caught.value) == complaint


def test_a_size_that_makes_no_sense_is_refused():
    with pytest.raises(InvalidInput, match="size 'big' is not a size; hint: allowed are"):
        Area("/swapfile", size="big")


@pytest.mark.parametrize(
    ("field", "value", "normal"),
    [
        pytest.param("path", "//srv///./swap/", "/srv/swap", id="slashes"),
        pytest.param("path", "/with space\tand tab/ä", "/with space\tand tab/ä", id="blanks-and-non-ascii"),
        pytest.param("path", "/..swap", "/..swap", id="dots-that-are-a-name"),
        pytest.param("path", 'LABEL="swap"', "LABEL=swap", id="quoted-tag"),
        pytest.param("size", "4G", Size(4 << 30), id="size-text"),
        pytest.param("size", 4096, Size(4096), id="size-number"),
        pytest.param("size", Size(percent=50), Size(percent=50), id="size-parsed"),
        pytest.param("active", None, None, id="active-as-it-is"),
        pytest.param("priority", 0, 0, id="lowest-priority"),
        pytest.param("priority", 32767, 32767, id="highest-priority"),
        pytest.param("label", "", "", id="no-label"),
        pytest.param("label", "fifteen-letters", "fifteen-letters", id="longest-label"),
        pytest.param("uuid", "ABCDEF01-2345-6789-ABCD-EF0123456789", "abcdef01-2345-6789-abcd-ef0123456789", id="uuid"),
        pytest.param("options", ["x-a=1", "noauto"], ("x-a=1", "noauto"), id="options"),
        pytest.param("options", ["sw", "defaults", "noauto"], ("noauto",), id="options-that-say-nothing"),
    ],
)
def test_values_are_kept_in_their_normal_form(field, value, normal):
    assert getattr(Area(**{"path": "/swapfile", field: value}), field) == normal


@pytest.mark.parametrize(
    ("path", "is_tag"),
    [("UUID=1", True), ("LABEL=a", True), ("PARTUUID=1", True), ("/UUID=1", False), ("/dev/vdb", False)],
)
def test_a_tag_names_a_device_by_what_it_bears(path, is_tag):
    assert Area(path).is_tag is is_tag


def test_no_error_of_input_hides_behind_another_class():
    with pytest.raises(ValueError, match="is not absolute") as caught:
        Area("swapfile")
    assert caught.value.exit_code == 2
