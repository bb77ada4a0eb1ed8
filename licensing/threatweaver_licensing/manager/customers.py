"""Whom licenses are issued to."""

from collections.abc import Sequence

from threatweaver_licensing.manager import book
from threatweaver_licensing.manager.book import Actor
from threatweaver_licensing.manager.errors import CustomerExists
from threatweaver_licensing.manager.models import Customer


async def create(name: str, contact: str, actor: Actor) -> Customer:
    """Add a customer, so that a mistyped name in an order is refused and makes none."""
    async with book.writing(actor) as written:
        if await Customer.exists(name=name):
            raise CustomerExists
        await written.note("customer.create", name)
        return await Customer.create(name=name, contact=contact, created_at=written.now)


async def find(search: str | None, page: int, limit: int) -> tuple[Sequence[Customer], int]:
    """A page of customers by name, and how many there are in all."""
    query = Customer.all() if search is None else Customer.filter(name__icontains=search)
    return await query.order_by("name").offset((page - 1) * limit).limit(limit), await query.count()
