"""Products and SKUs: prices, names, stock, variations, ownership (P1 to P3, S1 to S3)."""

from typing import Any

from cloud.money import is_price
from cloud.rules import is_staff, keep_count, refuse, settle
from parsepy import (
    Cloud,
    Code,
    DeleteRequest,
    Object,
    ParseError,
    Proceed,
    Query,
    SaveRequest,
    TriggerRequest,
)

OPEN = ("pending", "paid", "shipped")


@Cloud.around_save("Product")
async def check_product(request: SaveRequest, proceed: Proceed) -> None:
    """A product has a price, a name, and an inventory that is never below 0."""  # P1, P2
    product = request.object
    if (product.is_new or product.dirty("price")) and not is_price(product.get("price")):
        raise refuse("price", "a number of at least 0 with at most two decimals")
    name = product.get("name")
    if (product.is_new or product.dirty("name")) and not (isinstance(name, str) and name.strip()):
        raise refuse("name", "not blank")
    settle(product, "price")
    await keep_count(request, proceed, "inventory")


async def owned_product(request: TriggerRequest, pointer: Any) -> Object:
    """The product of a SKU or sale, which must be the caller's own, or they staff."""  # S2
    found: Object | None = None
    if isinstance(pointer, Object) and pointer.class_name == "Product" and pointer.id:
        found = await Query("Product").equal_to("objectId", pointer.id).first(use_master_key=True)
    if found is None:
        raise refuse("product", "there is no such product")
    user = request.user
    owns = user is not None and found.acl is not None and found.acl.get_write_access(user)
    if not owns and not is_staff(request):
        raise ParseError(Code.OPERATION_FORBIDDEN, "Only the owner of the product, and staff, may.")
    return found


@Cloud.around_save("SKU")
async def check_sku(request: SaveRequest, proceed: Proceed) -> None:
    """A SKU has a stock, a product of the caller, and a variation of its own."""  # S1 to S3
    sku = request.object
    if sku.is_new or sku.dirty("product"):
        sku.set("product", await owned_product(request, sku.get("product")))
    if not (sku.is_new or sku.dirty("product") or sku.dirty("variation")):
        await keep_count(request, proceed, "stock")
        return
    product = sku.get("product")
    async with Cloud.lock(f"skus:{product.id}"):
        twin = Query("SKU").equal_to("product", product)
        twin.equal_to("variation", sku.get("variation"))
        if sku.id is not None:
            twin.not_equal_to("objectId", sku.id)
        if await twin.first(use_master_key=True) is not None:
            raise refuse("variation", "another SKU of this product has it")
        await keep_count(request, proceed, "stock")  # with the class's default ACL


def _of_product(product: Object, skus: list[Object]) -> Query[Object]:
    """Open orders in which a product or one of its SKUs is."""
    ids = [str(product.id), *(str(sku.id) for sku in skus)]
    places = ("products.objectId", "products.sku.objectId", "products.product.objectId")
    branches = [Query("Order").contained_in(place, ids) for place in places]
    return Query.or_(*branches).contained_in("status", OPEN)


@Cloud.around_delete("Product")
async def keep_what_is_ordered(request: DeleteRequest, proceed: Proceed) -> None:
    """A product in open orders stays; with one that goes, go its SKUs and flash sales.

    An order that takes stock of it meanwhile and this deletion change the same SKUs: the second
    of them is made again, and sees what the first has done.
    """  # P3
    product = request.object

    @Cloud.transaction()
    async def clear_away_and_delete() -> None:
        skus = await _all("SKU", product)
        if await _of_product(product, skus).first(use_master_key=True) is not None:
            raise refuse("product", "it is in orders that are still open")
        rows = [*skus, *await _all("FlashSale", product)]
        await Object.destroy_all(rows, use_master_key=True)
        await proceed()

    await clear_away_and_delete()


async def _all(class_name: str, product: Object) -> list[Object]:
    query = Query(class_name).equal_to("product", product)
    return [item async for item in query.iterate(use_master_key=True)]
