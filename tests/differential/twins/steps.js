// An adapter with a validator for each step, for Parse Server; steps.py does the same for parsepy.
'use strict';

function check(step, authData, request) {
  if (authData.pin !== 'right') throw new Parse.Error(142, `${step}: The PIN is wrong.`);
  const { pin, ...rest } = authData;
  const known = request.original ? Object.keys(request.original.get('authData') || {}).sort() : [];
  return { save: rest, response: { step, known, master: request.master } };
}

module.exports = {
  validateSetUp: (authData, options, request) => check('set up', authData, request),
  validateLogin: (authData, options, request) => check('login', authData, request),
  validateUpdate: (authData, options, request) => check('update', authData, request),
  afterFind(authData, options, request) {
    if (!request.master) return { id: authData.id, seen: true };
  },
  async challenge(challengeData, authData, options, request) {
    if (challengeData.refuse) throw new Parse.Error(142, 'no challenge');
    if (challengeData.silent) return undefined;
    return {
      asked: challengeData.ask,
      data: authData || null,
      user: request.original ? request.original.get('username') : null,
      isChallenge: request.isChallenge,
    };
  },
};
