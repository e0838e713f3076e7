// A second factor for Parse Server; card.py beside it does the same for parsepy.
'use strict';

module.exports = {
  policy: 'additional',
  validateAppId() {},
  validateAuthData(authData) {
    if (authData.pin !== 'right') throw new Parse.Error(142, 'The PIN is wrong.');
    return { save: { id: authData.id } };
  },
};
