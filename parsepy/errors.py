"""``ParseError``, the ``Code`` enumeration, and what is no refusal: ``Interruption``.

Every error that a client can cause is a ``ParseError``: a number that all Parse SDKs share
(protocol §3.2) and a sentence. The front doors alone know how it travels: ``http/failures.py`` is
the one mapping from an exception to what a client is told.

Every exception of parsepy, and the module that raises it::

    Exception
    ├── ParseError              errors.py: everywhere, for what a client did
    │   ├── DuplicateKey        storage/failures.py: a unique index refused a value
    │   ├── CodeSent            auth/base.py: a second factor asks for the code that it has sent
    │   ├── ProviderFailed      operations/users/asking.py: a sign-in adapter failed
    │   └── ConditionFailed     operations/writes.py: the condition of a save does not hold
    ├── HTTPRefusal             http/refusals.py: a status of its own, most without a code
    │   └── TooMany             http/limits.py: a rate limit is exceeded
    ├── Interruption            errors.py: never itself; passes through cloud code unchanged
    │   ├── Unavailable         storage/failures.py: the database can't be reached
    │   └── Conflict            storage/transactions.py: another transaction was faster
    │       └── LockWanted      storage/locks.py: a lock is taken, and the transaction begun anew
    ├── BadRequest              graphql/transport.py: what is no request of GraphQL
    ├── Refused                 graphql/transport.py: a body that can't be read; a page tells it
    ├── BadUpload               graphql/uploads.py: a form of files that can't be read
    ├── Invalid                 graphql/documents.py: a document with errors, all of them at once
    ├── BadVariables            graphql/executor.py: variables that their types do not take
    ├── RequestFailed           graphql/processor.py: a request of which nothing was executed
    ├── MessageError            graphql/messages.py: what breaks the websockets' protocol
    ├── AtOnce                  graphql/failures.py: a refusal before the database was asked
    ├── PlainError              graphql/failures.py: an error without Parse's code
    ├── Anomaly                 graphql/runs.py: a value that the library must complete
    ├── Unfit                   graphql/literals.py: a value that its type does not take
    ├── Unsuited                graphql/selections.py: a document that is left to the library
    ├── TookTooLong             model/time_limits.py: a test of an object, beyond its limit
    ├── FrameError              livequery/protocol.py: a message that is none
    ├── OutgoingError           outgoing/__init__.py: another server gave no answer to use
    ├── MailRefused             mail/base.py: a mail can't be sent, however often one tries
    ├── UploadAbandoned         files/uploads.py: an upload's chunks were deleted meanwhile
    ├── ConfigError             config/checks.py: options that are wrong, all of them at once
    ├── OptionsError            auth/options.py: likewise, of a sign-in provider
    ├── AdapterError            auth/opening.py: a class that can't be a sign-in adapter
    ├── TemplateError           model/templates/problems.py: schema templates that are wrong
    ├── SchemaConflict          operations/schemas/templates.py: a template against the database
    ├── CloudError              cloud/loader.py: cloud code that can't be loaded
    ├── CloudMistake            cloud/mistakes.py: in tests, what a server only warns about
    ├── StartError              cli/messages.py: what keeps the command from starting
    ├── BuildError              sites/building.py: web pages that can't be built
    ├── WorkerFailed            workers.py: the first worker could not start
    ├── BackupError             storage/backups.py: a backup that is none, or can't be restored
    ├── EmbeddedMongoError      storage/embedded.py: mongod can't be found or does not start
    ├── _Failed                 rest/batch.py: ends a transaction; never leaves its module
    ├── _Undone                 mcp/explaining.py: likewise, of a write that was only tried
    ├── _Unliftable             graphql/shapes.py: likewise, of a document's shape
    ├── _Malformed              model/templates/nodes.py: likewise, of a template
    ├── _OwnershipLost          operations/push/sending.py: likewise, of a push
    ├── _PortTaken              storage/embedded.py: likewise, of a port
    ├── TimeoutError
    │   └── Overdue             triggers/deadlines.py: cloud code did not end in time
    └── ValueError
        ├── ScalarError         graphql/schema/scalars.py: what a scalar does not take
        ├── MailTemplateError   mail/templates.py: templates of mails that can't be used
        └── PushConfigError     push/base.py: options of a push service that are wrong
"""

from enum import IntEnum


class Code(IntEnum):
    """Parse's error numbers (protocol §3.2), each with its ``meaning`` in one sentence."""

    _value_: int
    meaning: str

    def __new__(cls, value: int, meaning: str = "") -> "Code":
        """Make a member that is the number, and knows what it means."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    OTHER_CAUSE = -1, "Another reason, told in the message."
    INTERNAL_SERVER_ERROR = 1, "The server failed, or is not set up for this; its log says why."
    CONNECTION_FAILED = 100, "Too many requests (status 429); in SDKs also: no connection."
    OBJECT_NOT_FOUND = 101, "No such object, or none that the caller may see; a wrong log-in."
    INVALID_QUERY = 102, "The query, or one of its parameters, is wrong."
    INVALID_CLASS_NAME = 103, "The name can't be that of a class, or there is no such class."
    MISSING_OBJECT_ID = 104, "An objectId is wanted."
    INVALID_KEY_NAME = 105, "The name can't be that of a field, or not here."
    INVALID_POINTER = 106, "SDKs only: a pointer is wrong (the server says 111)."
    INVALID_JSON = 107, "The body, or a value in it, is not of the form that is wanted."
    COMMAND_UNAVAILABLE = 108, "The operation is not offered."
    NOT_INITIALIZED = 109, "SDKs only: the SDK was not given an application."
    INCORRECT_TYPE = 111, "A value is not of the type of its column, or of no type that there is."
    INVALID_CHANNEL_NAME = 112, "SDKs only: the name can't be that of a push channel."
    PUSH_MISCONFIGURED = 115, "The push is wrong, or the server has no push set up."
    OBJECT_TOO_LARGE = 116, "The object, or the form, is too large."
    OPERATION_FORBIDDEN = 119, "The caller may not do this."
    CACHE_MISS = 120, "SDKs only: not in the cache."
    INVALID_NESTED_KEY = 121, "A key inside an object has a $ or a dot."
    INVALID_FILE_NAME = 122, "The name or directory can't be that of a file."
    INVALID_ACL = 123, "The ACL is no map of permissions."
    TIMEOUT = 124, "The request took too long."
    INVALID_EMAIL_ADDRESS = 125, "The e-mail address is not well-formed."
    MISSING_CONTENT_TYPE = 126, "SDKs only: an upload without a type."
    MISSING_CONTENT_LENGTH = 127, "SDKs only: an upload without a length."
    INVALID_CONTENT_LENGTH = 128, "SDKs only: an upload with a wrong length."
    FILE_TOO_LARGE = 129, "SDKs only: the file is too large (the server says 130)."
    FILE_SAVE_ERROR = 130, "The upload is refused, or could not be stored."
    INSTALLATION_AMBIGUOUS = 132, "Several installations have this device token."
    MISSING_REQUIRED_FIELD = 135, "A field that must be given is missing."
    UNCHANGEABLE_FIELD = 136, "The field can't be added or changed."
    DUPLICATE_VALUE = 137, "Another object has this value already, which is unique."
    INVALID_ROLE_NAME = 139, "SDKs only: the name can't be that of a role."
    EXCEEDED_QUOTA = 140, "Cloud code and SDKs: a quota is used up."
    SCRIPT_FAILED = 141, "Cloud code or a webhook failed or refused, or there is none."
    VALIDATION_ERROR = 142, "A rule refuses a value: required, password policy, validators."
    INVALID_IMAGE_DATA = 143, "The declaration of a webhook is wrong."
    UNSAVED_FILE_ERROR = 151, "A file that was not saved stands in an object."
    INVALID_PUSH_TIME = 152, "SDKs only: the time of a push is wrong (the server says 115)."
    FILE_DELETE_ERROR = 153, "The file could not be deleted."
    REQUEST_LIMIT_EXCEEDED = 155, "The caller has done this too often."
    DUPLICATE_REQUEST = 159, "A request with this X-Parse-Request-Id came before."
    INVALID_EVENT_NAME = 160, "SDKs only: the name can't be that of an event."
    FILE_DELETE_UNNAMED = 161, "SDKs only: a file without a name can't be deleted."
    INVALID_VALUE = 162, "A value is missing or wrong."
    USERNAME_MISSING = 200, "A username is wanted."
    PASSWORD_MISSING = 201, "A password is wanted."
    USERNAME_TAKEN = 202, "Somebody has this username."
    EMAIL_TAKEN = 203, "Somebody has this e-mail address."
    EMAIL_MISSING = 204, "An e-mail address is wanted."
    EMAIL_NOT_FOUND = 205, "Nobody has this e-mail address, or it is not confirmed."
    SESSION_MISSING = 206, "This needs a user who is logged in, or another one."
    MUST_CREATE_USER_THROUGH_SIGNUP = 207, "SDKs only: users are made by signing up."
    ACCOUNT_ALREADY_LINKED = 208, "Another user has signed in with this identity."
    INVALID_SESSION_TOKEN = 209, "The session is over, or never was."
    MFA_ERROR = 210, "Cloud code and SDKs: a second factor is wrong."
    MFA_TOKEN_REQUIRED = 211, "Cloud code and SDKs: a second factor is wanted."
    LINKED_ID_MISSING = 250, "SDKs only: the identity to link has no id."
    INVALID_LINKED_SESSION = 251, "SDKs only: the session of a linked identity is over."
    UNSUPPORTED_SERVICE = 252, "There is no such sign-in provider here."
    INVALID_SCHEMA_OPERATION = 255, "The schema can't be changed in this way."
    AGGREGATE_ERROR = 600, "SDKs only: several errors at once."
    FILE_READ_ERROR = 601, "The file could not be read."
    X_DOMAIN_REQUEST = 602, "SDKs only: the browser forbids the request."


DENIED = "Permission denied"
"""How the wording of a permission refusal begins, and all of it where the rest is withheld."""


class ParseError(Exception):
    """An answer of refusal: Parse's ``code`` and a ``message`` for the client.

    ``sanitize`` marks a permission refusal whose wording tells about the schema or the rules;
    with ``enableSanitizedErrorResponse`` the client reads ``DENIED`` instead and the wording
    goes to the log (protocol §3.3). ``was_logged`` marks what stands for an exception of cloud
    code that is in the log already.
    """

    was_logged = False

    def __init__(self, code: int, message: str, *, sanitize: bool = False) -> None:
        super().__init__(message)
        self.code = int(code)
        self.message = message
        self.sanitize = sanitize

    def __repr__(self) -> str:
        return f"ParseError({self.code}, {self.message!r})"


class Interruption(Exception):
    """Something outside interrupted an operation: not the client's doing, nor cloud code's.

    It passes through cloud code unchanged, so that a caller who can try again does so.
    """


def denied(code: int, message: str) -> ParseError:
    """A permission refusal, subject to sanitising."""
    return ParseError(code, message, sanitize=True)
