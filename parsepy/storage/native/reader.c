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
#define VERSION 1

#include "bson.h"
#include "text.h"
#include "plan.h"
#include "objects.h"
#include "json.h"

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

/* The text of a str or bytes object, which the caller keeps alive. */
static int text_in(PyObject *object, Text *found) {
    if (PyUnicode_Check(object)) {
        found->at = PyUnicode_AsUTF8AndSize(object, &found->size);
        return found->at != NULL;
    }
    return PyBytes_AsStringAndSize(object, (char **)&found->at, &found->size) == 0;
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

typedef int (*Put)(Reader *self, Writer *writer, Bytes value);

static int written(Reader *self, Bytes value, Put put_it, PyObject **made) {
    Writer writer = {{NULL, 0, 0}, {NULL, 0, 0}};
    int outcome = put_it(self, &writer, value);
    if (outcome == DONE) {
        *made = PyBytes_FromStringAndSize(writer.out.data, (Py_ssize_t)writer.out.size);
        outcome = made_or_failed(*made);
    }
    PyMem_Free(writer.out.data);
    PyMem_Free(writer.names.names);
    return outcome;
}

static int write_objects(Reader *self, Bytes documents, PyObject **made) {
    return written(self, documents, put_objects, made);
}

static int write_object(Reader *self, Bytes document, PyObject **made) {
    return written(self, document, put_object, made);
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

static PyObject *reader_object_json(PyObject *self, PyObject *document) {
    return made_of(self, document, 0, write_object);
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
    {"object_json", reader_object_json, METH_O, "A document as a JSON object; None: ask the twin."},
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
