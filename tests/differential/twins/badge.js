// A sign-in adapter for Parse Server; badge.py beside it does the same for parsepy.
'use strict';

module.exports = {
  validateAppId() {},
  validateAuthData(authData) {
    if (authData.pin !== 'right') throw new Parse.Error(142, 'The PIN is wrong.');
    return { save: { id: authData.id, code: `kept of ${authData.id}` }, response: { points: 5 } };
  },
};
