"""Waits that share one timer: each ends in its time, and as its task was told to."""

import asyncio

import pytest

from config.deadline import Deadline


def test_what_comes_in_time_is_handed_on() -> None:
    async def main() -> list[int]:
        deadline = Deadline(asyncio.get_running_loop(), 30)

        async def one(number: int) -> int:
            return await deadline.within(asyncio.sleep(0.001 * number, number))

        return await asyncio.gather(*(one(number) for number in range(5)))

    assert asyncio.run(main()) == [0, 1, 2, 3, 4]


def test_each_that_takes_too_long_is_ended_and_can_go_on() -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        deadline = Deadline(loop, 0.05)

        async def one(pause: float) -> str:
            await asyncio.sleep(pause)
            try:
                await deadline.within(loop.create_future())
            except TimeoutError:
                await asyncio.sleep(0)  # not cancelled any more
                return "late"
            return "there"

        return await asyncio.gather(*(one(0.03 * number) for number in range(4)))

    assert asyncio.run(asyncio.wait_for(main(), 20)) == ["late"] * 4


def test_who_is_cancelled_by_others_is_cancelled() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        deadline = Deadline(loop, 30)
        task = loop.create_task(deadline.within(loop.create_future()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(main(), 20))


def test_a_fault_of_the_wait_is_handed_on() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        deadline = Deadline(loop, 30)

        async def fails() -> None:
            await asyncio.sleep(0)
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await deadline.within(fails())

    asyncio.run(main())
