// A sign-in adapter that fails as nobody has foreseen, for Parse Server; crash.py is parsepy's.
'use strict';

module.exports = {
  validateAppId() {},
  async validateAuthData() {
    throw new Error('the vault at 10.0.0.7 refused the key');
  },
};
