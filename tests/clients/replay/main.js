// Cloud code of the replays for Parse Server; main.py beside it does the same for parsepy.
'use strict';

Parse.Cloud.define('hello', request => `Hello ${request.params.name ?? 'nobody'}`);
Parse.Cloud.define('echo', request => request.params);
Parse.Cloud.define('fail', () => {
  throw new Parse.Error(142, 'as asked');
});
