"""The results in Markdown."""
from results import relative_spread
from servers import BASELINE
from targets import TARGETS
from workloads import WORKLOADS

MEGABYTE, KIB, MIB = 1e6, 1024, 1024 * 1024
CPU = (("CPU µs", "cpu_us", 1, "{:.2f}"),)
RATE = (("1000/s", "per_second", 1000, "{:.1f}"),)
LATENCY = (("p50 µs", "p50_us", 1, "{:.0f}"), ("p99 µs", "p99_us", 1, "{:.0f}"),
           ("p99.9 µs", "p99_9_us", 1, "{:.0f}"))
BUSY = (("core busy", "utilisation", 0.01, "{:.0f} %"),)
STREAM = (("MB/s", "stream_bytes_per_second", MEGABYTE, "{:.0f}"),)
# Of each workload: the figure that is set in relation to raw epoll, then the columns.
COLUMNS = {
    "stream": ("stream_bytes_per_second", STREAM + CPU + LATENCY + BUSY),
    "mixed": ("p99_us", LATENCY + STREAM + CPU + BUSY),
    "idle": ("after_bytes", (
        ("silent KiB", "silent_bytes", KIB, "{:.2f}"), ("after an echo KiB", "after_bytes", KIB, "{:.2f}"),
        ("of it anonymous", "after_own_bytes", KIB, "{:.2f}"),
        ("page tables", "after_page_table_bytes", KIB, "{:.2f}"))),
    "beside-idle": ("cpu_us", (("of none idle", "of_alone", 1, "{:.3f}"),
                               ("CPU of none idle", "cpu_of_alone", 1, "{:.3f}"))
                    + CPU + RATE + LATENCY + BUSY),
    "start": ("start_ms", (("to listening ms", "start_ms", 1, "{:.1f}"),
                           ("resident MiB", "resident_bytes", MIB, "{:.1f}"))),
}


def columns(workload):
    return COLUMNS.get(workload, ("cpu_us", CPU + RATE + LATENCY + BUSY))


def markdown(results, about, plots):
    parts = ["# Benchmark", "", *about, ""]
    parts += ["## Targets", "", *targets(results), ""]
    parts += [f"![{name}]({name})" for name in plots]
    for workload, runs in results.runs.items():
        parts += ["", f"## {WORKLOADS[workload].title}", "", *table(results, workload, runs)]
    return "\n".join(parts) + "\n"


def targets(results):
    lines = ["| target | bound | measured | |", "|---|---|---|---|"]
    for target in TARGETS:
        value, verdict = target.verdict(results)
        sign = "≤" if target.at_most else "≥"
        shown = "" if value is None else f"{value:.3f}{target.unit}"
        lines.append(f"| {target.what} | {sign} {target.bound}{target.unit} | {shown} | {verdict} |")
    return lines


def table(results, workload, runs):
    main, shown = columns(workload)
    # A start or a connection's memory is looked at for itself.
    has_base = workload not in ("idle", "start") and bool(results.values(workload, BASELINE, main))
    heads = ["server", *(head for head, *_ in shown), "±", *(["of raw epoll"] if has_base else [])]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for server in runs:
        if not results.values(workload, server, main):
            continue
        cells = [server]
        for _, figure, divisor, form in shown:
            median = results.median(workload, server, figure)
            cells.append("" if median is None else form.format(median / divisor))
        spread = results.spread(workload, server, main)
        cells.append("" if spread is None else f"{spread * 100:.1f} %")
        if has_base:
            cells.append(ratio(results.ratios(workload, server, main)))
        lines.append("| " + " | ".join(cells) + " |")
    for server, why in results.failures.get(workload, {}).items():
        lines += ["", f"{server}: {why}"]
    return lines


def ratio(ratios):
    if not ratios:
        return ""
    middle = sorted(ratios)[len(ratios) // 2]
    spread = relative_spread(ratios)
    return f"{middle:.3f}" + (f" ± {spread * middle:.3f}" if spread is not None else "")
