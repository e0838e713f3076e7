// Parse Server's push adapter in the differential test: hands each device's message to a URL.
// Tokens that begin with "gone" are unknown to it, those that begin with "bad" fail.
'use strict';

class Sender {
  constructor({ url }) {
    this.url = url;
  }

  getValidPushTypes() {
    return ['ios', 'android'];
  }

  async send(body, installations) {
    return Promise.all(installations.map(device => this.sendOne(body, device)));
  }

  async sendOne({ data, expiration_time }, { deviceToken, deviceType }) {
    const facts = { token: deviceToken, type: deviceType, data, expires: expiration_time || null };
    await fetch(this.url, { method: 'POST', body: JSON.stringify(facts) });
    const error = { gone: 'Unregistered', bad: 'PayloadTooLarge' }[deviceToken.split('-')[0]];
    const device = { deviceToken, deviceType };
    return { device, transmitted: !error, response: error ? { error } : {} };
  }
}

module.exports = options => new Sender(options);
