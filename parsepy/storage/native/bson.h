/* BSON: documents, and their elements one after another. No length in them is trusted. */

#include <stdint.h>
#include <string.h>

enum {
    DOUBLE = 0x01,
    TEXT = 0x02,
    OBJECT = 0x03,
    ARRAY = 0x04,
    BINARY = 0x05,
    UNDEFINED = 0x06,
    OBJECT_ID = 0x07,
    BOOLEAN = 0x08,
    DATE = 0x09,
    NOTHING = 0x0A,
    CODE = 0x0D,
    SYMBOL = 0x0E,
    INT32 = 0x10,
    TIMESTAMP = 0x11,
    INT64 = 0x12,
    DECIMAL128 = 0x13,
    MAX_KEY = 0x7F,
    MIN_KEY = 0xFF
};

typedef struct {
    const uint8_t *at, *end;
} Bytes;

typedef struct {
    uint8_t kind;
    const char *name;
    Py_ssize_t name_size;
    Bytes value; /* from its first byte to the end of the document */
} Element;

static int32_t read_int32(const uint8_t *at) {
    return (int32_t)((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                     (uint32_t)at[3] << 24);
}

static int64_t read_int64(const uint8_t *at) {
    return (int64_t)((uint64_t)(uint32_t)read_int32(at) |
                     (uint64_t)(uint32_t)read_int32(at + 4) << 32);
}

static double read_double(const uint8_t *at) {
    int64_t bits = read_int64(at);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The elements of a document, which begins with its length and ends with a zero byte.
   Returns 0 where it is malformed. */
static int open_document(Bytes whole, Bytes *elements) {
    if (whole.end - whole.at < 5) return 0;
    int32_t size = read_int32(whole.at);
    if (size < 5 || size > whole.end - whole.at || whole.at[size - 1] != 0) return 0;
    elements->at = whole.at + 4;
    elements->end = whole.at + size - 1;
    return 1;
}

/* The number of bytes of a value, or -1 where it is malformed or of a kind whose size is not told
   here: regular expressions and code with a scope. */
static Py_ssize_t value_size(uint8_t kind, Bytes left) {
    Py_ssize_t most = left.end - left.at, size;
    switch (kind) {
        case UNDEFINED:
        case NOTHING:
        case MIN_KEY:
        case MAX_KEY: return 0;
        case BOOLEAN: size = 1; break;
        case INT32: size = 4; break;
        case DOUBLE:
        case DATE:
        case TIMESTAMP:
        case INT64: size = 8; break;
        case DECIMAL128: size = 16; break;
        case OBJECT_ID: size = 12; break;
        case CODE:
        case SYMBOL:
        case TEXT:
            if (most < 5) return -1;
            size = read_int32(left.at);
            if (size < 1 || size > most - 4 || left.at[4 + size - 1] != 0) return -1;
            return size + 4;
        case OBJECT:
        case ARRAY:
            if (most < 5) return -1;
            size = read_int32(left.at);
            if (size < 5 || size > most || left.at[size - 1] != 0) return -1;
            return size;
        case BINARY:
            if (most < 5) return -1;
            size = read_int32(left.at);
            if (size < 0 || size > most - 5) return -1;
            return size + 5;
        default: return -1;
    }
    return size <= most ? size : -1;
}

/* The next element: 1, or 0 at the end, or -1 where it is malformed. */
static int next_element(Bytes *elements, Element *found) {
    if (elements->at >= elements->end) return 0;
    found->kind = *elements->at++;
    const uint8_t *zero = memchr(elements->at, 0, (size_t)(elements->end - elements->at));
    if (zero == NULL) return -1;
    found->name = (const char *)elements->at;
    found->name_size = zero - elements->at;
    Bytes left = {zero + 1, elements->end};
    Py_ssize_t size = value_size(found->kind, left);
    if (size < 0) return -1;
    found->value.at = left.at;
    found->value.end = left.at + size;
    elements->at = found->value.end;
    return 1;
}

static int is_named(const Element *element, const char *name) {
    return (Py_ssize_t)strlen(name) == element->name_size &&
           memcmp(element->name, name, (size_t)element->name_size) == 0;
}

static const char *text_of(const Element *element, Py_ssize_t *size) {
    *size = element->value.end - element->value.at - 5;
    return (const char *)element->value.at + 4;
}
