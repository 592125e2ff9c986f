"""The shards of a run on any executor: handed out, tried again, given up, never lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from otsim.executors import WorkerLost, Workplace

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.work import ComputedShard

__all__ = ["DoneShard", "ShardTask", "done_shards"]

Log = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class ShardTask:
    """A shard to compute.

    Attributes:
        shard: its number.
        study_json: the study, as text.
        twins: its twin numbers.
        donors: folders of runs that may lend twins.
        halvings: how often to halve what goes side by side.
        deaths: how many workers have died of it so far.
    """

    shard: int
    study_json: str
    twins: range
    donors: tuple[str, ...] = ()
    halvings: int = 0
    deaths: int = 0


@dataclass(frozen=True, kw_only=True)
class DoneShard:
    """A shard's event rows, and why they are not what they should be; "" where they are."""

    shard: int
    events: pa.Table
    given_up: str = ""


def done_shards(tasks: Iterator[ShardTask], place: Workplace, *, log: Log) -> Iterator[DoneShard]:
    """Compute shards; yields each as it comes, in any order.

    A shard whose worker died is tried again with half as many twins side by side, since memory is
    what workers die of. One that has killed `place.most_deaths` of them is given up: its twins that
    act are quarantined.

    Args:
        tasks: what to compute.
        place: where.
        log: told of lost workers and of memory that ran out, the latter once for each size.
    """
    loop = _Loop(place, log)
    while True:
        while len(loop.waiting) < place.ahead and (task := loop.next_of(tasks)) is not None:
            loop.submit(task)
        if not loop.waiting:
            return
        finished, _ = wait(loop.waiting, return_when=FIRST_COMPLETED)
        for future in finished:
            done = loop.told(future)
            if done is not None:
                yield done


class _Loop:
    """What is on its way, what is to be tried again, and how small it has become."""

    def __init__(self, place: Workplace, log: Log) -> None:
        self.place = place
        self.log = log
        self.waiting: dict[Future[ComputedShard], ShardTask] = {}
        self.again: deque[ShardTask] = deque()
        self.halvings = 0

    def next_of(self, fresh: Iterator[ShardTask]) -> ShardTask | None:
        return self.again.popleft() if self.again else next(fresh, None)

    def submit(self, task: ShardTask) -> None:
        from otsim.work import computed_shard

        task = replace(task, halvings=max(task.halvings, self.halvings))
        future = self.place.executor.submit(
            computed_shard, task.study_json, task.twins.start, len(task.twins),
            donors=task.donors, halvings=task.halvings,
        )  # fmt: skip
        self.waiting[future] = task

    def told(self, future: Future[ComputedShard]) -> DoneShard | None:
        """Return the shard of a future that is done, or None where it is to be tried again."""
        task = self.waiting.pop(future)
        try:
            found = future.result()
        except WorkerLost as loss:
            return self.lost(replace(task, deaths=task.deaths + 1), str(loss))
        if found.halvings > max(self.halvings, task.halvings):
            self.halvings = found.halvings
            share = f"1/{2**found.halvings}"
            self.log(f"out of memory: going on with {share} of the twins side by side")
        return DoneShard(shard=task.shard, events=found.events)

    def lost(self, task: ShardTask, how: str) -> DoneShard | None:
        """Try a shard whose worker died again, or give it up."""
        if task.deaths < self.place.most_deaths:
            self.log(f"shard {task.shard}: {how}; trying it again, half as many side by side")
            self.again.append(replace(task, halvings=task.halvings + 1))
            return None
        from otsim.work import given_up_shard

        reason = f"not computed: {how}, {task.deaths} times"
        self.log(f"shard {task.shard}: quarantined, {reason}")
        rows = given_up_shard(task.study_json, task.twins.start, len(task.twins), reason)
        return DoneShard(shard=task.shard, events=rows, given_up=reason)
