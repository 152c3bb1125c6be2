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
THROUGHPUTS = ("stream_bytes_per_second",)
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
# The one table that compares all: what stands above, the workload, the figure, its divisor and form;
# without these in relation to raw epoll in the same round, for a machine has better and worse minutes.
# Of a throughput that is the lesser of two ratios, see Results.advantages.
AT_A_GLANCE = (
    ("an echo's CPU, alone", "pingpong-1", "cpu_us", None, None),
    ("among 50", "pingpong-50", "cpu_us", None, None),
    ("among 1000", "pingpong-1000", "cpu_us", None, None),
    ("a connection's CPU", "churn", "cpu_us", None, None),
    ("stream", "stream", "stream_bytes_per_second", None, None),
    ("stream, MB/s", "stream", "stream_bytes_per_second", MEGABYTE, "{:.0f}"),
    ("p99 beside it, µs", "mixed", "p99_us", 1, "{:.0f}"),
    ("an idle one, KiB", "idle", "after_bytes", KIB, "{:.1f}"),
    ("to listening, ms", "start", "start_ms", 1, "{:.0f}"),
)


def columns(workload):
    return COLUMNS.get(workload, ("cpu_us", CPU + RATE + LATENCY + BUSY))


def markdown(results, about, plots):
    parts = ["# Benchmark", "", *about, ""]
    parts += ["## At a glance", "", *at_a_glance(results), ""]
    parts += ["## Targets", "", *targets(results), ""]
    parts += [f"![{name}]({name})" for name in plots]
    for workload, runs in results.runs.items():
        parts += ["", f"## {WORKLOADS[workload].title}", "", *table(results, workload, runs)]
    return "\n".join(parts) + "\n"


def at_a_glance(results):
    shown = [column for column in AT_A_GLANCE if column[1] in results.runs]
    lines = [table_row(["server", *(head for head, *_ in shown)]), "|" + "---|" * (len(shown) + 1)]
    for server in dict.fromkeys(name for runs in results.runs.values() for name in runs):
        lines.append(table_row([server, *(glance(results, server, *column) for _, *column in shown)]))
    return lines


def glance(results, server, workload, figure, divisor, form):
    if divisor is None:
        of = results.advantage if figure in THROUGHPUTS else results.ratio
        middle = of(workload, server, figure)
        return "" if middle is None else f"{middle:.2f}x"
    middle = results.median(workload, server, figure)
    return "" if middle is None else form.format(middle / divisor)


def table_row(cells):
    return "| " + " | ".join(cells) + " |"


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
    lines = [table_row(heads), "|" + "---|" * len(heads)]
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
            of = results.advantages if main in THROUGHPUTS else results.ratios
            cells.append(ratio(of(workload, server, main)))
        lines.append(table_row(cells))
    for server, why in results.failures.get(workload, {}).items():
        lines += ["", f"{server}: {why}"]
    return lines


def ratio(ratios):
    if not ratios:
        return ""
    middle = sorted(ratios)[len(ratios) // 2]
    spread = relative_spread(ratios)
    return f"{middle:.3f}" + (f" ± {spread * middle:.3f}" if spread is not None else "")
