// Cloud code for Parse Server that tells what hooks see; stages.py beside it does the same for parsepy.
'use strict';

const plain = value => value === undefined ? null : JSON.parse(JSON.stringify(value));

const told = stage => async request => {
  const item = request.object;
  const heard = new Parse.Object('Heard');
  await heard.save({
    stage,
    of: item.className,
    itsId: item.id ?? null,
    isNew: stage === 'beforeSave' && !item.existed(),
    authData: plain(item.get('authData')),
    hadAuthData: request.original ? plain(request.original.get('authData')) : null,
  }, { useMasterKey: true });
  if (stage === 'beforeSave') item.set('seenId', item.id ?? 'none');
};

for (const name of ['Chosen', Parse.User, 'Kept']) {
  Parse.Cloud.beforeSave(name, told('beforeSave'));
  Parse.Cloud.afterSave(name, told('afterSave'));
}

const thrown = {
  text: () => { throw 'only a text'; },
  error: () => { throw new Error('broken'); },
  parse: () => { throw new Parse.Error(142, 'not today'); },
  rejected: () => Promise.reject(new Parse.Error(4711, 'later')),
};

Parse.Cloud.beforeLogin(async request => {
  const how = thrown[request.object.get('before')];
  if (how) await how();
});

Parse.Cloud.afterLogin(async request => {
  const how = thrown[request.object.get('after')];
  if (how) await how();
});

Parse.Cloud.afterLogout(async request => {
  const user = await request.object.get('user').fetch({ useMasterKey: true });
  const how = thrown[user.get('afterOut')];
  if (how) await how();
});
