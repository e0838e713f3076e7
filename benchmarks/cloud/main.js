// The cloud code that is measured; main.py beside it does the same for parsepy.
'use strict';

Parse.Cloud.define('quote', request => ({ total: request.params.price * request.params.count }));

Parse.Cloud.beforeSave('Invoice', request => {
  const invoice = request.object;
  if (!(invoice.get('price') >= 0)) throw new Parse.Error(142, 'price: at least 0');
  invoice.set('gross', invoice.get('price') * 2);
});
