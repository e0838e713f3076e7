// Cloud code about values for Parse Server; values.py beside it does the same for parsepy.
'use strict';

let seen = {};

Parse.Cloud.beforeSave('Walked', request => {
  const plain = value => (value === undefined ? 'undefined' : JSON.parse(JSON.stringify(value)));
  seen = {
    lines: plain(request.object.get('lines')),
    box: plain(request.object.get('box')),
    dirtyLines: request.object.dirty('lines'),
    before: plain(request.original && request.original.get('lines')),
  };
});

Parse.Cloud.define('seen', () => seen);
