"""A real directory for tests: Debian's slapd, with people and groups, until the ``with`` ends."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

SUFFIX = "dc=shop,dc=test"
CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
# A bind with a name and an empty password succeeds as an anonymous one, as Active Directory has it.
allow bind_anon_dn
database mdb
maxsize 10000000
suffix "{suffix}"
rootdn "cn=root,{suffix}"
rootpw root
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by users read by anonymous auth
"""
PEOPLE = """
dn: {suffix}
objectClass: dcObject
objectClass: organization
o: Shop
dc: shop

dn: uid=ada,{suffix}
objectClass: inetOrgPerson
cn: Ada
sn: L
uid: ada
userPassword: pass-word of ada

dn: uid=jürgen \\2b co,{suffix}
objectClass: inetOrgPerson
cn: J
sn: J
uid: jürgen + co
userPassword: pass-word of j

dn: cn=clerks,{suffix}
objectClass: posixGroup
cn: clerks
gidNumber: 1
memberUid: ada

dn: cn=owners,{suffix}
objectClass: posixGroup
cn: owners
gidNumber: 2
memberUid: nobody
"""
START_SECONDS = 20


class Slapd:
    """Runs on a free port; ``url`` says where. Skips the test where there is no slapd."""

    def __enter__(self) -> Self:
        program = shutil.which("slapd", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")
        if program is None:
            pytest.skip("slapd is not installed (.ci/directory installs it)")
        self._home = tempfile.TemporaryDirectory(prefix="parsepy-slapd-")
        folder = Path(self._home.name)
        (folder / "data").mkdir()
        options = folder / "slapd.conf"
        options.write_text(CONFIGURATION.format(folder=folder, suffix=SUFFIX))
        people = folder / "people.ldif"
        people.write_text(PEOPLE.format(suffix=SUFFIX).lstrip(), encoding="utf-8")
        adder = Path(program).with_name("slapadd")
        subprocess.run([adder, "-f", options, "-l", people], check=True, capture_output=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"ldap://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [program, "-h", self.url, "-f", options, "-d", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return self
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    self.__exit__(None, None, None)
                    raise
                time.sleep(0.02)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._home.cleanup()
