// Cloud code about users for Parse Server; accounts.py beside it does the same for parsepy.
'use strict';

Parse.Cloud.afterFind(Parse.User, request => {
  request.objects.forEach(user => {
    if (user.get('note') === 'refused') throw new Parse.Error(142, 'not to be seen');
    user.unset('note');
    user.set('seen', true);
  });
  return request.objects;
});
