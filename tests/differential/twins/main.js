// Cloud code for Parse Server; main.py beside it does the same for parsepy.
'use strict';

let fired = [];

const note = request => {
  const item = request.object;
  fired.push({
    trigger: request.triggerName,
    class: item ? item.className : null,
    total: item && item.get('total') !== undefined ? item.get('total') : null,
    original: request.original ? request.original.get('total') ?? null : null,
    isNew: item ? !item.existed() : null,
    dirty: request.triggerName === 'beforeSave' ? item.dirtyKeys().sort() : null,
    user: request.user ? request.user.get('username').split('_')[0] : null,
    master: !!request.master,
    context: request.context.mark ?? null,
  });
};

Parse.Cloud.define('fired', () => {
  const found = fired;
  fired = [];
  return found;
});

for (const name of ['Order', 'Doomed', 'Asked']) {
Parse.Cloud.beforeSave(name, request => {
  note(request);
  request.context.mark = 'from before';
  const order = request.object;
  switch (order.get('wish')) {
    case 'refuse': throw new Parse.Error(142, 'total: not today');
    case 'throw': throw new Error('broken');
    case 'text': throw 'only a text';
    case 'change': order.set('total', 99); order.set('extra', { a: 1 }); break;
    case 'unset': order.unset('note'); break;
    case 'increment': order.increment('total', 5); break;
    case 'replace': { const other = new Parse.Object(name); other.set('total', 7); return other; }
    case 'array': order.add('tags', 'b'); break;
    case 'acl': order.setACL(new Parse.ACL()); break;
  }
});
Parse.Cloud.afterSave(name, request => {
  note(request);
  if (request.object.get('wish') === 'after') throw new Parse.Error(142, 'too late');
});
Parse.Cloud.beforeDelete(name, request => {
  note(request);
  if (request.object.get('wish') === 'keep') throw new Parse.Error(142, 'it stays');
});
Parse.Cloud.afterDelete(name, note);
}

Parse.Cloud.beforeFind('Seen', request => {
  fired.push({ trigger: 'beforeFind', count: !!request.count, isGet: !!request.isGet });
  const where = request.query.toJSON().where;
  if (where.refuse) throw new Parse.Error(119, 'not to be found');
  if (where.nothing) return [];
  request.query.greaterThan('total', 1);
});
Parse.Cloud.afterFind('Seen', request => {
  fired.push({ trigger: 'afterFind', found: request.objects.length });
  if (request.objects.some(item => item.get('total') === 13)) throw new Parse.Error(142, 'unlucky');
  request.objects.forEach(item => item.set('shown', true));
  return request.objects;
});

Parse.Cloud.beforeLogin(request => {
  fired.push({ trigger: 'beforeLogin', user: request.object.get('kind') ?? null });
  if (request.object.get('kind') === 'banned') throw new Parse.Error(142, 'banned');
});
Parse.Cloud.afterLogin(request => {
  fired.push({ trigger: 'afterLogin', user: request.object.get('kind') ?? null });
});
Parse.Cloud.afterLogout(request => {
  fired.push({ trigger: 'afterLogout', class: request.object.className });
});
Parse.Cloud.beforeSave(Parse.User, request => {
  fired.push({ trigger: 'beforeSave', class: '_User', isNew: !request.object.existed() });
});

Parse.Cloud.beforePasswordResetRequest(request => {
  fired.push({ trigger: 'beforePasswordResetRequest', user: request.object.get('kind') ?? null });
  if (request.object.get('kind') === 'banned') throw new Parse.Error(142, 'no mail for you');
});

const noteFile = request => {
  const name = request.file.name().replace(/^[0-9a-f]{32}_/, '');
  fired.push({
    trigger: request.triggerName,
    file: name,
    size: request.fileSize ?? null,
    master: !!request.master,
    user: request.user ? request.user.get('username').split('_')[0] : null,
  });
  return name;
};
Parse.Cloud.beforeSave(Parse.File, request => {
  switch (noteFile(request)) {
    case 'refuse.txt': throw new Parse.Error(142, 'no files today');
    case 'throw.txt': throw new Error('broken');
    case 'other.txt': return new Parse.File('another.txt', { base64: 'YW5vdGhlcg==' });
    case 'tell.txt': request.file.addMetadata('shelf', 7); request.file.addTag('kind', 'mug'); break;
  }
});
Parse.Cloud.afterSave(Parse.File, request => {
  if (noteFile(request) === 'late.txt') throw new Parse.Error(142, 'too late');
});
Parse.Cloud.beforeDelete(Parse.File, request => {
  if (noteFile(request) === 'keep.txt') throw new Parse.Error(142, 'it stays');
});
Parse.Cloud.afterDelete(Parse.File, noteFile);
Parse.Cloud.beforeFind(Parse.File, request => {
  if (noteFile(request) === 'hidden.txt') throw new Parse.Error(142, 'not to be seen');
});
Parse.Cloud.afterFind(Parse.File, request => {
  switch (noteFile(request)) {
    case 'unlucky.txt': throw new Parse.Error(142, 'unlucky');
    case 'load.txt': request.forceDownload = true; break;
    case 'head.txt': request.responseHeaders['X-Shelf'] = '7'; break;
  }
});

const noteConfig = request => {
  fired.push({
    trigger: request.triggerName,
    price: request.object.get('price') ?? null,
    before: request.original ? request.original.get('price') ?? null : null,
    master: !!request.master,
    mark: request.context.mark ?? null,
  });
};
Parse.Cloud.beforeSave(Parse.Config, request => {
  noteConfig(request);
  request.context.mark = 'from before';
  if (request.object.get('price') < 0) throw new Parse.Error(142, 'price: at least 0');
});
Parse.Cloud.afterSave(Parse.Config, noteConfig);

Parse.Cloud.beforeConnect(request => {
  fired.push({ trigger: 'beforeConnect', master: !!request.useMasterKey });
  if (request.installationId === 'banned') throw new Parse.Error(142, 'not you');
});
Parse.Cloud.beforeSubscribe('Live', request => {
  const { total } = request.query.toJSON().where;
  fired.push({ trigger: 'beforeSubscribe', total: total ?? null, user: !!request.user });
  if (total === -1) throw new Parse.Error(142, 'not that');
  if (total === 5) request.query.equalTo('total', 6);
});
Parse.Cloud.afterLiveQueryEvent('Live', request => {
  fired.push({
    trigger: 'afterEvent',
    event: request.event,
    total: request.object.get('total'),
    original: request.original ? request.original.get('total') : null,
  });
  if (request.object.get('wish') === 'hide') request.sendEvent = false;
  if (request.object.get('wish') === 'change') request.object.set('note', 'changed');
  if (request.object.get('wish') === 'refuse') throw new Parse.Error(142, 'no event');
});

Parse.Cloud.define('echo', request => request.params);
Parse.Cloud.define('form', request => Object.fromEntries(
  Object.entries(request.params).map(([name, value]) =>
    [name, value.data ? { ...value, data: value.data.toString('hex') } : value])));
Parse.Cloud.define('nothing', () => undefined);
Parse.Cloud.define('none', () => null);
Parse.Cloud.define('object', async () => {
  const order = new Parse.Object('Plain');
  await order.save({ total: 3, when: new Date(0) }, { useMasterKey: true });
  return order;
});
Parse.Cloud.define('values', () => [1, 'a', true, { b: [null] }, new Date(0)]);
Parse.Cloud.define('refused', () => { throw new Parse.Error(155, 'too many'); });
Parse.Cloud.define('broken', () => { throw new Error('broken'); });
Parse.Cloud.define('users', request => request.user.get('kind') ?? null, { requireUser: true });
Parse.Cloud.define('masters', () => 1, { requireMaster: true });
Parse.Cloud.define('fields', request => request.params, {
  fields: {
    name: { type: String, required: true },
    count: { type: Number, default: 2 },
    size: { options: ['S', 'M'], error: 'S or M' },
    kind: { options: ['a', 'b'] },
  },
});
Parse.Cloud.define('listed', request => request.params, { fields: ['name'] });
Parse.Cloud.define('roles', () => 1, { requireAnyUserRoles: ['staff'] });
Parse.Cloud.define('keyed', () => 1, { requireUserKeys: ['kind'] });
Parse.Cloud.job('work', request => { request.message('half'); return 'done'; });
