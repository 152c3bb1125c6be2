"""How fast the traffic goes, so that others can use the machine meanwhile."""
import asyncio
import os
import time

import processes


class Pace:
    """Lets acts begin so often that the attack and the services take a given share of a processor."""

    def __init__(self, share):
        self.share = share
        self.interval = 0.05
        self.next = 0.0

    async def turn(self):
        self.next = max(self.next, time.monotonic()) + self.interval
        await asyncio.sleep(self.next - time.monotonic())

    async def govern(self):
        used, before = processes.cpu_seconds(os.getpid()), time.monotonic()
        while True:
            await asyncio.sleep(2)
            now_used, now = processes.cpu_seconds(os.getpid()), time.monotonic()
            ratio = (now_used - used) / (now - before) / self.share
            self.interval = min(max(self.interval * min(max(ratio, 0.8), 1.25), 0.002), 0.5)
            used, before = now_used, now


class Gate:
    """The way to one service, for so many; it can be closed for a while."""

    def __init__(self, pace, visitors):
        self.pace = pace
        self.away = visitors
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def turn(self):
        self.away -= 1
        await self.pace.turn()
        await self.is_open.wait()
        self.away += 1

    async def stop(self):
        """Returns when all are back, or as good as: the connections of the others can be counted."""
        self.is_open.clear()
        for _ in range(100):
            if self.away == 0:
                break
            await asyncio.sleep(0.2)

    def go(self):
        self.is_open.set()
