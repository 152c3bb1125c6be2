"""Headless Chromium by WebDriver (https://www.w3.org/TR/webdriver2/)."""
import base64
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request


class Browser:
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

    def devtools(self, method, **parameters):
        return self.command("POST", "/goog/cdp/execute", cmd=method, params=parameters)

    def appear(self, width, height, scheme="light", medium="screen"):
        """As on a display of that size, in a light or a dark scheme; or on paper (medium "print")."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 500)
        self.devtools("Emulation.setEmulatedMedia", media=medium,
                      features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self):
        """The whole page, as PNG."""
        width, height = self.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        return base64.b64decode(self.devtools("Page.captureScreenshot", format="png", clip=clip,
                                              captureBeyondViewport=True)["data"])
