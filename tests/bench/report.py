"""The results in Markdown. Arrows: of ↓ less is better, of ↑ more."""
import statistics

import agreement
import growth
from results import THROUGHPUTS, relative_spread
from servers import BASELINE, COROECHO, LOGGING, SERVERS
from targets import TARGETS
from workloads import WORKLOADS

MEGABYTE, KIB, MIB = 1e6, 1024, 1024 * 1024
CPU = (("CPU µs ↓", "cpu_us", 1, "{:.2f}"),)
RATE = (("1000/s ↑", "per_second", 1000, "{:.1f}"),)
LATENCY = (("p50 µs ↓", "p50_us", 1, "{:.0f}"), ("p99 µs ↓", "p99_us", 1, "{:.0f}"),
           ("p99.9 µs ↓", "p99_9_us", 1, "{:.0f}"))
BUSY = (("core busy", "utilisation", 0.01, "{:.0f} %"),)
STREAM = (("MB/s ↑", "stream_bytes_per_second", MEGABYTE, "{:.0f}"),)
# Of each workload: the figures that are set in relation to the references, then the columns.
USUAL = (("cpu_us",), CPU + RATE + LATENCY + BUSY)
AGREEMENT = (("rate", "per_second"), ("server's CPU", "cpu_us"), ("p50", "p50_us"), ("p99", "p99_us"))
COLUMNS = {
    **{name: (("per_second_of_load",), (
        ("load, 1000/s", "per_second_load", 1000, "{:.1f}"), ("client, 1000/s", "per_second_client", 1000, "{:.1f}"),
        ("server's CPU µs, load", "cpu_us_load", 1, "{:.2f}"), ("client", "cpu_us_client", 1, "{:.2f}"),
        ("core busy, load", "utilisation_load", 0.01, "{:.0f} %"), ("client", "utilisation_client", 0.01, "{:.0f} %"),
        *((f"{head}, client of load", f"{figure}_of_load", 1, "{:.3f}") for head, figure in AGREEMENT))) for name in agreement.WORKLOADS},
    **{name: (("cpu_us",), CPU + (("to accept one µs ↓", "accept_us", 1, "{:.1f}"), ("KiB of one ↓", "memory_bytes", KIB, "{:.2f}"))
              + RATE + LATENCY + BUSY) for name in growth.WORKLOADS},
    "stream": (("stream_bytes_per_second",), STREAM + CPU + LATENCY + BUSY),
    "pipelined": (("per_second", "cpu_us"), RATE + CPU + LATENCY + BUSY),
    "mixed": (("p99_us", "stream_bytes_per_second"), LATENCY + STREAM + CPU + BUSY),
    "idle": (("after_bytes",), (
        ("silent KiB ↓", "silent_bytes", KIB, "{:.2f}"), ("after an echo KiB ↓", "after_bytes", KIB, "{:.2f}"),
        ("of it anonymous", "after_own_bytes", KIB, "{:.2f}"),
        ("page tables ↓", "after_page_table_bytes", KIB, "{:.2f}"))),
    "beside-idle": (("cpu_us",), (("of none idle ↑", "of_alone", 1, "{:.3f}"),
                                  ("CPU of none idle ↓", "cpu_of_alone", 1, "{:.3f}"))
                    + CPU + RATE + LATENCY + BUSY),
    "start": (("start_ms",), (("to listening ms ↓", "start_ms", 1, "{:.1f}"),
                              ("resident MiB ↓", "resident_bytes", MIB, "{:.1f}"))),
    "tls-idle": (("after_bytes",), (("silent KiB ↓", "silent_bytes", KIB, "{:.1f}"),
                                    ("after an echo KiB ↓", "after_bytes", KIB, "{:.1f}"))),
    "tls-silent": (("plain_p99_us",), (("plain p99 µs alone ↓", "plain_p99_us", 1, "{:.0f}"),
                                       ("beside, of that ↓", "plain_of_alone", 1, "{:.3f}"),
                                       ("TLS p99 µs alone ↓", "tls_p99_us", 1, "{:.0f}"),
                                       ("beside, of that ↓", "tls_of_alone", 1, "{:.3f}"))),
    "udp-flood": (("p99_us",), (("p99 µs without ↓", "p99_us", 1, "{:.0f}"),
                                ("beside 20,000 a second, of that ↓", "of_alone_20000", 1, "{:.3f}"),
                                ("beside 100,000, of that ↓", "of_alone_100000", 1, "{:.3f}"))),
}
NAMES = {"cpu_us": "CPU", "per_second": "rate", "stream_bytes_per_second": "streams", "p99_us": "p99"}
# The tables that compare all: the heading, the workload, the figure, its divisor and form; without these in relation to the
# named reference in the same round, for a machine has better and worse minutes.
GLANCES = {
    "TCP": (
        ("CPU of an echo, alone ↓", "pingpong-1", "cpu_us", None, None),
        ("among 50 ↓", "pingpong-50", "cpu_us", None, None),
        ("among 1000 ↓", "pingpong-1000", "cpu_us", None, None),
        ("CPU of a connection ↓", "churn", "cpu_us", None, None),
        ("stream ↑", "stream", "stream_bytes_per_second", None, None),
        ("stream, MB/s ↑", "stream", "stream_bytes_per_second", MEGABYTE, "{:.0f}"),
        ("p99 beside it, µs ↓", "mixed", "p99_us", 1, "{:.0f}"),
        ("an idle one, KiB ↓", "idle", "after_bytes", KIB, "{:.1f}"),
        ("to listening, ms ↓", "start", "start_ms", 1, "{:.0f}"),
    ),
    "UDP": tuple((f"{head} ↓", workload, "cpu_us", to, None) for workload, name in
                 (("udp-1", "alone"), ("udp-50", "among 50"), ("udp-batches", "4 with 32 under way"))
                 for head, to in ((f"{name}, of raw", "raw"), ("of Go", "Go"))),
    "TLS": (
        ("CPU of an echo, alone ↓", "tls-1", "cpu_us", None, None),
        ("among 50 ↓", "tls-50", "cpu_us", None, None),
        ("50 x 4 KiB ↓", "tls-4k", "cpu_us", None, None),
        ("CPU of a connection ↓", "tls-churn", "cpu_us", None, None),
        ("a connection, µs ↓", "tls-churn", "cpu_us", 1, "{:.0f}"),
        ("an idle one, silent, KiB ↓", "tls-idle", "silent_bytes", KIB, "{:.1f}"),
        ("after an echo, KiB ↓", "tls-idle", "after_bytes", KIB, "{:.1f}"),
    ),
    "Agreement": tuple((f"{name}: {head}", f"agreement-{workload}", f"{figure}_of_load", 1, "{:.3f}")
                       for workload, name in (("50", "50 x 64 B"), ("1000", "1000 x 64 B"), ("pipelined", "pipelined"),
                                              ("stream", "stream"))
                       for head, figure in AGREEMENT[:2]),
    "Growth": tuple((f"{head}{number:,} ↓", f"growth-{number}", figure, divisor, form)
                    for first, figure, divisor, form in (("CPU of an echo, µs, among ", "cpu_us", 1, "{:.2f}"),
                                                         ("to accept one, µs, of ", "accept_us", 1, "{:.1f}"),
                                                         ("KiB of one, of ", "memory_bytes", KIB, "{:.1f}"))
                    for head, number in zip((first, "", "", ""), growth.CONNECTIONS)),
}

# The shorter table for those who come first: without these columns, and with these servers.
LONG = ("stream, MB/s ↑", "to listening, ms ↓")
SHORT = (COROECHO, LOGGING, BASELINE, "raw epoll, 256 KiB", "raw io_uring", "Asio, callbacks", "thread per connection", "Go", "tokio")


def markdown(results, about, plots):
    parts = ["# Benchmark", "", *about, "", "↓: less is better, ↑: more. ± is half the distance between the quartiles. A ratio of "
             "throughputs is the lesser of two, in all and for a second of the server's processor time."]
    for title, lines in sections(results).items():
        parts += ["", f"## {title}", "", *lines]
    parts += ["", *(f"![{name}]({name})" for name in plots)]
    for workload, runs in results.runs.items():
        parts += ["", f"## {WORKLOADS[workload].title}", "", *table(results, workload, runs)]
    return "\n".join(parts) + "\n"


def sections(results):
    """The tables that sum up what was measured, by title."""
    tables = {f"{title} at a glance": at_a_glance(results, columns) for title, columns in GLANCES.items()}
    tables["Targets"] = targets(results)
    tables["A framework is ahead"] = frameworks(results)
    return {title: lines for title, lines in tables.items() if lines}


def quotes(results, about):
    """The same for documents, the machine, and a shorter table of TCP without the spread."""
    runs = about["runs"].partition(", ")[0].replace(" of ", " runs of ", 1)
    machine = ", ".join(about[key] for key in ("machine", "kernel", "system") if about[key])
    return {**sections(results), "Machine": [f"{runs}; {machine}; {about['date'][:10]}"],
            "TCP in short": at_a_glance(results, [column for column in GLANCES["TCP"] if column[0] not in LONG], SHORT, ratio_in_short)}


def at_a_glance(results, columns, among=None, shown_ratio=None):
    shown = [column for column in columns if column[1] in results.runs]
    servers = [name for name in dict.fromkeys(name for _, workload, *_ in shown for name in results.runs[workload])
               if not among or name in among]
    lines = [table_row(["server", *(head for head, *_ in shown)]), "|" + "---|" * (len(shown) + 1)]
    for server in servers:
        name = f"**{COROECHO}**{server[len(COROECHO):]}" if server.startswith(COROECHO) else server
        cells = [glance(results, server, *column, shown_ratio or ratio) for _, *column in shown]
        lines.append(table_row([name, *cells]))
    return lines if servers else []


def ratio_in_short(ratios, form):
    return f"{form.format(statistics.median(ratios))}x" if ratios else ""


def glance(results, server, workload, figure, divisor, form, shown_ratio):
    if form is None:
        references = WORKLOADS[workload].references
        return shown_ratio(results.compared(workload, server, figure, references.get(divisor)), "{:.2f}")
    middle = results.median(workload, server, figure)
    return "" if middle is None else form.format(middle / divisor)


def table_row(cells):
    return "| " + " | ".join(cells) + " |"


def targets(results):
    measured = [(target, *target.verdict(results)) for target in TARGETS]
    lines = ["| target | bound | measured | |", "|---|---|---|---|"]
    for target, value, verdict in measured:
        if value is None:
            continue
        sign = "≤" if target.at_most else "≥"
        lines.append(f"| {target.what} | {sign} {target.bound}{target.unit} | {value:.3f}{target.unit} | {verdict} |")
    return lines if len(lines) > 2 else []


def frameworks(results):
    """The workloads in which coroecho costs more than one of them, as a ratio of the two in the same round."""
    lines = []
    for workload, runs in results.runs.items():
        figure = columns(workload)[0][0]
        for server in SERVERS:
            ratios = results.compared(workload, COROECHO, figure, server.name) if server.framework and server.name in runs else []
            worse = (statistics.median(ratios) < 1) == (figure in THROUGHPUTS) if ratios else False
            if worse and statistics.median(ratios) != 1:
                arrow = "↑" if figure in THROUGHPUTS else "↓"
                lines.append(table_row([WORKLOADS[workload].title, server.name, ratio(ratios), arrow]))
    return ["| workload | framework | coroecho, of it | |", "|---|---|---|---|", *lines] if lines else []


def columns(workload):
    return COLUMNS.get(workload, USUAL)


def table(results, workload, runs):
    compared, shown = columns(workload)
    references = [(f"{NAMES.get(figure, figure)} of {name} {'↑' if figure in THROUGHPUTS else '↓'}", figure, to)
                  for name, to in WORKLOADS[workload].references.items() for figure in compared
                  if results.values(workload, to, figure)]
    heads = ["server", *(head for head, *_ in shown), "±", *(head for head, *_ in references)]
    lines = [table_row(heads), "|" + "---|" * len(heads)]
    for server in runs:
        if not results.values(workload, server, compared[0]):
            continue
        cells = [server]
        for _, figure, divisor, form in shown:
            median = results.median(workload, server, figure)
            cells.append("" if median is None else form.format(median / divisor))
        spread = results.spread(workload, server, compared[0])
        cells.append("" if spread is None else f"{spread * 100:.1f} %")
        cells += [ratio(results.compared(workload, server, figure, to)) for _, figure, to in references]
        lines.append(table_row(cells))
    for server, why in results.failures.get(workload, {}).items():
        lines += ["", f"{server}: {why}"]
    return lines


def ratio(ratios, form="{:.3f}"):
    if not ratios:
        return ""
    if set(ratios) == {1}:
        return "1"  # to itself
    middle, spread = statistics.median(ratios), relative_spread(ratios)
    return form.format(middle) + (f" ± {form.format(spread * middle)}" if spread is not None else "")
