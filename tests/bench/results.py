"""The measurements, and their statistics."""
import statistics

from servers import BASELINE


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

    def ratios(self, workload, server, figure, to=BASELINE):
        """Of each run to the other server's run just before or after it."""
        pairs = zip(self.runs.get(workload, {}).get(server, []),
                    self.runs.get(workload, {}).get(to, []))
        return [one[figure] / other[figure] for one, other in pairs
                if one and other and one.get(figure) and other.get(figure)]

    def advantages(self, workload, server, figure, to=BASELINE):
        """As ratios() for a throughput, or for what a second of processor time achieves if that is less:
        the server's core may not be what limits the throughput."""
        throughput = self.ratios(workload, server, figure, to)
        per_cpu = [1 / ratio for ratio in self.ratios(workload, server, "cpu_ns_per_byte", to)]
        return min(throughput, per_cpu, key=statistics.median) if throughput and per_cpu else []

    def advantage(self, workload, server, figure, to=BASELINE):
        ratios = self.advantages(workload, server, figure, to)
        return statistics.median(ratios) if ratios else None

    def ratio(self, workload, server, figure, to=BASELINE):
        ratios = self.ratios(workload, server, figure, to)
        return statistics.median(ratios) if ratios else None

    def spread(self, workload, server, figure):
        """Half the distance between the quartiles, as a share of the median."""
        return relative_spread(self.values(workload, server, figure))


def relative_spread(values):
    if len(values) < 3:
        return None
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2 / middle if middle else None
