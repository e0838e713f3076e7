// The second factor of Parse Server with a sender of messages that sends none; sms.py beside it is
// the same for parsepy, where an option names it.
'use strict';

const path = require('path');

const reference = path.join(__dirname, '../../reference/node_modules/parse-server');
const { default: mfa } = require(path.join(reference, 'lib/Adapters/Auth/mfa'));

module.exports = {
  validateOptions(options) {
    mfa.validateOptions.call(this, { ...options, sendSMS: async () => {} });
  },
};
