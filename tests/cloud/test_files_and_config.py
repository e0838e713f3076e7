"""Files and the global config, as cloud code stores, reads and guards them."""

from tests.cloud.conftest import MakeShop
from tests.rest.shop import ok, refused

FILES = """
from parsepy import Config, File

@Cloud.before_save(File)
async def check(request):
    if request.file.name.startswith("no"):
        raise ParseError(130, "not this one")
    request.file.add_metadata("bytes", request.file_size)

@Cloud.after_find(File)
def send(request):
    request.force_download = True

@Cloud.function("receipt")
async def receipt(request):
    file = await File("receipt.txt", b"paid").save()
    order = await Object("Order", receipt=file).save(use_master_key=True)
    again = await Query("Order").get(order.id, use_master_key=True)
    kept = again.get("receipt")
    return {"url": kept.url, "text": (await kept.get_data()).decode()}

@Cloud.function("drop")
async def drop(request):
    file = await File("old.txt", b"x").save()
    await file.destroy()
    return file.url

@Cloud.before_save(Config)
async def guard(request):
    if request.object.get("fee", 0) < 0:
        raise ParseError(Code.VALIDATION_ERROR, "fee: at least 0")

@Cloud.function("fee")
async def fee(request):
    await Config.save({"fee": 3, "old": None}, master_key_only={"fee": True})
    own, all_of_it = await Config.fetch(), await Config.fetch(use_master_key=True)
    return {"client": own.get("fee"), "server": all_of_it["fee"]}
"""


async def test_a_file_of_cloud_code_is_stored_and_read_through_its_object(shop: MakeShop) -> None:
    it = await shop(FILES)
    found = ok(await it.client.post("/functions/receipt", json={}))["result"]
    assert found["text"] == "paid"
    answer = await it.client.get(found["url"])
    assert (answer.status_code, answer.content) == (200, b"paid")
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_file_that_was_destroyed_is_gone(shop: MakeShop) -> None:
    it = await shop(FILES)
    url = ok(await it.client.post("/functions/drop", json={}))["result"]
    assert (await it.client.get(url)).status_code == 404


async def test_a_hook_refuses_an_upload_and_adds_metadata_to_another(shop: MakeShop) -> None:
    it = await shop(FILES)
    refused(await it.master.post("/files/no.txt", content=b"abc"), 130)
    made = ok(await it.master.post("/files/yes.txt", content=b"abc"), 201)
    path = f"/files/parsepy/metadata/{made['name']}"
    assert ok(await it.client.get(path))["metadata"] == {"bytes": 3}


async def test_a_hook_guards_the_config(shop: MakeShop) -> None:
    it = await shop(FILES)
    refused(await it.master.put("/config", json={"params": {"fee": -1}}), 142)
    ok(await it.master.put("/config", json={"params": {"fee": 1}}))
    assert it.fired["beforeSave @Config"] == 2


async def test_cloud_code_changes_the_config_and_reads_it_as_its_caller(shop: MakeShop) -> None:
    it = await shop(FILES)
    found = ok(await it.client.post("/functions/fee", json={}))["result"]
    assert found == {"server": 3, "client": None}
