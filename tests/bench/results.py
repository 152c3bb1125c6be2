"""The measurements, and their statistics."""
import statistics

from workloads import WORKLOADS

# More of these is better.
THROUGHPUTS = ("per_second", "stream_bytes_per_second", "ping_bytes_per_second")


class Results:
    """runs[workload][server] is a list with the figures of each run, None where it failed."""

    def __init__(self, runs, failures):
        self.runs, self.failures = runs, failures

    def values(self, workload, server, figure):
        return [run[figure] for run in self.runs.get(workload, {}).get(server, [])
                if run and figure in run]

    def median(self, workload, server, figure):
        """Or None where there is none."""
        values = self.values(workload, server, figure)
        return statistics.median(values) if values else None

    def ratios(self, workload, server, figure, to=None, by=None):
        """Of each run to the other server's run just before or after it, the workload's baseline unless told; of the
        figure divided by another one of the run if that is told."""
        def value(run):
            return run and run.get(figure) and run[figure] / (run[by] if by else 1)
        pairs = zip(self.runs.get(workload, {}).get(server, []),
                    self.runs.get(workload, {}).get(to or WORKLOADS[workload].baseline, []))
        return [value(one) / value(other) for one, other in pairs if value(one) and value(other)]

    def advantages(self, workload, server, figure, to=None):
        """As ratios() for a throughput, or for that of a second of processor time if that is less: the
        server's core may not be what limits the throughput."""
        throughput = self.ratios(workload, server, figure, to)
        per_cpu = self.ratios(workload, server, figure, to, by="utilisation")
        return min(throughput, per_cpu, key=statistics.median) if throughput and per_cpu else []

    def compared(self, workload, server, figure, to=None):
        """The honest ratios: see advantages() for a throughput."""
        return (self.advantages if figure in THROUGHPUTS else self.ratios)(workload, server, figure, to)

    def ratio(self, workload, server, figure, to=None):
        ratios = self.compared(workload, server, figure, to)
        return statistics.median(ratios) if ratios else None

    def spread(self, workload, server, figure):
        """Half the distance between the quartiles, as a share of the median."""
        return relative_spread(self.values(workload, server, figure))


def relative_spread(values):
    if len(values) < 3:
        return None
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2 / middle if middle else None
