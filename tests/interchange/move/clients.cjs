// Clients of the app that moves. `write TAG` makes something of every kind, `see TAG` prints what
// became of it, `live` follows a class, `end TOKEN` logs out: the same at either server.
'use strict';

const Parse = require('parse/node');
const [url, verb, argument] = process.argv.slice(2);
Parse.initialize('shop', undefined, 'master');
Parse.serverURL = url;
Parse.User.enableUnsafeCurrentUser();
const master = { useMasterKey: true };
const asked = async (method, path, body) => {
  const headers = {
    'X-Parse-Application-Id': 'shop',
    'X-Parse-Master-Key': 'master',
    'Content-Type': 'application/json',
  };
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  return answer.json();
};
const code = promise => promise.then(() => 'let in', error => error.code);

const anonymous = async tag => {
  const headers = { 'X-Parse-Application-Id': 'shop', 'Content-Type': 'application/json' };
  const body = JSON.stringify({ authData: { anonymous: { id: `id-${tag}` } } });
  return (await fetch(`${url}/users`, { method: 'POST', headers, body })).json();
};

async function write(tag) {
  const user = await Parse.User.signUp(`user-${tag}`, `secret of ${tag}`, {
    email: `${tag}@shop.test`,
  });
  const file = new Parse.File('note.txt', [...Buffer.from(`file of ${tag}`)], 'text/plain');
  await file.save();
  const goods = await new Parse.Object('Goods').save({ name: `goods of ${tag}` });
  const moved = new Parse.Object('Moved');
  moved.set({
    tag,
    price: 2.5,
    many: 12345678901,
    flag: true,
    moment: new Date('2024-02-29T12:30:45.678Z'),
    list: [1, 'two', { three: [3] }, goods],
    things: { deep: { er: null } },
    place: new Parse.GeoPoint(48.4, 10),
    area: new Parse.Polygon([[0, 0], [0, 2], [2, 2]]),
    keeper: user,
    attached: file,
  });
  moved.set('bytes', { __type: 'Bytes', base64: 'AAEC' });
  moved.relation('goods').add(goods);
  const acl = new Parse.ACL(user);
  acl.setRoleReadAccess(`role-${tag}`, true);
  moved.setACL(acl);
  await moved.save();
  const role = new Parse.Role(`role-${tag}`, new Parse.ACL());
  role.getUsers().add(user);
  await role.save(null, master);
  await Parse.Config.save({ [`fee-${tag}`]: 3, [`hidden-${tag}`]: 4 }, { [`hidden-${tag}`]: true });
  const f = { functionName: `hook-${tag}`, url: `http://hooks.test/${tag}` };
  await asked('POST', '/hooks/functions', f);
  await asked('POST', '/push_audiences', { name: `audience-${tag}`, query: '{"deviceType":"ios"}' });
  await asked('POST', '/cloud_code/jobs', {
    job_schedule: { jobName: 'clean', description: `schedule-${tag}`, timeOfDay: '08:00' },
  });
  await asked('POST', `/schemas/Extra_${tag}`, {
    fields: { city: { type: 'String', required: true, defaultValue: 'Ulm' } },
    indexes: { by_city: { city: 1 } },
    classLevelPermissions: { find: { '*': true }, get: {}, protectedFields: { '*': ['city'] } },
  });
  await new Parse.Object(`Extra_${tag}`).save({}, master);
  const named = { pointerFields: ['owner'] };
  await asked('POST', `/schemas/Own_${tag}`, {
    fields: { owner: { type: 'Pointer', targetClass: '_User' }, note: { type: 'String' } },
    classLevelPermissions: { find: named, get: named, update: named, create: { '*': true } },
  });
  await new Parse.Object(`Own_${tag}`).save({ owner: user, note: `note of ${tag}` });
  const device = { deviceType: 'ios', deviceToken: `token-${tag}`, installationId: `device-${tag}` };
  await asked('POST', '/installations', device);
  await Parse.Push.send({ where: { installationId: `device-${tag}` }, data: { alert: tag } }, master);
  const token = user.getSessionToken();
  await Parse.User.logOut().catch(() => {});
  const again = await Parse.User.logIn(`user-${tag}`, `secret of ${tag}`);
  const visitor = await anonymous(tag);
  return {
    token: again.getSessionToken(),
    ended: token !== again.getSessionToken(),
    anonymous: typeof visitor.sessionToken,
    moved: moved.id,
    file: file.name(),
  };
}

async function see(tag) {
  const seen = {};
  seen.nobody = await new Parse.Query('Moved').equalTo('tag', tag).count();
  seen.notNamed = await new Parse.Query(`Own_${tag}`).find().then(list => list.length, () => 0);
  seen.wrong = await code(Parse.User.logIn(`user-${tag}`, 'a wrong one'));
  const user = await Parse.User.logIn(`user-${tag}`, `secret of ${tag}`);
  seen.user = [user.get('username'), user.get('email'), user.get('emailVerified')];
  const query = new Parse.Query('Moved').equalTo('tag', tag).include('keeper').include('list');
  const moved = await query.first();
  const { price, many, flag, moment, things, place, area, bytes, checked } = moved.attributes;
  seen.moved = { price, many, flag, moment, things, place, area, bytes, checked };
  seen.list = moved.get('list').map(item => item.get?.('name') ?? item);
  seen.keeper = moved.get('keeper').get('username');
  seen.related = (await moved.relation('goods').query().find()).map(one => one.get('name'));
  seen.near = await new Parse.Query('Moved').equalTo('tag', tag)
    .withinKilometers('place', new Parse.GeoPoint(48.4, 10.01), 5).count();
  const file = await fetch(`${url}/files/shop/${moved.get('attached').name()}`);
  seen.file = [file.status, file.headers.get('content-type'), await file.text()];
  seen.function = (await Parse.Cloud.run('total')) > 0;
  seen.refused = await code(moved.save({ price: -1 }));
  moved.revert();
  await moved.save({ seen: (moved.get('seen') ?? 0) + 1 });
  seen.saved = typeof moved.updatedAt;
  const config = (await Parse.Config.get()).attributes;
  seen.config = [config[`fee-${tag}`], config[`hidden-${tag}`] ?? 'hidden'];
  seen.all = (await Parse.Config.get(master)).get(`hidden-${tag}`);
  const other = await anonymous(tag);
  seen.anonymous = [typeof other.sessionToken, other.username?.length > 9];
  const role = await new Parse.Query(Parse.Role).equalTo('name', `role-${tag}`).first(master);
  seen.role = await role.getUsers().query().count(master);
  seen.hook = await asked('GET', `/hooks/functions/hook-${tag}`);
  const where = encodeURIComponent(JSON.stringify({ name: `audience-${tag}` }));
  const audience = (await asked('GET', `/push_audiences?where=${where}`)).results[0];
  seen.audience = [audience.name, audience.query];
  const jobs = await asked('GET', '/cloud_code/jobs');
  seen.schedule = jobs.filter(one => one.description === `schedule-${tag}`).map(one => one.jobName);
  const schema = await asked('GET', `/schemas/Extra_${tag}`);
  seen.schema = [schema.fields.city, schema.classLevelPermissions, schema.indexes.by_city];
  const extra = (await new Parse.Query(`Extra_${tag}`).find())[0];
  seen.protected = extra.get('city') ?? 'hidden';
  seen.closed = await code(extra.fetch());
  seen.byDefault = (await new Parse.Query(`Extra_${tag}`).first(master)).get('city');
  const own = await new Parse.Query(`Own_${tag}`).find();
  seen.own = own.map(one => one.get('note'));
  seen.mine = await code(own[0].save({ note: `note of ${tag}` }));
  seen.again = await code(user.save({ password: `secret of ${tag}` }));
  user.revert();
  const device = new Parse.Query(Parse.Installation).equalTo('deviceToken', `token-${tag}`);
  seen.device = (await device.first(master)).get('installationId');
  const sent = await asked('GET', '/classes/_PushStatus?limit=1000');
  seen.pushes = sent.results.filter(one => JSON.parse(one.payload).alert === tag)
    .map(one => one.status);
  const reset = user.get('sessionToken') ?? user.getSessionToken();
  seen.sessions = (await new Parse.Query(Parse.Session).find({ sessionToken: reset })).length > 1;
  return seen;
}

async function become(token) {
  const user = await Parse.User.become(token).catch(error => error);
  return user.code ?? user.get('username');
}

async function end(token) {
  await Parse.User.become(token);
  await Parse.User.logOut();
  return become(token);
}

async function live(tag) {
  const subscription = await new Parse.Query('Goods').equalTo('name', `goods of ${tag}`).subscribe();
  const heard = new Promise(resolve => subscription.on('create', resolve));
  process.stdout.write('following\n');
  return (await heard).get('name');
}

({ write, see, become, end, live })[verb](argument).then(
  found => {
    console.log(JSON.stringify(found));
    process.exit(0);
  },
  error => {
    console.error(error);
    process.exit(1);
  }
);
