"""docker/monitoring/ with Prometheus: monitoring.py http://127.0.0.1:PORT/ PROMETHEUS PROMTOOL

The service at that address has TLS and has answered datagrams. Prometheus scrapes it with our configuration, and must have an
answer for each expression of the dashboard and for each metric of the alert rules. Any deviation is an AssertionError.
"""
import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
FOLDER = f"{ROOT}/docker/monitoring"
METRIC = r"\b((?:coroecho|process)_[a-z_]+)\b"


def succeeds(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def check_rules(promtool, directory):
    assert succeeds(promtool, "check", "config", f"{FOLDER}/prometheus.yml")
    assert succeeds(promtool, "test", "rules", f"{FOLDER}/alerts_test.yml")
    # That the tests would have found something:
    with open(f"{FOLDER}/alerts.yml", encoding="utf-8") as file:
        rules = file.read()
    shutil.copy(f"{FOLDER}/alerts_test.yml", directory)
    for right, wrong in (("(coroecho_connections_limit > 0)", "coroecho_connections_limit"), ("for: 1m", "for: 9m"),
                         ("and on (job, instance) coroecho_build_info", "")):
        assert right in rules, right
        with open(f"{directory}/alerts.yml", "w", encoding="utf-8") as file:
            file.write(rules.replace(right, wrong))
        assert not succeeds(promtool, "test", "rules", f"{directory}/alerts_test.yml"), right
    alerts = re.findall(r"alert: (\w+)", rules)
    with open(f"{FOLDER}/alerts_test.yml", encoding="utf-8") as file:
        tests = file.read()
    assert alerts and all(alert in tests for alert in alerts), [alert for alert in alerts if alert not in tests]


class Prometheus:
    def __init__(self, program, service, directory):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        with open(f"{FOLDER}/prometheus.yml", encoding="utf-8") as file:
            configuration = file.read()
        for right, changed in ((r"localhost:8889", urllib.parse.urlsplit(service).netloc),
                               (r"scrape_interval: \w+", "scrape_interval: 500ms"),
                               (r"evaluation_interval: \w+", "evaluation_interval: 500ms")):
            assert re.search(right, configuration), right
            configuration = re.sub(right, changed, configuration)
        with open(f"{directory}/prometheus.yml", "w", encoding="utf-8") as file:
            file.write(configuration)
        shutil.copy(f"{FOLDER}/alerts.yml", directory)
        with open(f"{directory}/log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [program, f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
                 f"--web.listen-address={self.address}"], stdout=log, stderr=subprocess.STDOUT)

    def get(self, path, **parameters):
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)["data"]

    def values(self, expression):
        return [float(sample["value"][1]) for sample in self.get("query", query=expression)["result"]]

    def wait_for_samples(self, number):
        """Until the service was scraped that often."""
        for _ in range(200):
            try:
                if self.values("min(count_over_time(coroecho_ready[1m]))") >= [number]:
                    return
            except OSError:
                assert self.process.poll() is None, "Prometheus has ended"
            time.sleep(0.1)
        raise AssertionError("Prometheus does not scrape the service")

    def close(self):
        self.process.terminate()
        self.process.wait()


def check_layout(panels):
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert max(x for x, _ in cells) < 24 and not cells & taken, panel["title"]
        taken |= cells


def check_dashboard(prometheus):
    with open(f"{FOLDER}/dashboard.json", encoding="utf-8") as file:
        dashboard = json.load(file)
    check_layout(dashboard["panels"])
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables.keys() == {"datasource", "job", "instance"}
    for name in ("job", "instance"):
        metric, label = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", variables[name]["definition"]).groups()
        assert prometheus.get(f"label/{label}/values", **{"match[]": metric}), name
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    for expression in expressions:
        asked = re.sub(r"\$(job|instance)\b", ".*", expression).replace("$__rate_interval", "1m")
        assert "$" not in asked, expression
        values = prometheus.values(asked)
        assert values and not any(math.isnan(value) for value in values), (expression, values)
    return len(expressions)


def check_alerts(prometheus):
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    for rule in rules:
        assert rule["health"] == "ok", rule
        assert rule["state"] != "firing", rule  # the service is well
        metrics = re.findall(METRIC, rule["query"])
        assert metrics or "up{" in rule["query"], rule
        for metric in metrics:
            assert prometheus.values(f"count({metric})"), metric
    return len(rules)


def main():
    service, program, promtool = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        check_rules(promtool, directory)
        prometheus = Prometheus(program, service, directory)
        try:
            prometheus.wait_for_samples(4)
            print(check_dashboard(prometheus), "expressions of the dashboard and", check_alerts(prometheus), "alerts have data")
        except BaseException:
            with open(f"{directory}/log", encoding="utf-8") as log:
                print(log.read(), file=sys.stderr)
            raise
        finally:
            prometheus.close()


if __name__ == "__main__":
    main()
