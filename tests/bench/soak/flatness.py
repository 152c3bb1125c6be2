"""Whether a service grows."""
import statistics

MIB = 2 ** 20
# Tolerated growth beyond the median of the middle third: a share, and an amount.
TOLERANCES = {"memory": (0.02, 0.5 * MIB), "descriptors": (0.1, 5), "stacks": (0.05, 2)}


def growth(samples, tolerances=TOLERANCES):
    """For each figure: the median of the middle third, that of the last, and what it may be."""
    third = len(samples) // 3
    for what, (share, amount) in tolerances.items():
        middle, last = (statistics.median(sample[what] for sample in samples[at:at + third])
                        for at in (third, 2 * third))
        yield what, middle, last, middle * (1 + share) + amount
