"""Asks a running service what it tells: observe.py http://127.0.0.1:PORT/ PROMTOOL

It has three connections that echo all the while. Any deviation is an AssertionError.
"""
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

SECONDS = 8  # of the page's life


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


class Browser:
    """Headless Chromium by WebDriver (https://www.w3.org/TR/webdriver2/)."""

    def __init__(self, directory):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"],
                                       stdout=subprocess.DEVNULL)
        self.session = f"http://127.0.0.1:{port}/session"
        try:
            self.session += "/" + self.start(directory)["sessionId"]
        except Exception:
            self.driver.kill()
            raise

    def start(self, directory):
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update",
                     "--disable-sync", f"--user-data-dir={directory}/profile",
                     f"--log-net-log={directory}/requests",
                     # The browser's own requests to the network go nowhere.
                     "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        for _ in range(100):
            try:
                return self.command("POST", "", capabilities={"alwaysMatch": {
                    "goog:chromeOptions": {"args": arguments},
                    "goog:loggingPrefs": {"browser": "ALL"}}})
            except ConnectionError:
                time.sleep(0.1)
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionError):
                    raise
                time.sleep(0.1)
        raise RuntimeError("chromedriver does not answer")

    def command(self, method, path, **parameters):
        data = json.dumps(parameters).encode() if method == "POST" else None
        request = urllib.request.Request(self.session + path, data, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["value"]

    def evaluate(self, script):
        return self.command("POST", "/execute/sync", script="return " + script, args=[])

    def close(self):
        self.command("DELETE", "")
        self.driver.terminate()
        self.driver.wait()


def browse(address):
    """Returns the page after SECONDS, what it wrote to the console, and what it asked for."""
    with tempfile.TemporaryDirectory() as directory:
        browser = Browser(directory)
        try:
            browser.command("POST", "/url", url=address)
            time.sleep(SECONDS)
            page = {
                "texts": browser.evaluate("Object.fromEntries([...document.querySelectorAll('[id]')]"
                                          ".map(element => [element.id, element.textContent]))"),
                "paths": browser.evaluate("[...document.querySelectorAll('path')]"
                                          ".map(path => path.getAttribute('d'))"),
                "lengths": browser.evaluate("[...document.querySelectorAll('path')]"
                                            ".map(path => path.getTotalLength())")}
            console = browser.command("POST", "/se/log", type="browser")
        finally:
            browser.close()
        with open(f"{directory}/requests", encoding="utf-8") as file:
            events = json.load(file)["events"]
    origin = address.rstrip("/")
    urls = {event["params"]["url"] for event in events
            if event.get("params", {}).get("initiator") == origin}
    return page, console, urls


def points(path):
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.e]+) ([-\d.e]+)", path)]


def check_page(address):
    page, console, urls = browse(address)
    assert not console, console
    assert urls == {address + "status"}, urls
    texts = page["texts"]
    assert re.fullmatch(r"ready, up \d+ s", texts["state"]), texts
    assert texts["connections"] == "3", texts
    # 1000 messages of 64 bytes a second.
    assert re.fullmatch(r"[1-9][\d.]* kB/s", texts["throughput"]), texts
    assert re.fullmatch(r"[\d.]+ ms", texts["latency"]) and texts["latency"] != "0.000 ms", texts
    assert len(page["paths"]) == 3, page
    assert all(length > 1 for length in page["lengths"]), page
    for path in page["paths"]:
        curve = points(path)
        assert len(curve) >= SECONDS - 3, path
        assert all(0 <= x <= 119 and 0 <= y <= 100 for x, y in curve), path
        assert [x for x, _ in curve] == sorted({x for x, _ in curve}), path
    print("the page shows", texts)


def main():
    address, promtool = sys.argv[1:]
    check_metrics(address, promtool)
    check_page(address)


if __name__ == "__main__":
    main()
