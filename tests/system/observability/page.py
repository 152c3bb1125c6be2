"""The live page in a browser: page.py http://127.0.0.1:PORT/ PROCESS

The service is PROCESS. It has two connections that echo 1000 messages of 64 bytes a second, one of TLS with 100, and a client
that sends 100 datagrams a second. It is stopped at the end. Any deviation is an AssertionError.
"""
import json
import os
import re
import signal
import sys
import tempfile
import time
import urllib.request

from browser import Browser

SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wide": (1920, 1080)}
CHARTS = ("echoes", "throughput", "connections", "accepted", "refused", "lag")


def wait_for_history(address, samples):
    for _ in range(100):
        with urllib.request.urlopen(address + "history", timeout=10) as response:
            if len(json.load(response)["samples"]) >= samples:
                return
        time.sleep(0.1)
    raise AssertionError("the service keeps no history")


def wait_for(browser, condition):
    for _ in range(100):
        if browser.evaluate(condition):
            return
        time.sleep(0.1)
    raise AssertionError(condition)


def texts(browser):
    return browser.evaluate("Object.fromEntries([...document.querySelectorAll('[id]')]"
                            ".map(element => [element.id, element.textContent]))")


def points(browser):
    """Of each line that is drawn, in the order of the charts."""
    paths = browser.evaluate("[...document.querySelectorAll('path.line')].map(path => path.getAttribute('d'))")
    return [[(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path)] for path in paths if path]


def check_begin(browser):
    """The first answer fills the page with the seconds before it."""
    wait_for(browser, "document.querySelector('path.line')?.getAttribute('d')")
    lines = points(browser)
    # Each has a second line: throughput for both directions, the others but lag for UDP or TLS.
    assert len(lines) == 2 * len(CHARTS) - 1, lines
    assert all(len(line) >= 4 for line in lines), lines


def check_figures(browser):
    shown = texts(browser)
    assert shown["state"] == "ready", shown
    assert re.fullmatch(r"up \d+ seconds?|up \d+ minutes?", shown["uptime"]), shown
    assert re.fullmatch(r"\d+\.\d+\.\d+", shown["version"]), shown
    assert re.fullmatch(r"([5-9]\d\d/s|[12]\.\d\d k/s)", shown["echoes-0"]), shown
    assert re.fullmatch(r"[1-9]\d+/s", shown["echoes-1"]), shown
    for direction in ("throughput-0", "throughput-1"):
        assert re.fullmatch(r"[1-9][\d.]+ kB/s", shown[direction]), shown
    assert shown["connections-0"] == "3 of 10,000" and shown["connections-1"] == "1", shown
    assert shown["accepted-0"] == "0/s" and shown["refused-0"] == "0/s", shown
    assert re.fullmatch(r"[\d.]+ ms", shown["lag-0"]), shown
    for chart in CHARTS:
        assert re.fullmatch(r"max \S+( \S+)? at \d\d:\d\d:\d\d|none in 5 minutes", shown[f"{chart}-most"]), shown
    for line in points(browser):
        assert all(-2 <= x <= 300 and -0.1 <= y <= 100.1 for x, y in line), line
        assert [x for x, _ in line] == sorted({x for x, _ in line}), line
    print("the page shows", {name: text for name, text in shown.items() if re.search(r"-\d$|^(state|uptime|version)$", name)})


def check_axes(browser):
    """Each has round ticks from 0, its unit, and times."""
    for plot in browser.evaluate("[...document.querySelectorAll('.plot')].map(plot => ['y', 'unit', 'x'].map(kind =>"
                                 " [...plot.querySelectorAll('.' + kind)].map(label => label.textContent)))"):
        ticks, unit, times = [float(tick) for tick in plot[0]], plot[1], plot[2]
        step = ticks[1]
        assert 3 <= len(ticks) <= 6 and f"{step:.0e}"[0] in "125", plot
        assert all(abs(tick - index * step) < 0.001 for index, tick in enumerate(ticks)), plot
        assert len(unit) == 1 and unit[0], plot
        assert len(times) >= 4 and all(re.fullmatch(r"\d\d:\d\d", time) for time in times), plot
    # Three connections, or a lag of a millisecond, are not as high as the card.
    tops = browser.evaluate("[...document.querySelectorAll('.plot')].map(plot => Math.max(...[...plot.querySelectorAll('.y')]"
                            ".map(label => +label.textContent)))")
    assert tops[CHARTS.index("connections")] >= 10 and tops[CHARTS.index("lag")] >= 5, tops


def check_pointing(browser):
    browser.evaluate("document.onkeydown({ key: 'ArrowLeft' })")
    assert re.fullmatch(r"at \d\d:\d\d:\d\d", texts(browser)["echoes-most"]), texts(browser)
    browser.evaluate("document.onkeydown({ key: 'Escape' })")
    assert not texts(browser)["echoes-most"].startswith("at "), texts(browser)


def check_sizes(browser):
    """Nothing is wider than the display, and no text is invisible on its ground."""
    for name, size in SIZES.items():
        for scheme in ("light", "dark"):
            browser.appear(*size, scheme)
            assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            ink, paper = browser.evaluate("['color', 'backgroundColor'].map(name => Math.max(...getComputedStyle(document.body)[name]"
                                          ".match(/\\d+/g).slice(0, 3)))")
            assert abs(ink - paper) > 120, (name, scheme, ink, paper)
    browser.appear(*SIZES["laptop"], scheme="dark", medium="print")
    assert browser.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--card').trim()") == "#fff"


def check_end(browser, process):
    os.kill(process, signal.SIGTERM)
    wait_for(browser, "document.getElementById('state').textContent.startsWith('no answer since ')")


def check_requests(address, directory):
    with open(f"{directory}/requests", encoding="utf-8") as file:
        events = json.load(file)["events"]
    urls = {event["params"]["url"] for event in events
            if event.get("params", {}).get("initiator") == address.rstrip("/")}
    assert urls and all(re.fullmatch(re.escape(address) + r"history\?after=\d+", url) for url in urls), urls


def main():
    address, process = sys.argv[1], int(sys.argv[2])
    wait_for_history(address, 4)
    with tempfile.TemporaryDirectory() as directory:
        browser = Browser(directory)
        try:
            browser.command("POST", "/url", url=address)
            check_begin(browser)
            check_axes(browser)
            check_figures(browser)
            check_pointing(browser)
            check_sizes(browser)
            console = browser.command("POST", "/se/log", type="browser")
            assert not console, console
            check_end(browser, process)
        finally:
            browser.close()
        check_requests(address, directory)


if __name__ == "__main__":
    main()
