/* Documents as JSON of some of their columns, each under a name and at a place that is told. */

/* What is written for a column: the numbers are those of `ValueKind` in parsepy/model/selection.py. */
enum { CONSTANT, A_TEXT, A_NUMBER, A_TRUTH, A_DATE, A_GLOBAL_ID, AN_OBJECT };

#define MOST_GLOBAL_ID 192

typedef struct {
    int kind, is_required;
    Py_ssize_t column;
    Text label;      /* what stands before the value; of CONSTANT all */
    Text prefix;     /* of A_GLOBAL_ID: what is encoded before the id */
    PyObject *found; /* of AN_OBJECT: by the object's id, its JSON as bytes */
} Selected;

typedef struct {
    Selected *values;
    Py_ssize_t count;
    Element *elements; /* for each column of the reader what a document has of it */
    uint8_t *wanted;   /* for each column of the reader: is it selected? */
} Selection;

static void selection_free(Selection *selection) {
    PyMem_Free(selection->values);
    PyMem_Free(selection->elements);
    PyMem_Free(selection->wanted);
}

static int fits(int kind, const Column *column) {
    switch (kind) {
        case A_TEXT: return column->kind == PLAIN || column->kind == ID;
        case A_NUMBER:
        case A_TRUTH: return column->kind == PLAIN;
        case A_DATE:
            return column->kind == PLAIN || column->kind == MOMENT_TEXT || column->kind == MOMENT;
        case A_GLOBAL_ID: return column->kind == ID;
        case AN_OBJECT: return column->kind == POINTER;
        default: return 0;
    }
}

/* One value of a selection: its kind, column, label, whether null is odd, and a prefix or objects. */
static int read_selected(const Reader *self, PyObject *tuple, Selected *value) {
    Text name;
    PyObject *more;
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != 5) {
        PyErr_SetString(PyExc_TypeError, "a selected value is a tuple of five");
        return FAILED;
    }
    value->kind = (int)PyLong_AsLong(PyTuple_GetItem(tuple, 0));
    value->is_required = PyObject_IsTrue(PyTuple_GetItem(tuple, 3));
    more = PyTuple_GetItem(tuple, 4);
    if (PyErr_Occurred() || !text_in(PyTuple_GetItem(tuple, 1), &name) ||
        !text_in(PyTuple_GetItem(tuple, 2), &value->label))
        return FAILED;
    value->column = -1;
    if (value->kind == CONSTANT) return DONE;
    if (value->kind == A_GLOBAL_ID && !text_in(more, &value->prefix)) return FAILED;
    if (value->kind == AN_OBJECT && !PyDict_Check(more)) {
        PyErr_SetString(PyExc_TypeError, "what stands for pointers is a dictionary");
        return FAILED;
    }
    value->found = more;
    for (Py_ssize_t i = 0; i < self->count && value->column < 0; i++) {
        const Text own = self->columns[i].name_text;
        if (own.size == name.size && memcmp(own.at, name.at, (size_t)name.size) == 0)
            value->column = i;
    }
    return value->column >= 0 && fits(value->kind, &self->columns[value->column]) ? DONE : ODD;
}

static int read_selection(const Reader *self, PyObject *tuple, Selection *selection) {
    selection->count = PyTuple_Size(tuple);
    selection->values = PyMem_Calloc((size_t)selection->count + 1, sizeof *selection->values);
    selection->elements = PyMem_Calloc((size_t)self->count + 1, sizeof *selection->elements);
    selection->wanted = PyMem_Calloc((size_t)self->count + 1, 1);
    if (selection->values == NULL || selection->elements == NULL || selection->wanted == NULL)
        return no_memory();
    for (Py_ssize_t i = 0; i < selection->count; i++) {
        Selected *value = &selection->values[i];
        int outcome = read_selected(self, PyTuple_GetItem(tuple, i), value);
        if (outcome != DONE) return outcome;
        if (value->column >= 0) selection->wanted[value->column] = 1;
    }
    return DONE;
}

/* Find the selected columns of a document; ODD where one is there twice, or under its name. */
static int find_columns(Reader *self, Selection *selection, Bytes document) {
    Bytes elements;
    Element item;
    int more;
    if (!open_document(document, &elements)) return ODD;
    for (Py_ssize_t i = 0; i < selection->count; i++)
        if (selection->values[i].column >= 0)
            selection->elements[selection->values[i].column].kind = 0;
    for (Py_ssize_t place = 0; (more = next_element(&elements, &item)) != 0; place++) {
        if (more < 0) return ODD;
        const Column *column = column_of(self, &item, place);
        if (column == NULL) {
            if (is_internal(&item)) continue;
            for (Py_ssize_t i = 0; i < self->count; i++)
                if (selection->wanted[i] && is_text(self->columns[i].name_text, &item)) return ODD;
        } else if (selection->wanted[column - self->columns]) {
            Element *found = &selection->elements[column - self->columns];
            if (found->kind != 0) return ODD;
            *found = item;
        }
    }
    return DONE;
}

static int put_global_id(Buffer *out, const Selected *value, const Element *item) {
    char digits[24], text[MOST_GLOBAL_ID];
    const char *id = digits;
    Py_ssize_t size = sizeof digits, whole;
    if (item->kind == TEXT)
        id = text_of(item, &size);
    else
        write_object_id(digits, item->value.at);
    whole = value->prefix.size + size;
    if (whole > MOST_GLOBAL_ID) return ODD;
    for (Py_ssize_t i = 0; i < size; i++)
        if ((uint8_t)id[i] < 0x20 || (uint8_t)id[i] > 0x7E) return ODD;
    memcpy(text, value->prefix.at, (size_t)value->prefix.size);
    memcpy(text + value->prefix.size, id, (size_t)size);
    if (make_room(out, (size_t)base64_size(whole) + 2) != DONE) return FAILED;
    out->data[out->size++] = '"';
    write_base64(out->data + out->size, (const uint8_t *)text, whole);
    out->size += (size_t)base64_size(whole);
    out->data[out->size++] = '"';
    return DONE;
}

static int put_selected(const Column *column, Writer *writer, const Selected *value,
                        const Element *item) {
    Buffer *out = &writer->out;
    PyObject *object = NULL;
    int is_missing = item->kind == 0 || item->kind == NOTHING;
    if (value->kind == AN_OBJECT && !is_missing && reading_of(column, item) == AS_POINTER) {
        int outcome = joined_object(column, item, value->found, &object);
        if (outcome != DONE) return outcome;
    }
    if (value->kind == AN_OBJECT) is_missing = object == NULL;
    if (is_missing && value->is_required) return ODD;
    if (put(out, value->label.at, (size_t)value->label.size) != DONE) return FAILED;
    if (is_missing) return put_literal(out, "null");
    switch (value->kind) {
        case A_TEXT:
            if (item->kind != TEXT && (item->kind != OBJECT_ID || column->kind != ID)) return ODD;
            return put_value(writer, item, 0);
        case A_NUMBER:
            if (item->kind == DOUBLE && !isfinite(read_double(item->value.at))) return ODD;
            if (item->kind != DOUBLE && item->kind != INT32 && item->kind != INT64) return ODD;
            return put_value(writer, item, 0);
        case A_TRUTH: return item->kind == BOOLEAN ? put_value(writer, item, 0) : ODD;
        case A_DATE: return item->kind == DATE ? put_moment(out, read_int64(item->value.at)) : ODD;
        case A_GLOBAL_ID:
            return item->kind == TEXT || item->kind == OBJECT_ID ? put_global_id(out, value, item)
                                                                 : ODD;
        default: return put_joined(out, object);
    }
}

/* The selected columns of a document as a JSON object. */
static int put_selection(Reader *self, Writer *writer, Selection *selection, Bytes document) {
    int outcome = find_columns(self, selection, document);
    if (outcome == DONE) outcome = put_char(&writer->out, '{');
    for (Py_ssize_t i = 0; outcome == DONE && i < selection->count; i++) {
        const Selected *value = &selection->values[i];
        if (i > 0) outcome = put_char(&writer->out, ',');
        if (outcome != DONE) break;
        if (value->kind == CONSTANT)
            outcome = put(&writer->out, value->label.at, (size_t)value->label.size);
        else
            outcome = put_selected(&self->columns[value->column], writer, value,
                                   &selection->elements[value->column]);
    }
    return outcome == DONE ? put_char(&writer->out, '}') : outcome;
}

/* All documents of a reply as a JSON array, each between two texts, and how many there are. */
static int put_selections(Reader *self, Writer *writer, Selection *selection, Bytes documents,
                          Text opening, Text closing, Py_ssize_t *count) {
    Buffer *out = &writer->out;
    Element item;
    int more, outcome = put_char(out, '[');
    for (*count = 0; outcome == DONE; (*count)++) {
        more = next_element(&documents, &item);
        if (more == 0) break;
        if (more < 0 || item.kind != OBJECT) return ODD;
        if (*count > 0) outcome = put_char(out, ',');
        if (outcome == DONE) outcome = put(out, opening.at, (size_t)opening.size);
        if (outcome == DONE) outcome = put_selection(self, writer, selection, item.value);
        if (outcome == DONE) outcome = put(out, closing.at, (size_t)closing.size);
    }
    return outcome == DONE ? put_char(out, ']') : outcome;
}

/* The selected columns of each document of a reply as a JSON object, by the documents' ids. */
static int put_selections_by_id(Reader *self, Writer *writer, Selection *selection,
                                Bytes documents, PyObject *found) {
    Element item;
    int more, outcome = DONE;
    while (outcome == DONE && (more = next_element(&documents, &item)) != 0) {
        PyObject *id = NULL, *json = NULL;
        writer->out.size = 0;
        outcome = more < 0 || item.kind != OBJECT ? ODD : id_of(item.value, &id);
        if (outcome == DONE) outcome = put_selection(self, writer, selection, item.value);
        if (outcome == DONE) {
            json = PyBytes_FromStringAndSize(writer->out.data, (Py_ssize_t)writer->out.size);
            if (json == NULL || PyDict_SetItem(found, id, json) < 0) outcome = FAILED;
        }
        Py_XDECREF(id);
        Py_XDECREF(json);
    }
    return outcome;
}
