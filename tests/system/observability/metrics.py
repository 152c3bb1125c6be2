"""The metrics as promtool(1) sees them: metrics.py http://127.0.0.1:PORT/ PROMTOOL

Any deviation is an AssertionError.
"""
import subprocess
import sys
import urllib.request


def check_metrics(address, promtool):
    with urllib.request.urlopen(address + "metrics", timeout=10) as response:
        metrics = response.read()
    found = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True,
                           check=False)
    assert found.returncode == 0, found
    assert not found.stdout + found.stderr, found
    # That it would have found something:
    wrong = metrics.replace(b"_total", b"_count")
    found = subprocess.run([promtool, "check", "metrics"], input=wrong, capture_output=True,
                           check=False)
    assert found.returncode != 0, "promtool finds nothing in what is wrong"


if __name__ == "__main__":
    check_metrics(*sys.argv[1:])
