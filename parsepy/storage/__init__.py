"""What parsepy keeps in MongoDB: see ``Storage``."""

from parsepy.storage.driver import reserved as reserved
from parsepy.storage.driver.received import receive_at_most as receive_at_most
from parsepy.storage.failures import DuplicateKey as DuplicateKey
from parsepy.storage.failures import Unavailable as Unavailable
from parsepy.storage.locks import LockWanted as LockWanted
from parsepy.storage.objects import Storage as Storage
from parsepy.storage.opening import client_options as client_options
from parsepy.storage.opening import open_storage as open_storage
from parsepy.storage.transactions import Conflict as Conflict
