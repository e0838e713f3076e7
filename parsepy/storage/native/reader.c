/* parsepy.storage.native._reader: documents of a class from BSON to REST form in one pass.

   What it does is defined by its Python twin, `to_object` in parsepy/storage/documents.py.
   Whatever is out of the ordinary (a type that columns rarely hold, text that is no UTF-8, a name
   twice) is left to the twin: the answer is None, and the caller decodes the reply the usual way.
   So every rule has one place, and the common ones are here once more, fast.

   No length in a reply is trusted: each is compared with what is left. */

#define Py_LIMITED_API 0x030B0000 /* one build for all Pythons from 3.11 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>

/* What __init__.py expects: raised when what the two say to each other changes. */
#define VERSION 3

#include "bson.h"
#include "text.h"
#include "plan.h"
#include "objects.h"
#include "json.h"
#include "selected.h"

static void reader_free(PyObject *object) {
    Reader *self = (Reader *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyMem_Free(self->columns);
    PyMem_Free(self->relations);
    PyMem_Free(self->slots);
    Py_XDECREF(self->source);
    PyObject_Free(object);
    Py_DECREF(type);
}

/* The items of a tuple of so many; 0 and TypeError where it is something else. */
static int items_of(PyObject *tuple, Py_ssize_t count, PyObject **items) {
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != count) {
        PyErr_SetString(PyExc_TypeError, "a column is a tuple of another size");
        return 0;
    }
    for (Py_ssize_t i = 0; i < count; i++) items[i] = PyTuple_GetItem(tuple, i);
    return 1;
}

static int read_column(PyObject *tuple, Column *column) {
    PyObject *items[9];
    if (!items_of(tuple, 9, items)) return 0;
    column->name = items[1];
    column->kind = (int)PyLong_AsLong(items[3]);
    column->target = items[4];
    column->convert = items[7];
    column->encode = items[8];
    if (PyErr_Occurred() || !text_in(items[0], &column->key) ||
        !text_in(items[1], &column->name_text) || !text_in(items[2], &column->label) ||
        !text_in(items[5], &column->prefix) || !text_in(items[6], &column->opening))
        return 0;
    column->hash = hash_of(column->name_text.at, column->name_text.size);
    return 1;
}

static int read_relation(PyObject *tuple, RelationColumn *relation) {
    PyObject *items[3];
    if (!items_of(tuple, 3, items)) return 0;
    relation->name = items[0];
    relation->target = items[1];
    return text_in(items[0], &relation->name_text) && text_in(items[2], &relation->json);
}

static int index_columns(Reader *self) {
    size_t size = 16;
    while (size < (size_t)self->count * 2) size *= 2;
    self->slots = PyMem_Malloc(size * sizeof *self->slots);
    if (self->slots == NULL) return no_memory() == DONE;
    memset(self->slots, 0xFF, size * sizeof *self->slots);
    memset(self->guesses, 0xFF, sizeof self->guesses);
    self->mask = (uint32_t)size - 1;
    for (Py_ssize_t i = 0; i < self->count; i++) {
        const Text *key = &self->columns[i].key;
        uint32_t slot = hash_of(key->at, key->size) & self->mask;
        while (self->slots[slot] >= 0) slot = (slot + 1) & self->mask;
        self->slots[slot] = (int32_t)i;
    }
    return 1;
}

static PyObject *reader_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
    PyObject *columns, *relations;
    static char *names[] = {"columns", "relations", NULL};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!O!", names, &PyTuple_Type, &columns,
                                     &PyTuple_Type, &relations))
        return NULL;
    Reader *self = PyObject_New(Reader, type);
    if (self == NULL) return NULL;
    self->count = PyTuple_Size(columns);
    self->relation_count = PyTuple_Size(relations);
    self->slots = NULL;
    self->columns = PyMem_Calloc((size_t)self->count + 1, sizeof *self->columns);
    self->relations = PyMem_Calloc((size_t)self->relation_count + 1, sizeof *self->relations);
    self->source = PyTuple_Pack(2, columns, relations);
    int is_good = self->columns != NULL && self->relations != NULL && self->source != NULL;
    if (!is_good && !PyErr_Occurred()) PyErr_NoMemory();
    if (is_good && self->count > INT16_MAX) {
        PyErr_SetString(PyExc_ValueError, "too many columns");
        is_good = 0;
    }
    for (Py_ssize_t i = 0; is_good && i < self->count; i++)
        is_good = read_column(PyTuple_GetItem(columns, i), &self->columns[i]);
    for (Py_ssize_t i = 0; is_good && i < self->relation_count; i++)
        is_good = read_relation(PyTuple_GetItem(relations, i), &self->relations[i]);
    if (!is_good || !index_columns(self)) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static PyObject *answer(int outcome, PyObject *made) {
    return outcome == DONE ? made : outcome == ODD ? Py_NewRef(Py_None) : NULL;
}

/* What is made of the bytes of a reply or a document. */
typedef int (*Make)(Reader *self, Bytes value, PyObject **made);

static PyObject *made_of(PyObject *self, PyObject *source, int is_reply, Make make) {
    Py_buffer view;
    PyObject *made = NULL;
    if (PyObject_GetBuffer(source, &view, PyBUF_SIMPLE) < 0) return NULL;
    Bytes whole = {view.buf, (const uint8_t *)view.buf + view.len};
    int outcome = !is_reply || open_reply(whole, &whole) ? make((Reader *)self, whole, &made) : ODD;
    PyBuffer_Release(&view);
    return answer(outcome, made);
}

static int write_objects(Reader *self, Bytes documents, PyObject **made) {
    Writer writer = {{NULL, 0, 0}, {NULL, 0, 0}, NULL, {NULL, 0}};
    int outcome = put_objects(self, &writer, documents);
    if (outcome == DONE) {
        *made = PyBytes_FromStringAndSize(writer.out.data, (Py_ssize_t)writer.out.size);
        outcome = made_or_failed(*made);
    }
    PyMem_Free(writer.out.data);
    PyMem_Free(writer.names.names);
    return outcome;
}

static PyObject *reader_objects(PyObject *self, PyObject *reply) {
    return made_of(self, reply, 1, read_objects);
}

static PyObject *reader_object(PyObject *self, PyObject *document) {
    return made_of(self, document, 0, read_object);
}

static PyObject *reader_json(PyObject *self, PyObject *reply) {
    return made_of(self, reply, 1, write_objects);
}

/* The column of a name that holds pointers; -1 if there is none. */
static Py_ssize_t pointer_column(const Reader *self, Text name) {
    for (Py_ssize_t i = 0; i < self->count; i++) {
        const Text own = self->columns[i].name_text;
        if (self->columns[i].kind == POINTER && own.size == name.size &&
            memcmp(own.at, name.at, (size_t)name.size) == 0)
            return i;
    }
    return -1;
}

/* What stands in place of pointers, by column, from a dictionary by their names; the caller frees
   it. ODD where a name is none of a column of pointers. */
static int joined_of(const Reader *self, PyObject *by_name, PyObject ***joined) {
    PyObject *name, *objects;
    Py_ssize_t place = 0;
    Text text;
    *joined = PyMem_Calloc((size_t)self->count + 1, sizeof **joined);
    if (*joined == NULL) return no_memory();
    while (PyDict_Next(by_name, &place, &name, &objects)) {
        if (!PyUnicode_Check(name) || !PyDict_Check(objects)) {
            PyErr_SetString(PyExc_TypeError, "what is joined is a dictionary of dictionaries");
            return FAILED;
        }
        if (!text_in(name, &text)) return FAILED;
        Py_ssize_t column = pointer_column(self, text);
        if (column < 0) return ODD;
        (*joined)[column] = objects;
    }
    return DONE;
}

/* The documents of a reply as a JSON array, with objects in place of pointers. */
static PyObject *reader_json_with(PyObject *self, PyObject *arguments) {
    PyObject *reply, *by_name, *made = NULL;
    Writer writer = {{NULL, 0, 0}, {NULL, 0, 0}, NULL, {NULL, 0}};
    Py_buffer view;
    if (!PyArg_ParseTuple(arguments, "OO!", &reply, &PyDict_Type, &by_name)) return NULL;
    if (PyObject_GetBuffer(reply, &view, PyBUF_SIMPLE) < 0) return NULL;
    Bytes whole = {view.buf, (const uint8_t *)view.buf + view.len};
    int outcome = joined_of((Reader *)self, by_name, &writer.joined);
    if (outcome == DONE && !open_reply(whole, &whole)) outcome = ODD;
    if (outcome == DONE) outcome = put_objects((Reader *)self, &writer, whole);
    if (outcome == DONE) {
        made = PyBytes_FromStringAndSize(writer.out.data, (Py_ssize_t)writer.out.size);
        outcome = made_or_failed(made);
    }
    PyMem_Free(writer.out.data);
    PyMem_Free(writer.names.names);
    PyMem_Free(writer.joined);
    PyBuffer_Release(&view);
    return answer(outcome, made);
}

/* The documents of a reply, each as a JSON object that ends with a given text, by their ids. */
static PyObject *reader_json_by_id(PyObject *self, PyObject *arguments) {
    PyObject *reply, *ending, *by_name, *made = NULL;
    Writer writer = {{NULL, 0, 0}, {NULL, 0, 0}, NULL, {NULL, 0}};
    Py_buffer view;
    if (!PyArg_ParseTuple(arguments, "OO!O!", &reply, &PyBytes_Type, &ending, &PyDict_Type,
                          &by_name))
        return NULL;
    if (!text_in(ending, &writer.ending)) return NULL;
    if (PyObject_GetBuffer(reply, &view, PyBUF_SIMPLE) < 0) return NULL;
    Bytes whole = {view.buf, (const uint8_t *)view.buf + view.len};
    int outcome = joined_of((Reader *)self, by_name, &writer.joined);
    if (outcome == DONE && !open_reply(whole, &whole)) outcome = ODD;
    if (outcome == DONE) {
        made = PyDict_New();
        outcome = made == NULL ? FAILED : put_by_id((Reader *)self, &writer, whole, made);
    }
    if (outcome != DONE) Py_CLEAR(made);
    PyMem_Free(writer.out.data);
    PyMem_Free(writer.names.names);
    PyMem_Free(writer.joined);
    PyBuffer_Release(&view);
    return answer(outcome, made);
}

/* What is made of a reply and a selection: `by_id` or, between two texts, one array. */
static PyObject *of_selection(Reader *self, PyObject *reply, PyObject *values, PyObject *opening,
                              PyObject *closing) {
    PyObject *made = NULL;
    Writer writer = {{NULL, 0, 0}, {NULL, 0, 0}, NULL, {NULL, 0}};
    Selection selection = {NULL, 0, NULL, NULL};
    Text before = {NULL, 0}, after = {NULL, 0};
    Py_ssize_t count;
    Py_buffer view;
    if (opening != NULL && (!text_in(opening, &before) || !text_in(closing, &after))) return NULL;
    if (PyObject_GetBuffer(reply, &view, PyBUF_SIMPLE) < 0) return NULL;
    Bytes whole = {view.buf, (const uint8_t *)view.buf + view.len};
    int outcome = read_selection(self, values, &selection);
    if (outcome == DONE && !open_reply(whole, &whole)) outcome = ODD;
    if (outcome == DONE && opening == NULL) {
        made = PyDict_New();
        outcome = made == NULL ? FAILED
                               : put_selections_by_id(self, &writer, &selection, whole, made);
        if (outcome != DONE) Py_CLEAR(made);
    } else if (outcome == DONE) {
        outcome = put_selections(self, &writer, &selection, whole, before, after, &count);
        if (outcome == DONE) {
            made = Py_BuildValue("(y#n)", writer.out.data, (Py_ssize_t)writer.out.size, count);
            outcome = made_or_failed(made);
        }
    }
    selection_free(&selection);
    PyMem_Free(writer.out.data);
    PyMem_Free(writer.names.names);
    PyBuffer_Release(&view);
    return answer(outcome, made);
}

static PyObject *reader_selected(PyObject *self, PyObject *arguments) {
    PyObject *reply, *values, *opening, *closing;
    if (!PyArg_ParseTuple(arguments, "OO!O!O!", &reply, &PyTuple_Type, &values, &PyBytes_Type,
                          &opening, &PyBytes_Type, &closing))
        return NULL;
    return of_selection((Reader *)self, reply, values, opening, closing);
}

static PyObject *reader_selected_by_id(PyObject *self, PyObject *arguments) {
    PyObject *reply, *values;
    if (!PyArg_ParseTuple(arguments, "OO!", &reply, &PyTuple_Type, &values)) return NULL;
    return of_selection((Reader *)self, reply, values, NULL, NULL);
}

/* How often the pointers of a column lead to each object, by its id. */
static PyObject *reader_pointers(PyObject *self, PyObject *arguments) {
    PyObject *reply, *name, *made = NULL;
    Py_buffer view;
    Text text;
    if (!PyArg_ParseTuple(arguments, "OU", &reply, &name) || !text_in(name, &text)) return NULL;
    Py_ssize_t column = pointer_column((Reader *)self, text);
    if (column < 0) return Py_NewRef(Py_None);
    if (PyObject_GetBuffer(reply, &view, PyBUF_SIMPLE) < 0) return NULL;
    Bytes whole = {view.buf, (const uint8_t *)view.buf + view.len};
    int outcome = open_reply(whole, &whole) ? DONE : ODD;
    if (outcome == DONE) {
        made = PyDict_New();
        outcome = made == NULL
                      ? FAILED
                      : count_pointers(&((Reader *)self)->columns[column], whole, made);
    }
    if (outcome != DONE) Py_CLEAR(made);
    PyBuffer_Release(&view);
    return answer(outcome, made);
}

static PyObject *is_whole_reply(PyObject *module, PyObject *reply) {
    Py_buffer view;
    Bytes documents;
    (void)module;
    if (PyObject_GetBuffer(reply, &view, PyBUF_SIMPLE) < 0) return NULL;
    Bytes whole = {view.buf, (const uint8_t *)view.buf + view.len};
    int is_good = open_reply(whole, &documents);
    PyBuffer_Release(&view);
    return PyBool_FromLong(is_good);
}

/* A document, and the names that one of its lists holds: `_rperm` or `_wperm`. */
static PyObject *reader_object_with(PyObject *self, PyObject *arguments) {
    PyObject *document, *object, *names = NULL, *made = NULL;
    const char *key;
    Py_buffer view;
    if (!PyArg_ParseTuple(arguments, "Os", &document, &key)) return NULL;
    if (PyObject_GetBuffer(document, &view, PyBUF_SIMPLE) < 0) return NULL;
    Bytes whole = {view.buf, (const uint8_t *)view.buf + view.len};
    int outcome = read_object((Reader *)self, whole, &object);
    if (outcome == DONE) {
        outcome = read_list(whole, key, &names);
        if (outcome == DONE) {
            made = PyTuple_Pack(2, object, names);
            outcome = made_or_failed(made);
        }
        Py_DECREF(object);
        Py_XDECREF(names);
    }
    PyBuffer_Release(&view);
    return answer(outcome, made);
}

static PyObject *split(PyObject *module, PyObject *reply) {
    Py_buffer view;
    PyObject *made = NULL;
    Bytes documents;
    (void)module;
    if (PyObject_GetBuffer(reply, &view, PyBUF_SIMPLE) < 0) return NULL;
    Bytes whole = {view.buf, (const uint8_t *)view.buf + view.len};
    int outcome = open_reply(whole, &documents) ? split_documents(documents, &made) : ODD;
    PyBuffer_Release(&view);
    return answer(outcome, made);
}

static PyMethodDef functions[] = {
    {"split", split, METH_O,
     "The documents of a reply to `find`, each as its bytes, by their ids; None: decode it."},
    {"is_whole", is_whole_reply, METH_O, "Is this a good reply to `find` that has all documents?"},
    {NULL, NULL, 0, NULL},
};

static PyMethodDef reader_methods[] = {
    {"objects", reader_objects, METH_O,
     "The documents of a reply to `find` as a list in REST form; None: ask the twin."},
    {"object", reader_object, METH_O, "A document in REST form; None: ask the twin."},
    {"json", reader_json, METH_O,
     "The documents of a reply to `find` as a JSON array; None: ask the twin."},
    {"object_with", reader_object_with, METH_VARARGS,
     "A document in REST form, and the list at a key of it, or None; None: ask the twin."},
    {"json_with", reader_json_with, METH_VARARGS,
     "The documents of a reply as a JSON array, with objects in place of pointers; None: ask the "
     "twin."},
    {"json_by_id", reader_json_by_id, METH_VARARGS,
     "The documents of a reply, each as a JSON object with an ending, by their ids; None: ask the "
     "twin."},
    {"selected", reader_selected, METH_VARARGS,
     "The documents of a reply as a JSON array of their selected columns, each between two texts, "
     "and how many there are; None: ask the twin."},
    {"selected_by_id", reader_selected_by_id, METH_VARARGS,
     "The selected columns of a reply's documents, each as a JSON object, by their ids; None: ask "
     "the twin."},
    {"pointers", reader_pointers, METH_VARARGS,
     "How often the pointers of a column lead to each object, by its id; None: ask the twin."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_new, reader_new},
    {Py_tp_dealloc, reader_free},
    {Py_tp_methods, reader_methods},
    {Py_tp_doc, "Reads the documents of one class; made of its columns and relations."},
    {0, NULL},
};

static PyType_Spec reader_spec = {
    "parsepy.storage.native._reader.Reader", sizeof(Reader), 0, Py_TPFLAGS_DEFAULT, reader_slots,
};

static int make_texts(void) {
    static const struct {
        PyObject **at;
        const char *text;
    } texts[] = {
        {&t_type, "__type"},         {&t_class_name, "className"}, {&t_object_id, "objectId"},
        {&t_pointer, "Pointer"},     {&t_date, "Date"},            {&t_iso, "iso"},
        {&t_bytes, "Bytes"},         {&t_base64, "base64"},        {&t_geo_point, "GeoPoint"},
        {&t_latitude, "latitude"},   {&t_longitude, "longitude"},  {&t_read, "read"},
        {&t_write, "write"},         {&t_acl, "ACL"},              {&t_relation, "Relation"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i].at == NULL && (*texts[i].at = PyUnicode_InternFromString(texts[i].text)) == NULL)
            return 0;
    return 1;
}

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_reader", NULL, -1, functions,
                                    NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__reader(void) {
    PyObject *made = make_texts() ? PyModule_Create(&module) : NULL;
    PyObject *type = made == NULL ? NULL : PyType_FromSpec(&reader_spec);
    if (type == NULL || PyModule_AddObjectRef(made, "Reader", type) < 0 ||
        PyModule_AddIntConstant(made, "VERSION", VERSION) < 0)
        Py_CLEAR(made);
    Py_XDECREF(type);
    return made;
}
