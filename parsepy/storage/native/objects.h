/* Documents as dictionaries in REST form. */

static PyObject *t_type, *t_class_name, *t_object_id, *t_pointer, *t_date, *t_iso, *t_bytes,
    *t_base64, *t_geo_point, *t_latitude, *t_longitude, *t_read, *t_write, *t_acl, *t_relation;

/* A text; ODD where it is no UTF-8. */
static int object_text(const char *at, Py_ssize_t size, PyObject **made) {
    *made = PyUnicode_DecodeUTF8(at, size, "strict");
    if (*made != NULL) return DONE;
    if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) return FAILED;
    PyErr_Clear();
    return ODD;
}

/* A dictionary of `__type` and two or three more; takes over the values, which may be NULL. */
static PyObject *typed_object(PyObject *type, PyObject *key, PyObject *value, PyObject *key2,
                              PyObject *value2) {
    PyObject *made = NULL;
    if (value != NULL && (key2 == NULL || value2 != NULL)) {
        made = PyDict_New();
        if (made != NULL &&
            (PyDict_SetItem(made, t_type, type) < 0 || PyDict_SetItem(made, key, value) < 0 ||
             (key2 != NULL && PyDict_SetItem(made, key2, value2) < 0)))
            Py_CLEAR(made);
    }
    Py_XDECREF(value);
    Py_XDECREF(value2);
    return made;
}

static int made_or_failed(PyObject *made) { return made == NULL ? FAILED : DONE; }

static int object_moment(int64_t milliseconds, PyObject **made) {
    char text[ISO_SIZE];
    if (!write_date(text, milliseconds)) return ODD;
    *made = PyUnicode_FromStringAndSize(text, ISO_SIZE);
    return made_or_failed(*made);
}

static int object_date(int64_t milliseconds, PyObject **made) {
    PyObject *iso;
    int outcome = object_moment(milliseconds, &iso);
    if (outcome != DONE) return outcome;
    *made = typed_object(t_date, t_iso, iso, NULL, NULL);
    return made_or_failed(*made);
}

static int object_binary(const Element *item, PyObject **made) {
    const uint8_t *content;
    Py_ssize_t size;
    if (!binary_of(item, &content, &size)) return ODD;
    char *text = PyMem_Malloc((size_t)base64_size(size) + 1);
    if (text == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    write_base64(text, content, size);
    PyObject *encoded = PyUnicode_FromStringAndSize(text, base64_size(size));
    PyMem_Free(text);
    *made = typed_object(t_bytes, t_base64, encoded, NULL, NULL);
    return made_or_failed(*made);
}

static int object_value(const Element *item, int depth, PyObject **made);

static int object_of_document(Bytes value, int depth, PyObject **made) {
    Bytes elements;
    Element item;
    Typed typed = {0, 0};
    int more, outcome = DONE;
    if (depth > MOST_DEPTH || !open_document(value, &elements)) return ODD;
    PyObject *found = PyDict_New();
    if (found == NULL) return FAILED;
    while (outcome == DONE && (more = next_element(&elements, &item)) != 0) {
        PyObject *key = NULL, *inner = NULL;
        if (more < 0 || is_special(&typed, &item))
            outcome = ODD;
        else
            outcome = object_text(item.name, item.name_size, &key);
        if (outcome == DONE) outcome = object_value(&item, depth + 1, &inner);
        if (outcome == DONE && PyDict_SetItem(found, key, inner) < 0) outcome = FAILED;
        Py_XDECREF(key);
        Py_XDECREF(inner);
    }
    if (outcome == DONE)
        *made = found;
    else
        Py_DECREF(found);
    return outcome;
}

static int object_of_array(Bytes value, int depth, PyObject **made) {
    Bytes elements;
    Element item;
    int more, outcome = DONE;
    if (depth > MOST_DEPTH || !open_document(value, &elements)) return ODD;
    PyObject *found = PyList_New(0);
    if (found == NULL) return FAILED;
    while (outcome == DONE && (more = next_element(&elements, &item)) != 0) {
        PyObject *inner = NULL;
        outcome = more < 0 ? ODD : object_value(&item, depth + 1, &inner);
        if (outcome == DONE && PyList_Append(found, inner) < 0) outcome = FAILED;
        Py_XDECREF(inner);
    }
    if (outcome == DONE)
        *made = found;
    else
        Py_DECREF(found);
    return outcome;
}

static PyObject *object_of_number(double value) {
    if (is_whole(value)) return PyLong_FromLongLong((long long)value);
    if (isfinite(value)) return PyFloat_FromDouble(value);
    return Py_NewRef(Py_None);
}

static int object_value(const Element *item, int depth, PyObject **made) {
    const uint8_t *at = item->value.at;
    char digits[24];
    switch (item->kind) {
        case TEXT: {
            Py_ssize_t size;
            const char *text = text_of(item, &size);
            return object_text(text, size, made);
        }
        case INT32: *made = PyLong_FromLong(read_int32(at)); break;
        case INT64: *made = PyLong_FromLongLong(read_int64(at)); break;
        case DOUBLE: *made = object_of_number(read_double(at)); break;
        case BOOLEAN: *made = PyBool_FromLong(*at); break;
        case NOTHING: *made = Py_NewRef(Py_None); break;
        case DATE: return object_date(read_int64(at), made);
        case OBJECT: return object_of_document(item->value, depth, made);
        case ARRAY: return object_of_array(item->value, depth, made);
        case BINARY: return object_binary(item, made);
        case OBJECT_ID:
            write_object_id(digits, at);
            *made = PyUnicode_FromStringAndSize(digits, 24);
            break;
        default: return ODD;
    }
    return made_or_failed(*made);
}

static int object_pointer(const Column *column, const Element *item, PyObject **made) {
    PyObject *id;
    Py_ssize_t size;
    const char *text = text_of(item, &size);
    int outcome = object_text(text + column->prefix.size, size - column->prefix.size, &id);
    if (outcome != DONE) return outcome;
    *made = typed_object(t_pointer, t_class_name, Py_NewRef(column->target), t_object_id, id);
    return made_or_failed(*made);
}

/* A place: an array of two, of which the longitude comes first. */
static int object_geo_point(const Element *item, PyObject **made) {
    Element first, second;
    PyObject *longitude, *latitude;
    if (!is_pair(item, &first, &second)) return object_value(item, 0, made);
    int outcome = object_value(&first, 1, &longitude);
    if (outcome != DONE) return outcome;
    outcome = object_value(&second, 1, &latitude);
    if (outcome != DONE) {
        Py_DECREF(longitude);
        return outcome;
    }
    *made = typed_object(t_geo_point, t_latitude, latitude, t_longitude, longitude);
    return made_or_failed(*made);
}

static int object_file(const Column *column, const Element *item, PyObject **made) {
    PyObject *name;
    int outcome = object_value(item, 0, &name);
    if (outcome != DONE) return outcome;
    *made = PyObject_CallFunctionObjArgs(column->convert, name, NULL);
    Py_DECREF(name);
    return made_or_failed(*made);
}

/* The value of a column; NULL in `made` where it is not shown. */
static int object_column(const Column *column, const Element *item, PyObject **made) {
    *made = NULL;
    switch (reading_of(column, item)) {
        case AS_IT_IS: return object_value(item, 0, made);
        case AS_MOMENT: return object_moment(read_int64(item->value.at), made);
        case AS_POINTER: return object_pointer(column, item, made);
        case AS_GEO_POINT: return object_geo_point(item, made);
        case AS_FILE: return object_file(column, item, made);
        case NOT_SHOWN: return DONE;
        default: return ODD;
    }
}

static int object_acl(ACL *acl, PyObject *object) {
    int outcome = read_acl(acl);
    if (outcome != DONE) return outcome;
    PyObject *entries = PyDict_New();
    if (entries == NULL) return FAILED;
    for (int i = 0; outcome == DONE && i < acl->count; i++) {
        const Entry *entry = &acl->entries[i];
        PyObject *name, *flags;
        outcome = object_text(entry->name.at, entry->name.size, &name);
        if (outcome != DONE) break;
        flags = PyDict_New();
        if (flags == NULL || (entry->reads && PyDict_SetItem(flags, t_read, Py_True) < 0) ||
            (entry->writes && PyDict_SetItem(flags, t_write, Py_True) < 0) ||
            PyDict_SetItem(entries, name, flags) < 0)
            outcome = FAILED;
        Py_DECREF(name);
        Py_XDECREF(flags);
    }
    if (outcome == DONE && PyDict_SetItem(object, t_acl, entries) < 0) outcome = FAILED;
    Py_DECREF(entries);
    return outcome;
}

static int object_relations(const Reader *self, PyObject *object) {
    for (Py_ssize_t i = 0; i < self->relation_count; i++) {
        const RelationColumn *relation = &self->relations[i];
        PyObject *value = typed_object(t_relation, t_class_name, Py_NewRef(relation->target), NULL,
                                       NULL);
        if (value == NULL) return FAILED;
        int failed = PyDict_SetItem(object, relation->name, value);
        Py_DECREF(value);
        if (failed) return FAILED;
    }
    return DONE;
}

/* Read the elements of a document into a dictionary. */
static int fill_object(Reader *self, Bytes elements, PyObject *object) {
    Element item;
    ACL acl;
    int more;
    no_acl(&acl);
    for (Py_ssize_t place = 0; (more = next_element(&elements, &item)) != 0; place++) {
        if (more < 0) return ODD;
        const Column *column = column_of(self, &item, place);
        PyObject *key, *value;
        int outcome;
        if (column != NULL) {
            outcome = object_column(column, &item, &value);
            if (outcome != DONE) return outcome;
            if (value == NULL) continue;
            key = Py_NewRef(column->name);
        } else if (is_acl(&acl, &item)) {
            continue;
        } else if (is_internal(&item)) {
            if (is_auth_data(&item)) return ODD;
            continue;
        } else {
            outcome = object_text(item.name, item.name_size, &key);
            if (outcome != DONE) return outcome;
            outcome = object_value(&item, 0, &value);
            if (outcome != DONE) {
                Py_DECREF(key);
                return outcome;
            }
        }
        int failed = PyDict_SetItem(object, key, value);
        Py_DECREF(key);
        Py_DECREF(value);
        if (failed) return FAILED;
    }
    if (acl.is_set) {
        int outcome = object_acl(&acl, object);
        if (outcome != DONE) return outcome;
    }
    return object_relations(self, object);
}

static int read_object(Reader *self, Bytes document, PyObject **made) {
    Bytes elements;
    if (!open_document(document, &elements)) return ODD;
    *made = PyDict_New();
    if (*made == NULL) return FAILED;
    int outcome = fill_object(self, elements, *made);
    if (outcome != DONE) Py_CLEAR(*made);
    return outcome;
}

/* All documents of a reply as a list of dictionaries. */
static int read_objects(Reader *self, Bytes documents, PyObject **made) {
    Element item;
    int more, outcome = DONE;
    PyObject *found = PyList_New(0);
    if (found == NULL) return FAILED;
    while (outcome == DONE && (more = next_element(&documents, &item)) != 0) {
        PyObject *object = NULL;
        outcome = more < 0 || item.kind != OBJECT ? ODD : read_object(self, item.value, &object);
        if (outcome == DONE && PyList_Append(found, object) < 0) outcome = FAILED;
        Py_XDECREF(object);
    }
    if (outcome == DONE)
        *made = found;
    else
        Py_DECREF(found);
    return outcome;
}

/* The list at a key of a document, as it is; `None` where there is none. */
static int read_list(Bytes document, const char *key, PyObject **made) {
    Bytes elements;
    Element item;
    int more;
    *made = NULL;
    if (!open_document(document, &elements)) return ODD;
    while ((more = next_element(&elements, &item)) > 0) {
        if (!is_named(&item, key)) continue;
        if (*made != NULL || (item.kind != ARRAY && item.kind != NOTHING)) {
            Py_CLEAR(*made);
            return ODD;
        }
        int outcome = object_value(&item, 0, made);
        if (outcome != DONE) return outcome;
    }
    if (more < 0) {
        Py_CLEAR(*made);
        return ODD;
    }
    if (*made == NULL) *made = Py_NewRef(Py_None);
    return DONE;
}

/* The id of a document; ODD where it has none that is a text. */
static int id_of(Bytes document, PyObject **made) {
    Bytes elements;
    Element item;
    if (!open_document(document, &elements)) return ODD;
    while (next_element(&elements, &item) > 0) {
        if (!is_named(&item, "_id")) continue;
        return item.kind == TEXT ? object_value(&item, 0, made) : ODD;
    }
    return ODD;
}

/* The documents of a reply, each as its bytes, by their ids. */
static int split_documents(Bytes documents, PyObject **made) {
    Element item;
    int more, outcome = DONE;
    PyObject *found = PyDict_New();
    if (found == NULL) return FAILED;
    while (outcome == DONE && (more = next_element(&documents, &item)) != 0) {
        PyObject *id = NULL, *bytes = NULL;
        outcome = more < 0 || item.kind != OBJECT ? ODD : id_of(item.value, &id);
        if (outcome == DONE) {
            bytes = PyBytes_FromStringAndSize((const char *)item.value.at,
                                              item.value.end - item.value.at);
            if (bytes == NULL || PyDict_SetItem(found, id, bytes) < 0) outcome = FAILED;
        }
        Py_XDECREF(id);
        Py_XDECREF(bytes);
    }
    if (outcome == DONE)
        *made = found;
    else
        Py_DECREF(found);
    return outcome;
}
