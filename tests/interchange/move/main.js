// Cloud code of the app that moves, for Parse Server; main.py beside it does the same for parsepy.
'use strict';

Parse.Cloud.define('total', async () => {
  const rows = await new Parse.Query('Moved').find({ useMasterKey: true });
  return rows.reduce((sum, row) => sum + row.get('price'), 0);
});

Parse.Cloud.beforeSave('Moved', request => {
  if (request.object.get('price') < 0) throw new Parse.Error(142, 'price must not be negative');
  request.object.set('checked', true);
});

Parse.Cloud.job('clean', () => 'nothing to clean');
