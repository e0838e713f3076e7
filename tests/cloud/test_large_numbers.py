"""K10: whole numbers beyond 2^53 are plain numbers to cloud code."""

from tests.cloud.conftest import MakeShop
from tests.rest.shop import create, ok

HUGE = 2**60 + 1


async def test_a_hook_and_a_function_read_set_and_ask_for_large_numbers(shop: MakeShop) -> None:
    made = await shop(
        """
        @Cloud.before_save("Count")
        async def again(request):
            if request.original is not None:
                request.object.set("copy", request.original.get("n"))
                request.object.set("list", [request.original.get("n")])

        @Cloud.define("same")
        async def same(request):
            first = await Query("Count").first()
            return await Query("Count").equal_to("n", first.get("n")).count()
        """
    )
    item = await create(made.client, "Count", n=HUGE)
    ok(await made.client.put(f"/classes/Count/{item}", json={"note": "x"}))
    stored = ok(await made.client.get(f"/classes/Count/{item}"))
    assert (stored["copy"], stored["list"]) == (HUGE, [HUGE])
    assert ok(await made.client.post("/functions/same", json={})) == {"result": 1}
