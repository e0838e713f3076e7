// Asks Parse Server's own parts what they make of values, literals, words and configurations.
// Cases come as JSON on stdin; the answers go out in the same shape.
'use strict';

const { join } = require('path');

const modules = join(process.argv[2], 'node_modules');
const lib = join(modules, 'parse-server', 'lib');
const { parseValue } = require(join(modules, 'graphql'));
const pluralize = require(join(modules, 'pluralize'));
const { default: Controller } = require(join(lib, 'Controllers', 'ParseGraphQLController'));
const types = require(join(lib, 'GraphQL', 'loaders', 'defaultGraphQLTypes'));
const { fromGlobalId } = require(join(modules, 'graphql-relay'));

const SCALARS = {
  Any: types.ANY,
  Object: types.OBJECT,
  Date: types.DATE,
  Bytes: types.BYTES,
  File: types.FILE,
  Upload: types.GraphQLUpload,
};

// What a function answers, as JSON keeps it, or the words of its error.
function outcome(ask) {
  try {
    return { value: ask() };
  } catch (error) {
    return { error: error.message };
  }
}

const { values, literals, configs, words, ids } = JSON.parse(require('fs').readFileSync(0));
const controller = new Controller({ databaseController: {} });
const answers = {
  read: {},
  written: {},
  parsed: {},
  configs: configs.map(config => outcome(() => void controller._validateGraphQLConfig(config))),
  words: words.map(word => pluralize(word)),
  ids: ids.map(id => fromGlobalId(id)),
};
for (const [name, type] of Object.entries(SCALARS)) {
  answers.read[name] = values.map(value => outcome(() => type.parseValue(value)));
  answers.written[name] = values.map(value => outcome(() => type.serialize(value)));
  answers.parsed[name] = literals.map(text => outcome(() => type.parseLiteral(parseValue(text))));
}
process.stdout.write(JSON.stringify(answers));
