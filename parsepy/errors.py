"""``ParseError``, the ``Code`` enumeration, and what is no refusal: ``Interruption``.

Every error that a client can cause is a ``ParseError``: a number that all Parse SDKs share
(protocol §3.2) and a sentence. The front doors alone know how it travels.
"""

from enum import IntEnum


class Code(IntEnum):
    """Parse's error numbers (protocol §3.2)."""

    OTHER_CAUSE = -1
    INTERNAL_SERVER_ERROR = 1
    CONNECTION_FAILED = 100
    OBJECT_NOT_FOUND = 101
    INVALID_QUERY = 102
    INVALID_CLASS_NAME = 103
    MISSING_OBJECT_ID = 104
    INVALID_KEY_NAME = 105
    INVALID_POINTER = 106
    INVALID_JSON = 107
    COMMAND_UNAVAILABLE = 108
    NOT_INITIALIZED = 109
    INCORRECT_TYPE = 111
    INVALID_CHANNEL_NAME = 112
    PUSH_MISCONFIGURED = 115
    OBJECT_TOO_LARGE = 116
    OPERATION_FORBIDDEN = 119
    CACHE_MISS = 120
    INVALID_NESTED_KEY = 121
    INVALID_FILE_NAME = 122
    INVALID_ACL = 123
    TIMEOUT = 124
    INVALID_EMAIL_ADDRESS = 125
    MISSING_CONTENT_TYPE = 126
    MISSING_CONTENT_LENGTH = 127
    INVALID_CONTENT_LENGTH = 128
    FILE_TOO_LARGE = 129
    FILE_SAVE_ERROR = 130
    INSTALLATION_AMBIGUOUS = 132
    MISSING_REQUIRED_FIELD = 135
    UNCHANGEABLE_FIELD = 136
    DUPLICATE_VALUE = 137
    INVALID_ROLE_NAME = 139
    EXCEEDED_QUOTA = 140
    SCRIPT_FAILED = 141
    VALIDATION_ERROR = 142
    INVALID_IMAGE_DATA = 143
    UNSAVED_FILE_ERROR = 151
    INVALID_PUSH_TIME = 152
    FILE_DELETE_ERROR = 153
    REQUEST_LIMIT_EXCEEDED = 155
    DUPLICATE_REQUEST = 159
    INVALID_EVENT_NAME = 160
    FILE_DELETE_UNNAMED = 161
    INVALID_VALUE = 162
    USERNAME_MISSING = 200
    PASSWORD_MISSING = 201
    USERNAME_TAKEN = 202
    EMAIL_TAKEN = 203
    EMAIL_MISSING = 204
    EMAIL_NOT_FOUND = 205
    SESSION_MISSING = 206
    MUST_CREATE_USER_THROUGH_SIGNUP = 207
    ACCOUNT_ALREADY_LINKED = 208
    INVALID_SESSION_TOKEN = 209
    MFA_ERROR = 210
    MFA_TOKEN_REQUIRED = 211
    LINKED_ID_MISSING = 250
    INVALID_LINKED_SESSION = 251
    UNSUPPORTED_SERVICE = 252
    INVALID_SCHEMA_OPERATION = 255
    AGGREGATE_ERROR = 600
    FILE_READ_ERROR = 601
    X_DOMAIN_REQUEST = 602


class ParseError(Exception):
    """An answer of refusal: Parse's ``code`` and a ``message`` for the client.

    ``sanitize`` marks a permission refusal whose wording tells about the schema or the rules;
    with ``enableSanitizedErrorResponse`` the client reads "Permission denied" instead and the
    wording goes to the log (protocol §3.3).
    """

    def __init__(self, code: int, message: str, *, sanitize: bool = False) -> None:
        super().__init__(message)
        self.code = int(code)
        self.message = message
        self.sanitize = sanitize

    def __repr__(self) -> str:
        return f"ParseError({self.code}, {self.message!r})"


class Interruption(Exception):
    """Something outside came between: no fault of the client, nor of an author's code.

    It passes through cloud code unchanged, for who can try again or say that it is over.
    """


def denied(code: int, message: str) -> ParseError:
    """A permission refusal, subject to sanitising."""
    return ParseError(code, message, sanitize=True)
