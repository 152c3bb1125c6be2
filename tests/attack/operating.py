"""The operator, who acts, expects an answer to each act, and looks now and then whether anything is left."""
import asyncio
import os
import re
import signal
import subprocess
import time

import processes
from attacked import Unfit

DOCUMENTED_EXIT_CODES = (1, 69, 70, 78)


class Operator:
    """One act after the other, until the time is over."""

    def __init__(self, service, clients, gate, findings, random, acts):
        """An act has its weight among the others."""
        self.service = service
        self.clients = clients
        self.gate = gate
        self.findings = findings
        self.random = random
        self.acts = acts
        self.done = {}
        self.samples = []
        self.at_rest = None

    async def run(self, seconds, rest_every):
        deadline = time.monotonic() + seconds
        next_rest = time.monotonic() + rest_every
        while time.monotonic() < deadline:
            if time.monotonic() < next_rest:
                await self.do(self.random.choices(list(self.acts), self.acts.values())[0])
            else:
                await self.do(Operator.rest)
                next_rest = time.monotonic() + rest_every
            await asyncio.sleep(self.random.uniform(0, 3))

    async def do(self, act):
        try:
            await act(self)
        except (ProcessLookupError, FileNotFoundError):
            pass  # it has ended meanwhile
        except Unfit as failure:
            self.wrong(f"{act.__name__}: {failure}\n{self.service.last_lines()}")
        self.done[act.__name__] = self.done.get(act.__name__, 0) + 1
        if self.service.process.poll() is not None:
            await self.explain_end()

    def wrong(self, what):
        self.findings.add(self.service, what)

    async def expect(self, satisfied, what):
        if await self.service.until(satisfied) is False:
            self.wrong(what)

    async def reload(self, config, satisfied, what):
        self.service.write(config)
        self.service.process.send_signal(signal.SIGHUP)
        await self.expect(satisfied, what)

    async def reload_good(self):
        config = self.service.good()
        await self.reload(config, self.service.in_force(), "a good configuration does not come into force")

    async def explain_end(self):
        """An end is right only if a system call failed and the log says so; then another one starts."""
        service = self.service
        code = service.process.wait()
        last = service.last_lines()
        explained = code in DOCUMENTED_EXIT_CODES and re.search("error|critical|coroecho:", last) and service.excuses.since(
            time.monotonic())
        if not explained:
            self.wrong(f"exit code {code}, and nobody had asked for the end:\n{last}")
        self.done["ends explained by a failing call"] = self.done.get("ends explained by a failing call", 0) + bool(explained)
        await self.start()

    async def start(self):
        with self.service.excuses.given():
            self.service.use_program(self.service.executable)
            self.service.write(self.service.good())
            for _ in range(5):
                try:
                    return await asyncio.to_thread(self.service.start)
                except Unfit as failure:
                    self.wrong(f"it does not start: {failure}\n{self.service.last_lines()}")
                    self.service.process.kill()
                    await asyncio.to_thread(self.service.process.wait)
            raise Unfit("it does not start, five times")

    async def stop(self):
        """By SIGTERM: everything is freed, and the exit code is 0; 1 if clients had to be cut off."""
        service = self.service
        if status := await service.status_or_none():
            service.note_totals(status)
        service.process.terminate()
        try:
            code = await asyncio.to_thread(service.process.wait, 60)
        except subprocess.TimeoutExpired:
            code = None
            service.process.kill()
        if code != 0 and not (code == 1 and "force" in service.last_lines()):
            self.wrong(f"exit code {code} at a stop:\n{service.last_lines()}")

    async def rest(self):
        """Everybody leaves: then exactly the descriptors of before are open, memory is flat, and nothing spins."""
        service = self.service
        try:
            await self.gate.stop()
            # The same addresses each time, so that descriptors can be compared.
            await self.reload(service.good() | {"host": ["127.0.0.1", "::1"]}, service.in_force(),
                              "a good configuration does not come into force")
            left = not await service.until(lambda status: status["connections"]["active"] == 0, 120)
            if service.process.poll() is not None:
                return
            if left:
                raise Unfit("connections are left")
            descriptors = await asyncio.to_thread(service.descriptors_at_rest)
            before = processes.cpu_seconds(service.process.pid)
            await asyncio.sleep(2)
            if (used := processes.cpu_seconds(service.process.pid) - before) > 0.2:
                self.wrong(f"it spins at rest: {used:.2f} s of processor time in two")
            status = await service.status_or_none()
            if status:
                self.samples.append({"memory": processes.memory(service.process.pid)["VmRSS"], "descriptors": descriptors,
                                     "stacks": status["coroutines"]["stacks"]})
            self.at_rest = self.at_rest or (descriptors, self.descriptors())
            if descriptors != self.at_rest[0]:
                self.wrong(f"{descriptors} descriptors at rest, {self.at_rest[0]} at first:\n{self.descriptors()}\nat first:\n"
                           f"{self.at_rest[1]}")
        finally:
            self.gate.go()

    def descriptors(self):
        folder = f"/proc/{self.service.process.pid}/fd"
        return "\n".join(f"{name} {os.readlink(os.path.join(folder, name))}" for name in os.listdir(folder))
