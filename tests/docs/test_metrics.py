"""The page about metrics: it tells of every metric that there is, its units are what systemd takes, its rules fire."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from importlib import import_module

from swapctl import metrics
from swapctl.cli.parser import build_parser
from swapctl.swap.state import Zram
from tests.docs import pages
from tests.support import missing, run
from tests.unit.test_metrics import WHOLE

PAGE = pages.read("docs/metrics.md")
UNITS = {name: text for name, text in pages.files(PAGE).items() if name.endswith((".service", ".timer"))}


def test_the_page_has_every_metric_with_its_labels():
    area = WHOLE.areas[1].replace(zram=Zram("zstd", 1, 30, 8, 10, 3.0))
    sight = WHOLE.replace(areas=(*WHOLE.areas, area), events={**(WHOLE.events or {}), "zswpin": 1, "zswpout": 1})
    suffix = {"counter": "_total", "info": "_info"}
    known = {
        f"{one.name}{suffix.get(one.kind, '')}": {name for name, _value in one.samples[0].labels}
        for one in metrics.families(sight)
    }
    rows = re.findall(r"^\| `(\w+)` \| (.*?) ?\| \S.*\|$", PAGE, re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows} == known


def test_the_rules_ask_for_metrics_that_are_there():
    (rules,) = pages.blocks(PAGE, "yaml")
    named = set(re.findall(r"swapctl_\w+", rules))
    assert named
    assert named <= set(re.findall(r"^\| `(\w+)`", PAGE, re.MULTILINE))


# An hour of two hosts, as they are told: in one there is nothing wrong, in the other all that the rules are for.
WELL = WHOLE.replace(
    memory=WHOLE.memory and WHOLE.memory.replace(swap_free=WHOLE.memory.swap_total),
    areas=WHOLE.areas[:1],
    pressure={who: dict.fromkeys(share, 0) for who, share in (WHOLE.pressure or {}).items()},
    events=dict.fromkeys(WHOLE.events or {}, 0),
)
ILL = WHOLE.replace(
    memory=WHOLE.memory and WHOLE.memory.replace(swap_free=1),
    areas=(WHOLE.areas[0].replace(active=False),),
    pressure={who: {**share, "avg60": 20.0, "total": 30_000_000} for who, share in (WHOLE.pressure or {}).items()},
)


def test_the_rules_fire_on_the_host_that_they_are_for(tmp_path):
    if not shutil.which("promtool"):
        missing("no promtool here")
    (rules,) = pages.blocks(PAGE, "yaml")
    (tmp_path / "rules.yml").write_text(rules)
    names = re.findall(r"- alert: (\w+)", rules)
    firing = {
        "expr": 'count by (alertname, instance) (ALERTS{alertstate="firing"})',
        "eval_time": "30m",
        "exp_samples": [{"labels": f'{{alertname="{name}", instance="ill"}}', "value": 1} for name in names],
    }
    told = [*_series("well", WELL), *_series("ill", ILL)]
    test = {"interval": "1m", "input_series": told, "promql_expr_test": [firing]}
    whole = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yml").write_text(json.dumps(whole))  # which is YAML, too
    run("promtool", "check", "rules", tmp_path / "rules.yml")
    run("promtool", "test", "rules", tmp_path / "test.yml")


def _series(host: str, sight: metrics.Sight) -> list[dict[str, str]]:
    """Return what is printed, minute by minute for an hour: a counter goes up by what it is."""
    found = []
    for line in metrics.prometheus(metrics.families(sight)).splitlines():
        if not line.startswith("#"):
            name, _brace, labels = line.rpartition(" ")[0].rstrip("}").partition("{")
            value = line.rpartition(" ")[2]
            values = f"0+{value}x60" if name.endswith("_total") else f"{value}x60"
            found.append({"series": f'{name}{{{labels}{"," if labels else ""}instance="{host}"}}', "values": values})
    return found


def test_the_service_calls_the_command_as_it_is():
    line = re.search(r"^ExecStart=\S+ (.*)$", UNITS["swapctl-metrics.service"], re.MULTILINE)
    assert line
    parsed = build_parser([import_module("swapctl.cli.metrics")]).parse_args(shlex.split(line[1]))
    assert (parsed.format, parsed.output) == ("prometheus", "/var/lib/prometheus/node-exporter/swapctl.prom")


def test_systemd_takes_the_units(tmp_path):
    if not shutil.which("systemd-analyze"):
        missing("no systemd-analyze here")
    assert sorted(UNITS) == ["swapctl-metrics.service", "swapctl-metrics.timer"]
    for name, text in UNITS.items():
        # It asks whether the program is there, and the manual.
        installed = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
        (tmp_path / name).write_text(re.sub(r"^Documentation=.*\n", "", installed, flags=re.MULTILINE))
    said = run(
        "systemd-analyze", "verify", *(tmp_path / name for name in UNITS), env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    )
    assert not [line for line in said.splitlines() if "swapctl" in line]
