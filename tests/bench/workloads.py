"""All workloads, by name."""
import agreement
import datagrams
import encryption
import growth
import tcp

WORKLOADS = {**tcp.WORKLOADS, **datagrams.WORKLOADS, **encryption.WORKLOADS, **growth.WORKLOADS,
             **agreement.WORKLOADS}


def named(words):
    """Those of these names, and those whose names begin with a word and a hyphen: "udp" is all that begin with "udp-"."""
    unknown = [word for word in words if not any(matches(word, name) for name in WORKLOADS)]
    if unknown:
        raise ValueError(f"there is no workload '{unknown[0]}'")
    return [name for name in WORKLOADS if any(matches(word, name) for word in words)]


def matches(word, name):
    return name == word or name.startswith(f"{word}-")
