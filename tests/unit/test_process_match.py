"""What a pattern means, and what a process is called."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from swapctl.errors import Guard, InvalidInput
from swapctl.process import match
from swapctl.process.match import Pattern

WORKER = b"/usr/bin/python3\0-u\0/srv/app/worker.py\0--conf=a b\0"
NGINX = b"nginx: master process /usr/sbin/nginx -c /etc/nginx/nginx.conf\0\0\0\0\0\0"
CHROMIUM = b"/usr/lib/chromium/chromium --type=utility --user-data-dir=/home/anna/worker"


def command(*argv: str) -> bytes:
    """Return the raw command line of a program that was started with *argv*."""
    return b"".join(match.encode(argument) + b"\0" for argument in argv)


@pytest.mark.parametrize(
    ("raw", "argv"),
    [
        pytest.param(b"", (), id="a-kernel-thread-or-a-zombie"),
        pytest.param(b"worker\0", ("worker",), id="one"),
        pytest.param(b"worker\0-a\0b c\0", ("worker", "-a", "b c"), id="several"),
        pytest.param(b"a\0\0b\0", ("a", "", "b"), id="an-empty-one-between"),
        pytest.param(b"a\0\0", ("a", ""), id="an-empty-one-at-the-end"),
        pytest.param(b"\0a\0", ("", "a"), id="an-empty-program"),
        pytest.param(b"\0", ("",), id="nothing-but-an-empty-program"),
        pytest.param(b"a\nb\0c)\0", ("a\nb", "c)"), id="newline-and-bracket"),
        pytest.param(b"na\xc3\xafve\0", ("naïve",), id="utf-8"),
        pytest.param(b"na\xefve\0", ("na\udcefve",), id="not-utf-8"),
        pytest.param(b"a\0b\xe2\x82", ("a", "b\udce2\udc82"), id="cut-within-a-character"),
        pytest.param(b"nginx: worker process", ("nginx: worker process",), id="a-title-without-an-end"),
        pytest.param(b"nginx: worker\0\0\0\0\0", ("nginx: worker",), id="a-title-and-the-rest-of-its-room"),
        pytest.param(b"title\0\0\0left\0", ("title", "", "", "left"), id="a-title-over-the-first-arguments"),
        pytest.param(b"\0\0\0\0", (), id="nothing-but-room"),
    ],
)
def test_a_command_line_is_split_into_arguments(raw, argv):
    assert match.split(raw) == argv


def test_a_command_line_as_one_text_has_a_blank_between_arguments():
    assert match.joined(b"a\0\0b c\0d\xff\0") == "a  b c d\udcff"


@given(st.binary())
def test_any_bytes_are_text_and_the_same_bytes_again(raw):
    assert match.encode(match.decode(raw)) == raw


ARGUMENT = st.binary(max_size=20).map(lambda raw: raw.replace(b"\0", b""))


@given(st.lists(ARGUMENT, max_size=6))
def test_arguments_are_read_as_they_were_given(argv):
    assume(argv[-2:] != [b"", b""])  # a title's room looks the same
    raw = b"".join(argument + b"\0" for argument in argv)
    assert tuple(map(match.encode, match.split(raw))) == tuple(argv)


@given(st.lists(st.sampled_from([b"\0", b"a", b" ", b"\xff", b"\xc3\xa4"])).map(b"".join))
def test_splitting_loses_nothing_but_the_nuls_at_the_end(raw):
    assert match.encode("\0".join(match.split(raw))).rstrip(b"\0") == raw.rstrip(b"\0")


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        pytest.param(Pattern("worker"), True, id="literal"),
        pytest.param(Pattern("Worker"), False, id="literal-of-another-case"),
        pytest.param(Pattern("Worker", ignore_case=True), True, id="literal-ignore-case"),
        pytest.param(Pattern("work.r"), False, id="a-literal-dot-is-a-dot"),
        pytest.param(Pattern("python3 -u"), True, id="literal-over-two-arguments"),
        pytest.param(Pattern("PYTHON3 -U", ignore_case=True), True, id="literal-over-two-arguments-ignore-case"),
        pytest.param(Pattern("python3 /srv"), False, id="a-literal-is-contiguous"),
        pytest.param(Pattern("--conf=a b"), True, id="a-blank-within-an-argument"),
        pytest.param(Pattern("/srv/app/worker.py", exact=True), True, id="exact"),
        pytest.param(Pattern("/SRV/app/worker.py", exact=True), False, id="exact-of-another-case"),
        pytest.param(Pattern("/SRV/app/worker.py", exact=True, ignore_case=True), True, id="exact-ignore-case"),
        pytest.param(Pattern("worker.py", exact=True), False, id="exact-is-the-whole-argument"),
        pytest.param(Pattern("/usr/bin/python3 -u", exact=True), False, id="exact-is-one-argument"),
        pytest.param(Pattern(r"work.r\.py --conf", regex=True), True, id="regex-anywhere"),
        pytest.param(Pattern(r"^worker", regex=True), False, id="regex-anchored-at-the-command-line"),
        pytest.param(Pattern(r"WORK.R", regex=True), False, id="regex-of-another-case"),
        pytest.param(Pattern(r"WORK.R", regex=True, ignore_case=True), True, id="regex-ignore-case"),
        pytest.param(Pattern(r"/srv/.*\.py", regex=True, exact=True), True, id="regex-exact-is-one-argument"),
        pytest.param(Pattern(r"/srv/", regex=True, exact=True), False, id="regex-exact-is-the-whole-argument"),
        pytest.param(Pattern("*worker.py*"), False, id="a-literal-star-is-a-star"),
        pytest.param(Pattern("*worker.py*", glob=True), True, id="glob"),
        pytest.param(Pattern("/usr/*conf=a ?", glob=True), True, id="glob-of-the-whole-command-line"),
        pytest.param(Pattern("worker*", glob=True), False, id="a-glob-begins-where-the-command-line-does"),
        pytest.param(Pattern("*worker.py", glob=True), False, id="a-glob-ends-where-the-command-line-does"),
        pytest.param(Pattern("*WORKER*", glob=True), False, id="glob-of-another-case"),
        pytest.param(Pattern("*WORKER*", glob=True, ignore_case=True), True, id="glob-ignore-case"),
        pytest.param(Pattern("/srv/*.py", glob=True, exact=True), True, id="glob-exact-is-one-argument"),
        pytest.param(Pattern("*/worker", glob=True, exact=True), False, id="glob-exact-is-the-whole-argument"),
    ],
)
def test_a_pattern_in_a_command_line(pattern, matches):
    assert pattern.test_command()(WORKER) is matches


@pytest.mark.parametrize(
    ("pattern", "raw", "matches"),
    [
        pytest.param(Pattern("naïve"), b"na\xc3\xafve\0", True, id="utf-8"),
        pytest.param(Pattern("naïve"), b"na\xefve\0", False, id="latin-1-is-another-text"),
        pytest.param(Pattern("na\udcefve"), b"na\xefve\0", True, id="the-same-byte-that-is-no-utf-8"),
        pytest.param(Pattern("na\udcefve", ignore_case=True), b"NA\xefVE\0", True, id="not-utf-8-ignore-case"),
        pytest.param(Pattern("STRASSE", ignore_case=True), b"stra\xc3\x9fe\0", True, id="a-letter-of-two-capitals"),
        pytest.param(Pattern("na.ve", regex=True), b"na\xefve\0", True, id="any-byte-is-one-character"),
        pytest.param(Pattern("a\nb"), b"a\nb\0", True, id="newline"),
        pytest.param(Pattern("a.b", regex=True), b"a\nb\0", False, id="a-newline-as-in-any-regular-expression"),
        pytest.param(Pattern("a*b", glob=True), b"a\nb\0", True, id="newline-in-a-glob"),
        pytest.param(Pattern("a)"), b"(a)\0", True, id="bracket"),
        pytest.param(Pattern("a  b"), b"a\0\0b\0", True, id="an-empty-argument-between-two-blanks"),
        pytest.param(Pattern("worker process"), b"nginx: worker process\0\0\0", True, id="title"),
        pytest.param(Pattern("worker$", regex=True), b"nginx: worker\0\0\0", True, id="the-end-of-a-title"),
        pytest.param(Pattern("nginx: worker", exact=True), b"nginx: worker\0\0\0", True, id="all-of-a-title"),
        pytest.param(Pattern("needle"), command("x" * 5000, "a needle"), True, id="beyond-4-kib"),
        pytest.param(Pattern("a needle", exact=True), command("x" * 200_000, "a needle"), True, id="beyond-128-kib"),
        pytest.param(Pattern("x+$", regex=True), command("a" * 5000, "x" * 5000), True, id="regex-beyond-4-kib"),
        pytest.param(Pattern("worker"), b"", False, id="no-command-line"),
        pytest.param(Pattern("^$|worker", regex=True), b"", False, id="no-command-line-is-no-empty-one"),
    ],
)
def test_odd_command_lines(pattern, raw, matches):
    assert pattern.test_command()(raw) is matches


LETTERS = st.text("aB ", min_size=1, max_size=4)
RAW = st.tuples(st.lists(st.text("aBb ", max_size=4), max_size=4), st.sampled_from([b"", b"\0\0\0"])).map(
    lambda made: command(*made[0]) + made[1]
)


@given(LETTERS, RAW)
def test_a_literal_is_what_stands_in_the_joined_command_line(text, raw):
    assume(text == text.strip())
    assert Pattern(text).test_command()(raw) is (text in match.joined(raw))


@given(LETTERS, RAW, st.booleans(), st.booleans())
def test_a_literal_matches_what_its_escaped_regular_expression_does(text, raw, exact, ignore_case):
    assume(text == text.strip())
    literal = Pattern(text, exact=exact, ignore_case=ignore_case)
    regex = Pattern(re.escape(text), regex=True, exact=exact, ignore_case=ignore_case)
    assert literal.test_command()(raw) is regex.test_command()(raw)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        pytest.param(Pattern("worker.py"), True, id="the-script"),
        pytest.param(Pattern("python"), True, id="the-program"),
        pytest.param(Pattern("my-comm"), True, id="the-kernels-name"),
        pytest.param(Pattern("worker.py", exact=True), True, id="exactly-the-script"),
        pytest.param(Pattern("python3", exact=True), True, id="exactly-the-program"),
        pytest.param(Pattern("my-comm", exact=True), True, id="exactly-the-kernels-name"),
        pytest.param(Pattern("worker", exact=True), False, id="exactly-no-name"),
        pytest.param(Pattern("/srv"), False, id="a-directory-is-no-name"),
        pytest.param(Pattern("--conf"), False, id="an-option-is-no-name"),
        pytest.param(Pattern("^work", regex=True), True, id="regex"),
        pytest.param(Pattern("^WORK", regex=True, ignore_case=True), True, id="regex-ignore-case"),
        pytest.param(Pattern("work*", glob=True), True, id="glob"),
        pytest.param(Pattern("ork*", glob=True), False, id="a-glob-begins-where-the-name-does"),
        pytest.param(Pattern("work", glob=True), False, id="a-glob-ends-where-the-name-does"),
    ],
)
def test_a_pattern_in_the_names(pattern, matches):
    assert pattern.test_name()("my-comm", WORKER) is matches


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        pytest.param("nginx.conf", NGINX, id="words-after-a-colon"),
        pytest.param("worker", CHROMIUM, id="arguments-joined-by-blanks"),
    ],
)
def test_the_last_part_of_a_path_in_a_title_is_no_name(text, raw):
    assert not Pattern(text, exact=True).test_name()("comm", raw)


@pytest.mark.parametrize(
    ("comm", "raw", "names"),
    [
        pytest.param("kworker/0:1", b"", ("kworker/0:1",), id="a-kernel-thread"),
        pytest.param("", b"", ("",), id="an-empty-name"),
        pytest.param("", b"/usr/bin/a\0", ("", "a"), id="an-empty-name-of-a-program"),
        pytest.param("a", b"\0x\0", ("a",), id="an-empty-program"),
        pytest.param("a", b" \0x\0", ("a", " "), id="a-blank-program"),
        pytest.param("a", b"/usr/bin/a\0/x/y\0", ("a",), id="one-name"),
        pytest.param("main", b"/usr/bin/a\0", ("main", "a"), id="renamed"),
        pytest.param("a b", b"/opt/my app/a b\0", ("a b", "my"), id="a-path-with-blanks"),
        pytest.param("nginx", b"nginx: worker process\0\0\0", ("nginx", "nginx: worker process"), id="title"),
        pytest.param("bash", b"-bash\0", ("bash", "-bash"), id="a-login-shell"),
        pytest.param("python3", WORKER, ("python3", "worker.py"), id="script"),
        pytest.param("x\ny)", b"/bin/x\ny)\0", ("x\ny)", "x"), id="newline-and-bracket"),
        pytest.param("\udcff", b"/bin/\xff\xfe\0", ("\udcff", "\udcff\udcfe"), id="not-utf-8"),
    ],
)
def test_the_names_of_a_process(comm, raw, names):
    assert match.names(comm, raw) == names


@pytest.mark.parametrize(
    ("comm", "raw", "name"),
    [
        pytest.param("worker", b"/srv/worker-of-the-month\0", "worker", id="a-short-name-is-whole"),
        pytest.param("a" * 15, command("/srv/" + "a" * 20, "-v"), "a" * 20, id="the-programs"),
        pytest.param(
            "unattended-upgr",
            command("/usr/bin/python3", "/usr/bin/unattended-upgrade-shutdown"),
            "unattended-upgrade-shutdown",
            id="the-scripts",
        ),
        pytest.param(
            match.decode("äöü€ßäöü".encode()[:15]), command("/srv/äöü€ßäöü"), "äöü€ßäöü", id="cut-in-a-letter"
        ),
        pytest.param("a" * 15, command("/srv/" + "b" * 20), "a" * 15, id="renamed"),
        pytest.param("a" * 15, command("/srv/" + "a" * 15), "a" * 15, id="just-as-long"),
        pytest.param("pool_workqueue_release", b"", "pool_workqueue_release", id="a-long-kernel-thread"),
    ],
)
def test_the_full_name_where_the_kernel_has_its_beginning(comm, raw, name):
    assert match.full_name(comm, raw) == name


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("bash", "/srv/run.sh", "-c"), "run.sh"),
        (("/bin/sh", "-x", "/srv/run.sh"), "run.sh"),
        (("sh", "-e", "/srv/run.sh"), "run.sh"),
        (("sh", "-xe", "/srv/run.sh"), "run.sh"),
        (("dash", "-eux", "/srv/run.sh"), "run.sh"),
        (("bash", "--norc", "/srv/run.sh"), "run.sh"),
        (("bash", "--rcfile", "/etc/rc", "/srv/run.sh"), "run.sh"),
        (("bash", "-o", "pipefail", "/srv/run.sh"), "run.sh"),
        (("bash", "-euo", "pipefail", "/srv/run.sh"), "run.sh"),
        (("bash", "+O", "extglob", "+x", "/srv/run.sh"), "run.sh"),
        (("zsh", "--", "/srv/run.sh"), "run.sh"),
        (("python3", "-u", "/srv/app.py", "--flag"), "app.py"),
        (("python3.11", "-X", "importtime", "-W", "ignore", "app.py"), "app.py"),
        (("python3", "-E", "app.py"), "app.py"),
        (("python", "-m", "http.server", "80"), "http.server"),
        (("pypy3", "app.py"), "app.py"),
        (("perl", "-I", "/usr/lib", "-w", "/srv/app.pl"), "app.pl"),
        (("ruby", "-r", "json", "app.rb"), "app.rb"),
        (("php8.2", "app.php"), "app.php"),
        (("lua5.4", "app.lua"), "app.lua"),
        (("node", "--require", "dotenv/config", "server.js"), "server.js"),
        (("nodejs", "--inspect", "/srv/server.js"), "server.js"),
        (("java", "-Xmx1g", "-jar", "/opt/app.jar"), "app.jar"),
        (("java", "-cp", "a.jar:b.jar", "org.example.Main", "x"), "org.example.Main"),
        (("java", "-verbose", "org.example.Main"), "org.example.Main"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, tuple) else "",
)
def test_the_script_that_an_interpreter_runs(argv, name):
    assert match.script(argv) == name


@pytest.mark.parametrize(
    "argv",
    [
        ("bash",),
        ("-bash", "/srv/run.sh"),
        ("bash", "-i"),
        ("sh", "-c", "exec /srv/run.sh"),
        ("bash", "-lc", "exec /srv/run.sh"),
        ("sh", "-ec", "exec /srv/run.sh"),
        ("sh", "-cx", "exec /srv/run.sh"),
        ("bash", "-s", "install"),
        ("python3", "-c", "print(1)", "/srv/app.py"),
        ("python3", "-Ic", "print(1)"),
        ("python3", "-m"),
        ("python3", "-", "/srv/app.py"),
        ("perl", "-ne", "print", "/etc/passwd"),
        ("node", "-e", "1", "x"),
        ("java", "-jar"),
        ("vim", "/srv/run.sh"),
        ("bashful", "/srv/run.sh"),
        ("",),
    ],
    ids=" ".join,
)
def test_what_runs_no_script_has_no_name_of_one(argv):
    assert match.script(argv) == ""


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        pytest.param(Pattern("a" * 15), True, id="as-long-as-can-be"),
        pytest.param(Pattern("a" * 16), False, id="too-long"),
        pytest.param(Pattern("ä" * 8), False, id="bytes-count"),
        pytest.param(Pattern("\udcff" * 15), True, id="not-utf-8"),
        pytest.param(Pattern("(?:worker|manager)", regex=True), True, id="regex"),
        pytest.param(Pattern("a-long-beginning*", glob=True), True, id="glob"),
    ],
)
def test_whether_the_kernels_name_can_hold_it(pattern, fits):
    assert pattern.fits_comm is fits


HINT = "give a part of the name or of the command line that only the ones to find have"


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        (Pattern(""), "the pattern is empty and would match every process"),
        (Pattern(" \t\n"), "the pattern is empty and would match every process"),
        (Pattern("", regex=True), "the pattern is empty and would match every process"),
        (Pattern("", glob=True), "the pattern is empty and would match every process"),
        (Pattern("", exact=True), "the pattern is empty and would match every process"),
        (Pattern("/"), "pattern '/' has neither letter nor digit and would match almost every process"),
        (Pattern("--"), "pattern '--' has neither letter nor digit and would match almost every process"),
        (Pattern("*"), "pattern '*' has neither letter nor digit and would match almost every process"),
        (Pattern(".*", regex=True), "pattern '.*' would match every process"),
        (Pattern(".", regex=True), "pattern '.' would match every process"),
        (Pattern("^", regex=True), "pattern '^' would match every process"),
        (Pattern("$", regex=True), "pattern '$' would match every process"),
        (Pattern("(?:)", regex=True), "pattern '(?:)' would match every process"),
        (Pattern("x*", regex=True), "pattern 'x*' would match every process"),
        (Pattern("worker|", regex=True), "pattern 'worker|' would match every process"),
        (Pattern("[a-z]", regex=True), "pattern '[a-z]' would match every process"),
        (Pattern("[A-Z]", regex=True, ignore_case=True), "pattern '[A-Z]' would match every process"),
        (Pattern(r"\w+", regex=True, exact=True), r"pattern '\\w+' would match every process"),
        (Pattern("*", glob=True), "pattern '*' would match every process"),
        (Pattern("?*", glob=True), "pattern '?*' would match every process"),
        (Pattern("[!0-9]*", glob=True), "pattern '[!0-9]*' would match every process"),
    ],
    ids=repr,
)
def test_a_pattern_that_says_nothing_is_refused(pattern, complaint):
    with pytest.raises(Guard) as caught:
        pattern.refuse_if_it_matches_all()
    assert str(caught.value) == f"{complaint}; hint: {HINT}"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "pattern",
    [
        Pattern("a"),
        Pattern("7"),
        Pattern("é"),
        Pattern("日本"),
        Pattern("\udcff"),
        Pattern("-x"),
        Pattern("worker"),
        Pattern("worker.*", regex=True),
        Pattern("^[A-Z]", regex=True),
        Pattern("[a-z]", regex=True, exact=True),
        Pattern("worker*", glob=True),
    ],
    ids=repr,
)
def test_a_pattern_that_says_something_is_accepted(pattern):
    assert pattern.refuse_if_it_matches_all() is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("(", "missing ), unterminated subpattern at position 0"),
        ("[a", "unterminated character set at position 0"),
        ("*a", "nothing to repeat at position 0"),
        ("a{99999999999999}", "the repetition number is too large"),
        ("(?a)(?u)x", "ASCII and UNICODE flags are incompatible"),
    ],
)
def test_what_is_no_regular_expression_is_refused(text, complaint):
    with pytest.raises(InvalidInput) as caught:
        Pattern(text, regex=True)
    assert str(caught.value) == (
        f"pattern {text!r} is not a regular expression: {complaint};"
        " hint: leave --regex out to search for the text as it stands"
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["(" * 3000, "a{" + "9" * 5000 + "}"], ids=["too-deep", "too-many-digits"])
def test_a_regular_expression_beyond_reason_is_refused(text):
    with pytest.raises(InvalidInput) as caught:
        Pattern(text, regex=True)
    assert caught.value.hint == "leave --regex out to search for the text as it stands"


def test_a_pattern_cannot_be_a_regular_expression_and_a_glob():
    with pytest.raises(InvalidInput) as caught:
        Pattern("a", regex=True, glob=True)
    assert str(caught.value) == (
        "pattern 'a' cannot be both a regular expression and a glob; hint: give --regex or --glob"
    )


@pytest.mark.parametrize("text", ["[", "[a", "[z-a]x", "[!]x", "[[:alpha:]]x", "[]x"])
def test_any_text_is_a_glob(text):
    assert Pattern(text, glob=True).test_command()(b"worker\0") is False
    Pattern(text, glob=True).refuse_if_it_matches_all()
