// Functions for options of Parse Server; rules.py beside it does the same for parsepy.
'use strict';

const has = (request, word) => (request.object.get('email') ?? '').includes(word);

exports.verifyUserEmails = async request => has(request, 'must');
exports.preventLoginWithUnverifiedEmail = request =>
  has(request, 'closed') && request.createdWith.authProvider === 'password';
exports.sendUserEmailVerification = async request =>
  !request.user.get('email').includes('silent');
