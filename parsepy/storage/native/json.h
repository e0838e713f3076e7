/* Documents as JSON of their REST form, without a Python object for any value. */

typedef struct {
    char *data;
    size_t size, room;
} Buffer;

/* The names of the objects that are being written, the innermost last. */
typedef struct {
    Text *names;
    size_t count, room;
} Names;

/* One object among them: where its names begin, and a filter of their hashes. */
typedef struct {
    size_t first;
    uint64_t bits[4];
} Level;

typedef struct {
    Buffer out;
    Names names;
    PyObject **joined; /* for each column NULL, or what stands in place of its pointers: by the
                          object's id, its JSON as bytes; NULL: pointers stay */
    Text ending;       /* what each object has behind its columns: `,"__type":"Object",…` */
} Writer;

static int no_memory(void) {
    PyErr_NoMemory();
    return FAILED;
}

/* Make room for `more` bytes at the end. */
static int make_room(Buffer *out, size_t more) {
    if (out->room - out->size >= more) return DONE;
    size_t room = out->room * 2 + more + 1024;
    char *data = PyMem_Realloc(out->data, room);
    if (data == NULL) return no_memory();
    out->data = data;
    out->room = room;
    return DONE;
}

static int put(Buffer *out, const char *at, size_t size) {
    if (make_room(out, size) != DONE) return FAILED;
    memcpy(out->data + out->size, at, size);
    out->size += size;
    return DONE;
}

static int put_literal(Buffer *out, const char *text) { return put(out, text, strlen(text)); }

static int put_char(Buffer *out, char one) { return put(out, &one, 1); }

/* Note a name of an object: ODD where it was there before. */
static int add_name(Names *names, Level *level, Text name, uint32_t hash) {
    uint32_t bit = (hash ^ hash >> 16) & 255;
    uint64_t *word = &level->bits[bit >> 6], mask = (uint64_t)1 << (bit & 63);
    if (*word & mask) {
        for (size_t i = level->first; i < names->count; i++)
            if (names->names[i].size == name.size &&
                memcmp(names->names[i].at, name.at, (size_t)name.size) == 0)
                return ODD;
    }
    *word |= mask;
    if (names->count == names->room) {
        size_t room = names->room * 2 + 64;
        Text *grown = PyMem_Realloc(names->names, room * sizeof *grown);
        if (grown == NULL) return no_memory();
        names->names = grown;
        names->room = room;
    }
    names->names[names->count++] = name;
    return DONE;
}

static Level open_level(const Names *names) { return (Level){names->count, {0, 0, 0, 0}}; }

/* The number of bytes of the character that begins here, or 0 where it is no UTF-8. */
static int utf8_size(const uint8_t *at, const uint8_t *end) {
    uint8_t first = at[0];
    int size = first >= 0xC2 && first <= 0xDF   ? 2
               : first >= 0xE0 && first <= 0xEF ? 3
               : first >= 0xF0 && first <= 0xF4 ? 4
                                                : 0;
    if (size == 0 || end - at < size) return 0;
    for (int i = 1; i < size; i++)
        if ((at[i] & 0xC0) != 0x80) return 0;
    if (first == 0xE0 && at[1] < 0xA0) return 0; /* longer than need be */
    if (first == 0xED && at[1] > 0x9F) return 0; /* half of a pair */
    if (first == 0xF0 && at[1] < 0x90) return 0;
    if (first == 0xF4 && at[1] > 0x8F) return 0; /* above U+10FFFF */
    return size;
}

/* What a character is written as; 0: as itself. */
static const char escapes[256] = {
    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
};

/* The end of the part of a text that is written as it is; of characters beyond ASCII, if they are
   good UTF-8. */
static const uint8_t *plain_part(const uint8_t *at, const uint8_t *end) {
    while (at < end) {
        uint8_t one = *at;
        if (one < 0x20 || one == '"' || one == '\\') break;
        if (one < 0x80) {
            at++;
        } else {
            int size = utf8_size(at, end);
            if (size == 0) break;
            at += size;
        }
    }
    return at;
}

/* The inside of a JSON text; ODD where it is no UTF-8. */
static int put_inside(Buffer *out, const char *text, Py_ssize_t size) {
    const uint8_t *at = (const uint8_t *)text, *end = at + size;
    while (at < end) {
        const uint8_t *plain = plain_part(at, end);
        if (put(out, (const char *)at, (size_t)(plain - at)) != DONE) return FAILED;
        if (plain == end) break;
        at = plain + 1;
        if (*plain >= 0x80) return ODD;
        char escape[6] = {'\\', escapes[*plain]};
        if (escape[1] != 0) {
            if (put(out, escape, 2) != DONE) return FAILED;
        } else {
            static const char digits[] = "0123456789abcdef";
            memcpy(escape, "\\u00", 4);
            escape[4] = digits[*plain >> 4];
            escape[5] = digits[*plain & 15];
            if (put(out, escape, 6) != DONE) return FAILED;
        }
    }
    return DONE;
}

static int put_text(Buffer *out, const char *text, Py_ssize_t size) {
    if (put_char(out, '"') != DONE) return FAILED;
    int outcome = put_inside(out, text, size);
    return outcome == DONE ? put_char(out, '"') : outcome;
}

static int put_integer(Buffer *out, int64_t value) {
    char digits[20], *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0 && put_char(out, '-') != DONE) return FAILED;
    return put(out, at, (size_t)(digits + sizeof digits - at));
}

/* The shortest text that reads as the same double, as the JSON library writes it: `1e-7` where
   Python says `1e-07`, and `0.00001` for `1e-05`. */
static int put_double(Buffer *out, double value) {
    char *text = PyOS_double_to_string(value, 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
    if (text == NULL) return no_memory();
    char *exponent = strchr(text, 'e');
    int outcome;
    if (exponent == NULL) {
        outcome = put_literal(out, text);
    } else {
        int power = atoi(exponent + 1);
        char after[8];
        *exponent = 0;
        if (power < 0 && power > -6) {
            const char *digits = text + (*text == '-');
            outcome = put_literal(out, *text == '-' ? "-0." : "0.");
            for (; outcome == DONE && power < -1; power++) outcome = put_char(out, '0');
            for (; outcome == DONE && *digits; digits++)
                if (*digits != '.') outcome = put_char(out, *digits);
        } else {
            PyOS_snprintf(after, sizeof after, "e%+d", power);
            outcome = put_literal(out, text);
            if (outcome == DONE) outcome = put_literal(out, after);
        }
    }
    PyMem_Free(text);
    return outcome;
}

static int put_number(Buffer *out, double value) {
    if (is_whole(value)) return put_integer(out, (int64_t)value);
    return isfinite(value) ? put_double(out, value) : put_literal(out, "null");
}

static int put_moment(Buffer *out, int64_t milliseconds) {
    char text[ISO_SIZE + 2];
    if (!write_date(text + 1, milliseconds)) return ODD;
    text[0] = text[ISO_SIZE + 1] = '"';
    return put(out, text, sizeof text);
}

static int put_date(Buffer *out, int64_t milliseconds) {
    if (put_literal(out, "{\"__type\":\"Date\",\"iso\":") != DONE) return FAILED;
    int outcome = put_moment(out, milliseconds);
    return outcome == DONE ? put_char(out, '}') : outcome;
}

static int put_binary(Buffer *out, const Element *item) {
    const uint8_t *content;
    Py_ssize_t size;
    if (!binary_of(item, &content, &size)) return ODD;
    if (put_literal(out, "{\"__type\":\"Bytes\",\"base64\":\"") != DONE) return FAILED;
    if (make_room(out, (size_t)base64_size(size)) != DONE) return FAILED;
    write_base64(out->data + out->size, content, size);
    out->size += (size_t)base64_size(size);
    return put_literal(out, "\"}");
}

static int put_value(Writer *writer, const Element *item, int depth);

static int put_document(Writer *writer, Bytes value, int depth) {
    Bytes elements;
    Element item;
    Typed typed = {0, 0};
    Level level = open_level(&writer->names);
    int more, outcome;
    if (depth > MOST_DEPTH || !open_document(value, &elements)) return ODD;
    outcome = put_char(&writer->out, '{');
    for (int is_first = 1; outcome == DONE; is_first = 0) {
        more = next_element(&elements, &item);
        if (more == 0) break;
        if (more < 0 || is_special(&typed, &item)) return ODD;
        Text name = {item.name, item.name_size};
        outcome = add_name(&writer->names, &level, name, hash_of(name.at, name.size));
        if (outcome == DONE && !is_first) outcome = put_char(&writer->out, ',');
        if (outcome == DONE) outcome = put_text(&writer->out, name.at, name.size);
        if (outcome == DONE) outcome = put_char(&writer->out, ':');
        if (outcome == DONE) outcome = put_value(writer, &item, depth + 1);
    }
    writer->names.count = level.first;
    return outcome == DONE ? put_char(&writer->out, '}') : outcome;
}

static int put_array(Writer *writer, Bytes value, int depth) {
    Bytes elements;
    Element item;
    int more, outcome;
    if (depth > MOST_DEPTH || !open_document(value, &elements)) return ODD;
    outcome = put_char(&writer->out, '[');
    for (int is_first = 1; outcome == DONE; is_first = 0) {
        more = next_element(&elements, &item);
        if (more == 0) break;
        if (more < 0) return ODD;
        if (!is_first) outcome = put_char(&writer->out, ',');
        if (outcome == DONE) outcome = put_value(writer, &item, depth + 1);
    }
    return outcome == DONE ? put_char(&writer->out, ']') : outcome;
}

static int put_value(Writer *writer, const Element *item, int depth) {
    Buffer *out = &writer->out;
    const uint8_t *at = item->value.at;
    char digits[26];
    switch (item->kind) {
        case TEXT: {
            Py_ssize_t size;
            const char *text = text_of(item, &size);
            return put_text(out, text, size);
        }
        case INT32: return put_integer(out, read_int32(at));
        case INT64: return put_integer(out, read_int64(at));
        case DOUBLE: return put_number(out, read_double(at));
        case BOOLEAN: return put_literal(out, *at ? "true" : "false");
        case NOTHING: return put_literal(out, "null");
        case DATE: return put_date(out, read_int64(at));
        case OBJECT: return put_document(writer, item->value, depth);
        case ARRAY: return put_array(writer, item->value, depth);
        case BINARY: return put_binary(out, item);
        case OBJECT_ID:
            digits[0] = digits[25] = '"';
            write_object_id(digits + 1, at);
            return put(out, digits, sizeof digits);
        default: return ODD;
    }
}

static int put_pointer(Buffer *out, const Column *column, const Element *item) {
    Py_ssize_t size;
    const char *text = text_of(item, &size);
    if (put(out, column->opening.at, (size_t)column->opening.size) != DONE) return FAILED;
    int outcome = put_text(out, text + column->prefix.size, size - column->prefix.size);
    return outcome == DONE ? put_char(out, '}') : outcome;
}

static int put_geo_point(Writer *writer, const Element *item) {
    Element first, second;
    Buffer *out = &writer->out;
    if (!is_pair(item, &first, &second)) return put_value(writer, item, 0);
    int outcome = put_literal(out, "{\"__type\":\"GeoPoint\",\"latitude\":");
    if (outcome == DONE) outcome = put_value(writer, &second, 1);
    if (outcome == DONE) outcome = put_literal(out, ",\"longitude\":");
    if (outcome == DONE) outcome = put_value(writer, &first, 1);
    return outcome == DONE ? put_char(out, '}') : outcome;
}

static int put_file(Buffer *out, const Column *column, const Element *item) {
    PyObject *name, *encoded;
    char *json;
    Py_ssize_t size;
    int outcome = object_value(item, 0, &name);
    if (outcome != DONE) return outcome;
    encoded = PyObject_CallFunctionObjArgs(column->encode, name, NULL);
    Py_DECREF(name);
    if (encoded == NULL) return FAILED;
    outcome = PyBytes_AsStringAndSize(encoded, &json, &size) < 0 ? FAILED
                                                                 : put(out, json, (size_t)size);
    Py_DECREF(encoded);
    return outcome;
}

static int put_column(Writer *writer, const Column *column, const Element *item) {
    switch (reading_of(column, item)) {
        case AS_IT_IS: return put_value(writer, item, 0);
        case AS_MOMENT: return put_moment(&writer->out, read_int64(item->value.at));
        case AS_POINTER: return put_pointer(&writer->out, column, item);
        case AS_GEO_POINT: return put_geo_point(writer, item);
        case AS_FILE: return put_file(&writer->out, column, item);
        default: return ODD;
    }
}

/* The JSON of what a pointer leads to: NULL in `found` where it is not there. */
static int joined_object(const Column *column, const Element *item, PyObject *objects,
                         PyObject **found) {
    PyObject *id;
    Py_ssize_t size;
    const char *text = text_of(item, &size);
    int outcome = object_text(text + column->prefix.size, size - column->prefix.size, &id);
    if (outcome != DONE) return outcome;
    *found = PyDict_GetItemWithError(objects, id);
    Py_DECREF(id);
    return *found == NULL && PyErr_Occurred() ? FAILED : DONE;
}

static int put_joined(Buffer *out, PyObject *object) {
    char *json;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(object, &json, &size) < 0) return FAILED;
    return put(out, json, (size_t)size);
}

/* Is this value, of no column, under the name of one whose pointers are replaced? */
static int stands_for_joined(const Reader *self, const Writer *writer, const Element *item) {
    for (Py_ssize_t i = 0; writer->joined != NULL && i < self->count; i++)
        if (writer->joined[i] != NULL && is_text(self->columns[i].name_text, item)) return 1;
    return 0;
}

static int put_acl(Writer *writer, ACL *acl) {
    Buffer *out = &writer->out;
    int outcome = read_acl(acl);
    if (outcome == DONE) outcome = put_literal(out, "\"ACL\":{");
    for (int i = 0; outcome == DONE && i < acl->count; i++) {
        const Entry *entry = &acl->entries[i];
        const char *flags = !entry->writes  ? "{\"read\":true}"
                            : !entry->reads ? "{\"write\":true}"
                                            : "{\"read\":true,\"write\":true}";
        if (i > 0) outcome = put_char(out, ',');
        if (outcome == DONE) outcome = put_text(out, entry->name.at, entry->name.size);
        if (outcome == DONE) outcome = put_char(out, ':');
        if (outcome == DONE) outcome = put_literal(out, flags);
    }
    return outcome == DONE ? put_char(out, '}') : outcome;
}

/* A document as a JSON object. */
static int put_object(Reader *self, Writer *writer, Bytes document) {
    Buffer *out = &writer->out;
    Names *names = &writer->names;
    Level level = open_level(names);
    Bytes elements;
    Element item;
    ACL acl;
    int more, outcome, is_first = 1;
    if (!open_document(document, &elements)) return ODD;
    no_acl(&acl);
    if (put_char(out, '{') != DONE) return FAILED;
    for (Py_ssize_t place = 0; (more = next_element(&elements, &item)) != 0; place++) {
        if (more < 0) return ODD;
        const Column *column = column_of(self, &item, place);
        PyObject *objects = NULL, *object = NULL;
        Text name = {item.name, item.name_size};
        uint32_t hash;
        if (column != NULL) {
            if (reading_of(column, &item) == NOT_SHOWN) continue;
            name = column->name_text;
            hash = column->hash;
            if (writer->joined != NULL) objects = writer->joined[column - self->columns];
        } else if (is_acl(&acl, &item)) {
            continue;
        } else if (is_internal(&item)) {
            if (is_auth_data(&item)) return ODD;
            continue;
        } else if (stands_for_joined(self, writer, &item)) {
            return ODD;
        } else {
            hash = hash_of(name.at, name.size);
        }
        outcome = add_name(names, &level, name, hash);
        if (outcome == DONE && objects != NULL) {
            outcome = joined_object(column, &item, objects, &object);
            if (outcome == DONE && object == NULL) continue;
        }
        if (outcome == DONE && !is_first) outcome = put_char(out, ',');
        if (outcome == DONE && column != NULL)
            outcome = put(out, column->label.at, (size_t)column->label.size);
        if (outcome == DONE && column == NULL) outcome = put_text(out, name.at, name.size);
        if (outcome == DONE && column == NULL) outcome = put_char(out, ':');
        if (outcome == DONE)
            outcome = object != NULL   ? put_joined(out, object)
                      : column != NULL ? put_column(writer, column, &item)
                                       : put_value(writer, &item, 0);
        if (outcome != DONE) return outcome;
        is_first = 0;
    }
    if (acl.is_set) {
        Text name = {"ACL", 3};
        outcome = add_name(names, &level, name, hash_of(name.at, name.size));
        if (outcome == DONE && !is_first) outcome = put_char(out, ',');
        if (outcome == DONE) outcome = put_acl(writer, &acl);
        if (outcome != DONE) return outcome;
        is_first = 0;
    }
    for (Py_ssize_t i = 0; i < self->relation_count; i++) {
        const RelationColumn *relation = &self->relations[i];
        Text name = relation->name_text;
        outcome = add_name(names, &level, name, hash_of(name.at, name.size));
        if (outcome == DONE && !is_first) outcome = put_char(out, ',');
        if (outcome == DONE) outcome = put(out, relation->json.at, (size_t)relation->json.size);
        if (outcome != DONE) return outcome;
        is_first = 0;
    }
    if (writer->ending.size > 0) {
        Text type = {"__type", 6}, class_name = {"className", 9};
        outcome = add_name(names, &level, type, hash_of(type.at, type.size));
        if (outcome == DONE)
            outcome = add_name(names, &level, class_name, hash_of(class_name.at, class_name.size));
        if (outcome == DONE)
            outcome = put(out, writer->ending.at + is_first, (size_t)(writer->ending.size - is_first));
        if (outcome != DONE) return outcome;
    }
    names->count = level.first;
    return put_char(out, '}');
}

/* All documents of a reply as a JSON array. */
static int put_objects(Reader *self, Writer *writer, Bytes documents) {
    Element item;
    int more, outcome = put_char(&writer->out, '[');
    for (int is_first = 1; outcome == DONE; is_first = 0) {
        more = next_element(&documents, &item);
        if (more == 0) break;
        if (more < 0 || item.kind != OBJECT) return ODD;
        if (!is_first) outcome = put_char(&writer->out, ',');
        if (outcome == DONE) outcome = put_object(self, writer, item.value);
    }
    return outcome == DONE ? put_char(&writer->out, ']') : outcome;
}

/* The documents of a reply, each as a JSON object, by their ids. */
static int put_by_id(Reader *self, Writer *writer, Bytes documents, PyObject *found) {
    Element item;
    int more, outcome = DONE;
    while (outcome == DONE && (more = next_element(&documents, &item)) != 0) {
        PyObject *id = NULL, *json = NULL;
        writer->out.size = 0;
        outcome = more < 0 || item.kind != OBJECT ? ODD : id_of(item.value, &id);
        if (outcome == DONE) outcome = put_object(self, writer, item.value);
        if (outcome == DONE) {
            json = PyBytes_FromStringAndSize(writer->out.data, (Py_ssize_t)writer->out.size);
            if (json == NULL || PyDict_SetItem(found, id, json) < 0) outcome = FAILED;
        }
        Py_XDECREF(id);
        Py_XDECREF(json);
    }
    return outcome;
}

/* How often the pointers of a column lead to each object, by its id. */
static int count_pointers(const Column *column, Bytes documents, PyObject *found) {
    Element item, field;
    int more, inner, outcome = DONE;
    while ((more = next_element(&documents, &item)) != 0) {
        Bytes elements;
        if (more < 0 || item.kind != OBJECT || !open_document(item.value, &elements)) return ODD;
        while ((inner = next_element(&elements, &field)) > 0) {
            PyObject *id, *known, *count;
            Py_ssize_t size;
            if (!is_text(column->key, &field) || reading_of(column, &field) != AS_POINTER) continue;
            const char *text = text_of(&field, &size);
            outcome = object_text(text + column->prefix.size, size - column->prefix.size, &id);
            if (outcome != DONE) return outcome;
            known = PyDict_GetItemWithError(found, id);
            count = PyErr_Occurred() ? NULL : PyLong_FromLong(known ? PyLong_AsLong(known) + 1 : 1);
            if (count == NULL || PyDict_SetItem(found, id, count) < 0) outcome = FAILED;
            Py_DECREF(id);
            Py_XDECREF(count);
            if (outcome != DONE) return outcome;
        }
        if (inner < 0) return ODD;
    }
    return DONE;
}
