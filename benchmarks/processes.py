"""Finding and stopping processes among as many as a busy server has."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks.measure import ROOT, Check, Figure, Pair
from swapctl import process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, Any

SWAPCTL = [str(Path(sys.executable).parent / "swapctl")]
PS_MEM = str(Path(sys.executable).parent / "ps_mem")
NOBODY = 65534
ALL, FOUND, TARGETS, FILES = 10_000, 4, 5_000, 1_024
SOUGHT = "swapbench-job"  # so that no process of somebody else is meant

# A process's name and its arguments; the numbers make no two alike.
KINDS = (
    ("postgres", "postgres: 16/main: app orders 10.0.{few}.{some}({many}) idle"),
    ("postgres", "postgres: 16/main: reports warehouse{few} [local] idle in transaction"),
    ("nginx", "nginx: worker process"),
    ("php-fpm8.2", "php-fpm: pool shop{some}"),
    (
        *("java", "/usr/lib/jvm/java-21-openjdk-amd64/bin/java", "-Xms512m", "-Xmx2g", "-XX:+UseG1GC"),
        *("-XX:MaxGCPauseMillis=200", "-XX:+HeapDumpOnOutOfMemoryError", "-XX:HeapDumpPath=/var/crash/java"),
        *("-Dspring.profiles.active=production", "-Dserver.port={many}", "-Dlog4j2.formatMsgNoLookups=true"),
        *("-cp", "/opt/billing/lib/*:/opt/billing/conf", "com.example.billing.Main", "--shard", "{some}"),
    ),
    (
        *("gunicorn", "/srv/app/venv/bin/python3", "/srv/app/venv/bin/gunicorn", "--workers=8", "--timeout=60"),
        *("--bind=127.0.0.1:{many}", "--access-logfile=-", "app.wsgi:application"),
    ),
    (
        *("python3", "/usr/bin/python3", "-u", "/srv/app/manage.py", "worker", "--queue", "mail-{some}"),
        *("--concurrency=4", "--loglevel=INFO", "--pidfile=/run/app/worker-{many}.pid"),
    ),
    ("node", "/usr/bin/node", "--max-old-space-size=2048", "/srv/shop/server.js", "--port", "{many}"),
    ("redis-server", "/usr/bin/redis-server 127.0.0.1:{many}"),
)
IMPORT = (SOUGHT, f"/opt/import/bin/{SOUGHT}", "--config", "/etc/import/{many}.conf", "--since", "yesterday")

BY_PSUTIL = """
import os, sys, psutil
for one in psutil.process_iter(["name", "cmdline"]):
    command = " ".join(one.info["cmdline"] or ())
    if (sys.argv[1] in command or sys.argv[1] in one.info["name"]) and one.pid != os.getpid():
        print(one.pid)
"""
BY_AWK = """
awk '/^Name/ { name = $2 } /^VmSwap/ { swap[name] += $2 } END { for (name in swap) print name, swap[name] }' \\
    /proc/[0-9]*/status 2>&1 || true  # some have ended meanwhile
"""


def find(directory: Path) -> Iterator[Pair]:
    """Compare finding 4 of 10,000 processes with other programs, and with nothing but reading."""
    ours = [*SWAPCTL, "find", SOUGHT]
    by_pgrep = ["pgrep", "-f", SOUGHT]
    by_psutil = [sys.executable, "-c", BY_PSUTIL, SOUGHT]
    in_c = ctypes.CDLL(str(directory / "scan.so")).scan
    by_name = process.Selector(name=SOUGHT)
    with _farm(directory, [*_lines(ALL - FOUND, *KINDS), *_lines(FOUND, IMPORT)]):
        for command in ([*ours, "--pids"], by_pgrep, by_psutil):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if len(done.stdout.split()) != FOUND:
                sys.exit(f"benchmarks: {command[0]} did not find {FOUND} processes: {done.stdout}{done.stderr}")
        yield Pair("find / pgrep -f", ours, by_pgrep, 0.4)
        yield Pair("find / psutil", ours, by_psutil, 0.25)
        yield Pair("find by name, a running Python's library / reading in C", lambda: process.find(by_name), in_c, 2)


def usage(directory: Path) -> Iterator[Pair]:
    """Compare who uses memory, of 10,000 processes, with ps(1), and sums of what is shared out with others."""
    columns = "pid,user,state,etimes,rss,maj_flt,cputimes,comm"
    with _farm(directory, _lines(ALL, *KINDS)):
        yield Pair("ps / ps -eo, sorted", [*SWAPCTL, "ps"], ["ps", "-eo", columns, "--sort=-rss"], 0.6)
        for name, peer in {"smem": ["smem"], "ps_mem": [PS_MEM, "--swap"]}.items():
            if shutil.which(peer[0]):
                ours = [*SWAPCTL, "ps", "--by", "program", "--pss"]
                yield Pair(f"ps --by program --pss / {name}", ours, peer, 0.5, slow=3)


def metrics(directory: Path) -> Iterator[Pair]:
    """Compare figures for Prometheus, of 10,000 processes in swap, with the one line of awk(1) that is usual."""
    if os.geteuid() == 0:
        with _area(directory), _farm(directory, _lines(ALL, *KINDS), SWAPPED="yes"):
            yield Pair("metrics / awk", [*SWAPCTL, "metrics"], ["sh", "-c", BY_AWK], 3)


def wait(directory: Path) -> Iterator[Figure]:
    """Take how much of one core is used while 5,000 processes are waited for."""
    yield Figure(f"% of one core while {TARGETS:,} are waited for", lambda: _share_of_waiting(directory), 2, slow=5)


def files(directory: Path) -> Iterator[Check]:
    """Stop 5,000 processes where no more than 1,024 files can be open."""
    name = f"{TARGETS:,} stopped with {FILES:,} open files"
    if os.geteuid() == 0:
        yield Check(f"{name}, root", lambda: _stop_with_few_files(directory))
        yield Check(f"{name}, an ordinary user", lambda: _stop_with_few_files(directory, user=NOBODY))
    else:
        yield Check(name, lambda: _stop_with_few_files(directory))


BENCHMARKS = {"find": find, "usage": usage, "metrics": metrics, "wait": wait, "files": files}


def prepare() -> str:
    """Return what is lacking here, if anything is."""
    lacking = [program for program in ("cc", "pgrep") if not shutil.which(program)]
    return f"{' and '.join(lacking)} not installed" if lacking else ""


@contextmanager
def machine(directory: Path) -> Iterator[None]:
    """Have the C programs, and a copy of the library, where any user reaches them."""
    directory.chmod(0o755)
    sources = ROOT / "benchmarks"
    subprocess.run(["cc", "-O2", "-static", "-o", directory / "farm", sources / "farm.c"], check=True)
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", directory / "scan.so", sources / "scan.c"], check=True)
    shutil.copytree(ROOT / "swapctl", directory / "library" / "swapctl")
    yield


@contextmanager
def _farm(directory: Path, lines: Iterable[str], user: int | None = None, **environment: str) -> Iterator[None]:
    """Have one process for each line; none is left. *environment*: see farm.c."""
    text = "".join(f"{line}\n" for line in lines)
    count = text.count("\n")
    pipe = subprocess.PIPE
    env = {**os.environ, **{f"SWAPCTL_BENCHMARK_{name}": value for name, value in environment.items()}}
    with subprocess.Popen([directory / "farm"], stdin=pipe, stdout=pipe, env=env, **_as(user)) as farm:
        to_farm, from_farm = (cast("IO[bytes]", stream) for stream in (farm.stdin, farm.stdout))
        to_farm.write(f"{text}\n".encode())
        to_farm.flush()
        if len(from_farm.read(count)) < count:
            sys.exit(f"benchmarks: {count:,} processes cannot be started")
        yield


@contextmanager
def _area(directory: Path) -> Iterator[None]:
    """Have swap with room for a page of each process."""
    path = str(directory / "farm.swap")
    how = ["--size", "64M", "--priority", "32767", "--persist", "none"]
    subprocess.run([*SWAPCTL, "ensure", path, *how], check=True, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        subprocess.run([*SWAPCTL, "remove", path], check=True, stdout=subprocess.DEVNULL)


def _as(user: int | None) -> dict[str, Any]:
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def _lines(count: int, *kinds: tuple[str, ...]) -> Iterator[str]:
    for number in range(count):
        kind = "\t".join(kinds[number % len(kinds)])
        yield kind.format(few=number % 7, some=number % 251, many=10_000 + number)


def _share_of_waiting(directory: Path) -> float:
    """Return the percentage of one core that is used from the first report of progress to the last."""
    moments = []

    def progress(now: process.Waiting) -> None:
        if now.signal == "TERM":
            moments.append((time.process_time(), time.monotonic()))

    with _farm(directory, _lines(TARGETS, IMPORT)):
        selector = process.Selector(name=SOUGHT)
        result = process.stop(selector, ladder="TERM:15s,KILL:30s", expect=TARGETS, progress=progress)
    if result.exit_status != 0:
        sys.exit(f"benchmarks: {result.failure}")
    (first_used, first), (last_used, last) = moments[0], moments[-1]
    return 100 * (last_used - first_used) / (last - first)


def _stop_with_few_files(directory: Path, user: int | None = None) -> str:
    """Return what became of the processes, if they have not all ended."""
    python = sys.executable if user is None else "/usr/bin/python3"  # the other may lie in somebody's home
    kill = [python, "-m", "swapctl", "kill", SOUGHT, "--expect", str(TARGETS), "--ladder", "TERM:3s,KILL:60s", "--json"]
    limited = ["sh", "-c", f'ulimit -n {FILES} && exec "$0" "$@"', *kill]
    with _farm(directory, _lines(TARGETS, IMPORT), user):
        library = directory / "library"
        done = subprocess.run(limited, check=False, capture_output=True, text=True, cwd=library, **_as(user))
    outcomes = Counter(one.get("outcome") for one in json.loads(done.stdout or "{}").get("processes", ()))
    return "" if outcomes == {"exited": TARGETS} else f"{dict(outcomes)} {done.stderr.strip()}"
