"""`Principal`: the ACL names that each kind of caller holds."""

from dataclasses import FrozenInstanceError

import pytest

from parsepy.model.principal import MAINTENANCE, MASTER, NOBODY, READ_ONLY_MASTER, Principal


def test_nobody_holds_the_public_name_only() -> None:
    assert NOBODY.names == ("*",)
    assert not NOBODY.is_privileged


def test_a_customer_holds_the_public_name_his_roles_and_his_id() -> None:
    anna = Principal(user_id="anna", roles=frozenset({"staff", "owners"}))
    assert anna.names == ("*", "role:owners", "role:staff", "anna")
    assert anna.name_set == set(anna.names)
    assert not anna.is_privileged


@pytest.mark.parametrize("principal", [MASTER, MAINTENANCE, READ_ONLY_MASTER])
def test_a_key_is_privileged(principal: Principal) -> None:
    assert principal.is_privileged


def test_the_read_only_key_is_a_master_that_says_so() -> None:
    assert READ_ONLY_MASTER.is_master
    assert READ_ONLY_MASTER.is_read_only
    assert not MASTER.is_read_only


def test_the_maintenance_key_is_no_master() -> None:
    assert not MAINTENANCE.is_master


def test_a_principal_cannot_be_promoted() -> None:
    with pytest.raises(FrozenInstanceError):
        NOBODY.is_master = True  # type: ignore[misc]
