"""The tables: Markdown throughout, which reads well on a terminal too."""

import dataclasses
import statistics

OURS = ("lb", "lbd")
BEST = "best"


@dataclasses.dataclass(frozen=True)
class Target:
    """Ours at most `limit` times `reference`, which is a peer or BEST, the best of them."""

    workload: str
    key: str
    reference: str
    limit: float


TARGETS = (
    Target("h1", "cpu_us", "haproxy", 0.78),
    Target("h1", "cpu_us", "relay", 1.15),
    Target("h1-close", "cpu_us", "haproxy", 0.90),
    Target("h1-1m", "cpu_us", "haproxy", 0.80),
    Target("h1-1m", "cpu_us", "haproxy-splice", 1.00),
    Target("tcp", "cpu_us", "haproxy", 0.95),
    Target("tcp-bulk", "cpu_us", "haproxy", 0.95),
    Target("tls-h1", "cpu_us", "nginx", 0.90),
    Target("tls-1m", "cpu_us", BEST, 1.00),
    *(
        Target(workload, "cpu_us", reference, limit)
        for workload in ("h2", "h2-tls")
        for reference, limit in (("nghttpx", 0.95), ("haproxy", 0.55))
    ),
    Target("h2-1m", "cpu_us", BEST, 1.00),
    Target("h2-upstream", "cpu_us", BEST, 1.00),
    *(
        Target(f"{kind}-{version}", "cpu_us", BEST, 1.00)
        for kind in ("rsa", "ecdsa", "resumed")
        for version in ("12", "13")
    ),
    Target("idle", "pss_kib", "haproxy", 1.00),
    Target("idle", "pss_growth_kib", "haproxy", 1.00),
)
WORDS = {"cpu_us": "CPU", "pss_kib": "PSS", "pss_growth_kib": "PSS growth"}
MAINT_LIMIT_MS = 20.0


def _table(header, rows):
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for number, row in enumerate([header, *rows]):
        cells = [
            str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("| " + " | ".join(cells) + " |")
        if number == 0:
            rules = [
                ("-" * width if i == 0 else "-" * (width - 1) + ":")
                for i, width in enumerate(widths)
            ]
            lines.append("| " + " | ".join(rules) + " |")
    return "\n".join(lines)


def ratio(results, workload, key, name, reference):
    """`name`'s figure against `reference`'s in the same run, or None when either is missing."""
    peers = results["workloads"].get(workload, {}).get("peers", {})
    if reference == BEST:
        others = [other for other in peers if other not in OURS and peers[other][key]]
        reference = min(others, key=lambda other: peers[other][key], default=BEST)
    if name not in peers or reference not in peers or not peers[reference][key]:
        return None
    return peers[name][key] / peers[reference][key]


def _ratio_cell(value):
    return "" if value is None else f"{value:.2f}"


def _milliseconds_cell(value):
    return "" if value is None else f"{value:.2f}"


def cpu_table(results, workload):
    entry = results["workloads"][workload]
    references = [r for r in entry["references"] if r in entry["peers"]]
    header = ["proxy", f"CPU µs/{entry['unit']}"]
    header += [f"÷ {results['titles'][r]}" for r in references]
    header += [f"{entry['unit']}s/s", "p50 ms", "p99 ms", "proxy busy", "load busy", "failed"]
    rows = []
    for name, figures in entry["peers"].items():
        row = [results["titles"][name], f"{figures['cpu_us']:.2f}"]
        row += [_ratio_cell(ratio(results, workload, "cpu_us", name, r)) for r in references]
        row += [
            f"{figures['per_second']:.0f}",
            _milliseconds_cell(figures["p50_ms"]),
            _milliseconds_cell(figures["p99_ms"]),
            f"{figures['proxy_busy']:.0%}",
            f"{figures['load_busy']:.0%}",
            figures["failed"],
        ]
        rows.append(row)
        if name == "lb":
            # Ours alone has a second process; it takes no part in a request, which this row shows.
            blanks = [""] * (len(header) - 2)
            rows.append(["· its control plane", f"{figures['control_cpu_us']:.2f}", *blanks])
    return _table(header, rows)


def idle_table(results):
    entry = results["workloads"]["idle"]
    header = [
        "proxy",
        "PSS MiB",
        "÷ HAProxy",
        "RSS MiB",
        "PSS growth MiB",
        "÷ HAProxy",
        "RSS growth MiB",
        "failed",
    ]
    rows = []
    for name, figures in entry["peers"].items():
        mib = {key: f"{value / 1024:.1f}" for key, value in figures.items() if key.endswith("_kib")}
        rows.append(
            [
                results["titles"][name],
                mib["pss_kib"],
                _ratio_cell(ratio(results, "idle", "pss_kib", name, "haproxy")),
                mib["rss_kib"],
                mib["pss_growth_kib"],
                _ratio_cell(ratio(results, "idle", "pss_growth_kib", name, "haproxy")),
                mib["rss_growth_kib"],
                figures["failed"],
            ]
        )
        if name == "lb":
            rows.append(["· its control plane", mib["control_pss_kib"], *[""] * 6])
    return _table(header, rows)


def push_table(push):
    header = [
        "pushes",
        "refused",
        "not in force",
        "requests",
        "failed",
        "resets",
        "p99 ms",
        "slowest ms",
        "push p50 ms",
        "push max ms",
    ]
    row = [
        push["pushes"],
        push["refused"],
        push["not_in_force"],
        push["requests"],
        push["failed"],
        push["resets"],
        f"{push['p99_ms']:.2f}",
        f"{push['max_ms']:.2f}",
        f"{push['push_p50_ms']:.1f}",
        f"{push['push_max_ms']:.1f}",
    ]
    text = _table(header, [row])
    return text + (f"\n\nFirst refusal: {push['first_refusal']}" if push["first_refusal"] else "")


def maint_table(maint):
    header = ["from the command's start (ms)", "p50", "p99", "max"]
    rows = []
    for way, title in (("lbctl", "`lbctl`"), ("socket", "runtime socket")):
        for state in ("maint", "ready"):
            for moment, words in (("effect", "in force on all 3"), ("return", "command returned")):
                found = maint[f"{way}_{state}_{moment}_ms"]
                rows.append(
                    [
                        f"{title} {state}: {words}",
                        *(f"{found[p]:.1f}" for p in ("p50", "p99", "max")),
                    ]
                )
    found = maint["lbctl_start_ms"]
    rows.append(
        [
            "`lbctl --version` (the cost of starting it)",
            *(f"{found[p]:.1f}" for p in ("p50", "p99", "max")),
        ]
    )
    return _table(header, rows)


def target_table(results):
    """Each target beside what was measured; '' when ours were not."""
    rows = []
    for target in TARGETS:
        for name in OURS:
            value = ratio(results, target.workload, target.key, name, target.reference)
            if value is None:
                continue
            what = WORDS[target.key]
            rows.append(
                [
                    f"{target.workload}: {what} of {results['titles'][name]} "
                    f"÷ {results['titles'].get(target.reference, target.reference)}",
                    f"≤ {target.limit:.2f}",
                    f"{value:.2f}",
                    "yes" if value <= target.limit else "NO",
                ]
            )
    push = results.get("push")
    if push:
        lost = push["failed"] + push["resets"]
        good = lost == 0 and push["refused"] == 0 and push["not_in_force"] == 0
        rows.append(
            [
                f"{push['pushes']} pushes under load: failed + reset",
                "0",
                lost,
                "yes" if good else "NO",
            ]
        )
    maint = results.get("maint")
    if maint:
        p99 = maint["lbctl_maint_effect_ms"]["p99"]
        rows.append(
            [
                "`lbctl set server … maint` on 3 data planes, p99 ms",
                f"≤ {MAINT_LIMIT_MS:.0f}",
                f"{p99:.1f}",
                "yes" if p99 <= MAINT_LIMIT_MS else "NO",
            ]
        )
    return _table(["target", "limit", "measured", "met"], rows) if rows else ""


def _stolen(results):
    """How much of the machine its hypervisor kept during the CPU workloads; '' if none was run."""
    shares = [
        sample["stolen"]
        for entry in results["workloads"].values()
        for figures in entry["peers"].values()
        for sample in figures["rounds"]
        if "stolen" in sample
    ]
    if not shares:
        return ""
    mean, most = statistics.mean(shares), max(shares)
    return f" The hypervisor kept {mean:.0%} of the cores, at most {most:.0%}."


def markdown(results):
    parts = []
    for name, entry in results["workloads"].items():
        if entry["peers"]:
            parts.append(
                f"### {entry['title']}\n\n"
                + (idle_table(results) if name == "idle" else cpu_table(results, name))
            )
    if results.get("push"):
        parts.append(
            "### Configuration pushes under H1 keep-alive load\n\n" + push_table(results["push"])
        )
    if results.get("maint"):
        parts.append(
            "### A server into maintenance on three data planes\n\n" + maint_table(results["maint"])
        )
    targets = target_table(results)
    parts.append("### Targets\n\n" + (targets or "ours: not measured yet"))
    notes = [f"- {note}" for note in results["notes"]]
    if notes:
        parts.append("### Left out\n\n" + "\n".join(notes))
    versions = "; ".join(dict.fromkeys(v for v in results["versions"].values() if v))
    parts.append(
        f"{results['rounds']} rounds of {results['seconds']:g} s, medians. "
        f"{versions}.{_stolen(results)}"
    )
    return "\n\n".join(parts) + "\n"
