/* `Reader`: the columns of a class, and which of them an element of a document is. */

#include <Python.h>

/* How a column is read: the numbers are those of `ColumnReading` in parsepy/storage/native/__init__.py. */
enum { PLAIN, ID, MOMENT_TEXT, MOMENT, POINTER, GEO_POINT, FILE_NAME, BYTES, LEFT_ALONE };

/* How reading ended: with an exception; with something that the Python twin has to read; well. */
enum { FAILED = -1, ODD = 0, DONE = 1 };

#define MOST_DEPTH 120
#define MOST_NAMES 64 /* entries of an ACL */
#define GUESSES 256

typedef struct {
    const char *at;
    Py_ssize_t size;
} Text;

typedef struct {
    Text key;          /* in the document */
    Text label;        /* `"name":` in JSON */
    Text prefix;       /* of a pointer: `Class$` */
    Text opening;      /* of a pointer: its JSON up to the object's id */
    PyObject *name;    /* in REST form */
    Text name_text;
    uint32_t hash;     /* of the name */
    int kind;
    PyObject *target;  /* of a pointer: its class */
    PyObject *convert; /* of a file: name to value */
    PyObject *encode;  /* of a file: name to the value's JSON */
} Column;

typedef struct {
    PyObject *name, *target;
    Text name_text;
    Text json; /* `"name":{…}` */
} RelationColumn;

typedef struct {
    PyObject_HEAD
    PyObject *source; /* what the texts of the columns belong to */
    Column *columns;
    Py_ssize_t count;
    RelationColumn *relations;
    Py_ssize_t relation_count;
    int32_t *slots; /* an open hash table of column numbers, by key; -1 is empty */
    uint32_t mask;
    int16_t guesses[GUESSES]; /* which column stood at that place in the last document */
} Reader;

/* The text of a str or bytes object, which the caller keeps alive. */
static int text_in(PyObject *object, Text *found) {
    if (PyUnicode_Check(object)) {
        found->at = PyUnicode_AsUTF8AndSize(object, &found->size);
        return found->at != NULL;
    }
    return PyBytes_AsStringAndSize(object, (char **)&found->at, &found->size) == 0;
}

static uint32_t hash_of(const char *text, Py_ssize_t size) {
    uint32_t hash = 2166136261u;
    for (Py_ssize_t i = 0; i < size; i++) hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

static int is_text(Text text, const Element *element) {
    return text.size == element->name_size &&
           memcmp(text.at, element->name, (size_t)text.size) == 0;
}

/* The column of an element; NULL if the class has none of that key. Documents of a class mostly
   have the same keys in the same order, so the last one's column at this place is tried first. */
static Column *column_of(Reader *self, const Element *element, Py_ssize_t place) {
    if (place < GUESSES && self->guesses[place] >= 0) {
        Column *guess = &self->columns[self->guesses[place]];
        if (is_text(guess->key, element)) return guess;
    }
    uint32_t slot = hash_of(element->name, element->name_size) & self->mask;
    for (;; slot = (slot + 1) & self->mask) {
        int32_t number = self->slots[slot];
        if (number < 0) return NULL;
        if (is_text(self->columns[number].key, element)) {
            if (place < GUESSES) self->guesses[place] = (int16_t)number;
            return &self->columns[number];
        }
    }
}

/* A column of the house's own: not shown, but for the ACL, and left alone if it is authData. */
static int is_internal(const Element *element) {
    return element->name_size > 0 && element->name[0] == '_';
}

static int is_auth_data(const Element *element) {
    return element->name_size >= 11 && memcmp(element->name, "_auth_data_", 11) == 0;
}

/* Is a value inside others one that the driver or the twin reads in a way of its own? */
typedef struct {
    int is_date, has_odd_iso;
} Typed;

static int is_special(Typed *typed, const Element *item) {
    if (is_named(item, "$ref")) return 1; /* a reference, of which the driver makes one value */
    if (is_named(item, "__type") && item->kind == TEXT) {
        Py_ssize_t size;
        const char *text = text_of(item, &size);
        typed->is_date = size == 4 && memcmp(text, "Date", 4) == 0;
    } else if (is_named(item, "iso")) {
        typed->has_odd_iso = item->kind == OBJECT || item->kind == DATE || item->kind == BINARY;
    }
    return typed->is_date && typed->has_odd_iso;
}

/* An array of exactly two values? */
static int is_pair(const Element *item, Element *first, Element *second) {
    Bytes elements;
    Element none;
    return item->kind == ARRAY && open_document(item->value, &elements) &&
           next_element(&elements, first) > 0 && next_element(&elements, second) > 0 &&
           next_element(&elements, &none) == 0;
}

/* How the value of a column is read. */
enum { AS_IT_IS, AS_MOMENT, AS_POINTER, AS_GEO_POINT, AS_FILE, NOT_SHOWN, BY_THE_TWIN };

static int reading_of(const Column *column, const Element *item) {
    int is_text = item->kind == TEXT;
    if (column->kind == POINTER) {
        Py_ssize_t size = 0;
        const char *text = is_text ? text_of(item, &size) : NULL;
        int fits = is_text && size >= column->prefix.size &&
                   memcmp(text, column->prefix.at, (size_t)column->prefix.size) == 0;
        return fits ? AS_POINTER : NOT_SHOWN;
    }
    if (item->kind == NOTHING) return AS_IT_IS;
    switch (column->kind) {
        case PLAIN: return AS_IT_IS;
        case ID: return is_text || item->kind == OBJECT_ID ? AS_IT_IS : BY_THE_TWIN;
        case MOMENT_TEXT: return item->kind == DATE ? AS_MOMENT : BY_THE_TWIN;
        case MOMENT: return item->kind == DATE ? AS_IT_IS : BY_THE_TWIN;
        case GEO_POINT: return AS_GEO_POINT;
        case FILE_NAME: return is_text ? AS_FILE : AS_IT_IS;
        case BYTES: return is_text ? BY_THE_TWIN : AS_IT_IS;
        default: return BY_THE_TWIN;
    }
}

/* --- ACLs --------------------------------------------------------------------------------------- */

typedef struct {
    Text name;
    int reads, writes;
} Entry;

typedef struct {
    int is_set, count;
    Element readers, writers;
    Entry entries[MOST_NAMES];
} ACL;

/* Take `_rperm` or `_wperm`; 0 if the element is neither. */
static int is_acl(ACL *acl, const Element *element) {
    if (is_named(element, "_rperm"))
        acl->readers = *element;
    else if (is_named(element, "_wperm"))
        acl->writers = *element;
    else
        return 0;
    acl->is_set = 1;
    return 1;
}

static int add_names(ACL *acl, const Element *list, int writes) {
    Bytes elements;
    Element item;
    int more;
    if (list->kind == 0 || list->kind == NOTHING) return DONE;
    if (list->kind != ARRAY || !open_document(list->value, &elements)) return ODD;
    while ((more = next_element(&elements, &item)) > 0) {
        Text name;
        if (item.kind != TEXT) return ODD;
        name.at = text_of(&item, &name.size);
        int i = 0;
        while (i < acl->count &&
               !(acl->entries[i].name.size == name.size &&
                 memcmp(acl->entries[i].name.at, name.at, (size_t)name.size) == 0))
            i++;
        if (i == acl->count) {
            if (i == MOST_NAMES) return ODD;
            acl->entries[i] = (Entry){name, 0, 0};
            acl->count++;
        }
        if (writes)
            acl->entries[i].writes = 1;
        else
            acl->entries[i].reads = 1;
    }
    return more < 0 ? ODD : DONE;
}

/* The entries of an ACL: those who read come first. */
static int read_acl(ACL *acl) {
    acl->count = 0;
    int outcome = add_names(acl, &acl->readers, 0);
    return outcome == DONE ? add_names(acl, &acl->writers, 1) : outcome;
}

static void no_acl(ACL *acl) {
    acl->is_set = 0;
    acl->readers.kind = acl->writers.kind = 0;
}

/* --- replies ------------------------------------------------------------------------------------ */

/* The documents of a reply to `find`; 0 unless it is a good one and has them all. */
static int open_reply(Bytes whole, Bytes *documents) {
    Bytes elements, inside;
    Element item;
    int more, is_good = 0, has_documents = 0, is_last = 0;
    if (!open_document(whole, &elements)) return 0;
    while ((more = next_element(&elements, &item)) > 0) {
        if (is_named(&item, "ok")) {
            is_good = item.kind == DOUBLE && read_double(item.value.at) == 1.0;
        } else if (is_named(&item, "cursor")) {
            Element field;
            if (item.kind != OBJECT || !open_document(item.value, &inside)) return 0;
            while ((more = next_element(&inside, &field)) > 0) {
                if (is_named(&field, "firstBatch"))
                    has_documents = field.kind == ARRAY && open_document(field.value, documents);
                else if (is_named(&field, "id"))
                    is_last = field.kind == INT64 && read_int64(field.value.at) == 0;
            }
            if (more < 0) return 0;
        }
    }
    return more == 0 && is_good && has_documents && is_last;
}
