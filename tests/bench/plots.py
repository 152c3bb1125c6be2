"""The plots of a benchmark: which figure of which workload, and the files."""
import os
import statistics

import growth
import plot

KIB = 1024
# file, workload, figure, divisor (None: in relation to raw epoll in the same round), title, subtitle,
# format, which is better
PLOTS = (
    ("cpu_per_echo", "pingpong-50", "cpu_us", None, "Processor time for an echo",
     "50 connections, 64 bytes; times raw epoll's", "{:.2f}", "less"),
    ("cpu_per_echo_1000", "pingpong-1000", "cpu_us", None, "Processor time for an echo",
     "1000 connections, 64 bytes; times raw epoll's", "{:.2f}", "less"),
    ("stream", "stream", "stream_bytes_per_second", None, "Stream",
     "4 connections, 64 KiB messages; times raw epoll's, in all or for its processor time, whichever is less",
     "{:.2f}", "more"),
    ("mixed_p99", "mixed", "p99_us", 1, "Small pings beside bulk streams",
     "p99 of 50 pings beside 4 streams; µs", "{:,.0f} µs", "less"),
    ("churn", "churn", "cpu_us", None, "Processor time for a connection",
     "connect, one echo, close; times raw epoll's", "{:.2f}", "less"),
    ("idle_memory", "idle", "after_bytes", KIB, "Memory of an idle connection",
     "15,000 connections after one echo of 4 KiB; KiB resident in user space", "{:.1f} KiB", "less"),
)

# Of growth: figure, divisor, the name of its panel.
GROWTH = (("cpu_us", 1, "CPU of an echo, µs"), ("accept_us", 1, "CPU to accept one, µs"),
          ("memory_bytes", KIB, "memory of one, KiB"))


def write(results, directory, footer):
    """Writes what was measured; returns the names of the files."""
    written = []
    for name, workload, figure, divisor, title, subtitle, form, better in PLOTS:
        rows = []
        for server in results.runs.get(workload, {}):
            values = (results.compared(workload, server, figure) if divisor is None else
                      [value / divisor for value in results.values(workload, server, figure)])
            if values:
                middle = statistics.median(values)
                rows.append((server, middle, form.format(middle), *quartiles(values)))
        if not rows:
            continue
        rows.sort(key=lambda row: row[1], reverse=better == "more")
        written.append(f"{name}.svg")
        with open(os.path.join(directory, written[-1]), "w", encoding="utf-8") as file:
            file.write(plot.bars(title, subtitle, rows, better, footer))
    panels = [(name, grown(results, figure, divisor)) for figure, divisor, name in GROWTH]
    if any(series for _, series in panels):
        written.append("growth.svg")
        with open(os.path.join(directory, written[-1]), "w", encoding="utf-8") as file:
            file.write(plot.curves("How the cost grows", "by connections, 64 bytes; medians and quartiles; less is better",
                                   [f"{number:,}" for number in growth.CONNECTIONS], panels, footer))
    return written


def grown(results, figure, divisor):
    """Of each server: median and quartiles for each number of connections, None where there are none."""
    series = {}
    for number, workload in enumerate(growth.WORKLOADS):
        for server in results.runs.get(workload, {}):
            values = [value / divisor for value in results.values(workload, server, figure)]
            if values:
                points = series.setdefault(server, [None] * len(growth.WORKLOADS))
                points[number] = (statistics.median(values), *quartiles(values))
    return series


def quartiles(values):
    if len(values) < 3:
        return min(values), max(values)
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high
