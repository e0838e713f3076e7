// Parse Server's push adapter in the SDK tests: takes every message. Ours is tests/push/recorder.py.
'use strict';

module.exports = () => ({
  getValidPushTypes: () => ['ios', 'android'],
  send: async (body, installations) =>
    installations.map(({ deviceToken, deviceType }) => ({
      device: { deviceToken, deviceType },
      transmitted: true,
    })),
});
